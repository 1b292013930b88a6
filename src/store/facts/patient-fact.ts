import { randomUUID } from 'node:crypto';
import type { Patient } from '@medplum/fhirtypes';
import { fromPatient } from '../../../mappings/facts/from-patient.ts';
import { keysOf } from '../keys/keys-of.ts';
import { personKey } from '../keys/person-keys.ts';
import { sealDetails, sealPerson } from '../keys/sealed-facts.ts';
import { sealNumber } from '../keys/sealed-number.ts';
import { NO_LOCKS } from '../policy-locks.ts';
import { type Sql, statement } from '../pool.ts';
import type { FactRecorder } from './fact.ts';

const personsOfPatient = statement<[string, string | null], { before: string | null; after: string | null }>(
  'persons-of-patient',
  `SELECT (SELECT person_id FROM patient_fact WHERE patient_id = $1) AS before, (SELECT id FROM person WHERE nhs_number = $2) AS after`,
);
const personByNumber = statement<[string], { id: string }>('person-by-number', 'SELECT id FROM person WHERE nhs_number = $1');
const addPerson = statement<[string, string | null, string | null], { id: string }>(
  'add-person',
  'INSERT INTO person (id, nhs_number, sealed_number) VALUES ($1, $2, $3) ON CONFLICT (nhs_number) WHERE nhs_number IS NOT NULL DO NOTHING RETURNING id',
);
const putPatient = statement<[string, string, string, object, object, string], never>(
  'put-patient-fact',
  `INSERT INTO patient_fact (patient_id, person_id, owner, facts, disclosed, birth_index) VALUES ($1, $2, $3, $4, $5, $6)
   ON CONFLICT (patient_id) DO UPDATE SET person_id = $2, facts = $4, disclosed = $5, birth_index = $6`,
);

/** Persons that a patient's record concerns: the one it was, and the one that its traced number says it is. */
async function personsOf(sql: Sql, patient: Patient & { id: string }): Promise<{ before: string | null; after: string | null }> {
  const { person } = fromPatient(patient);
  const number = person.traced ? person.nhsNumber : null;
  const [persons] = await personsOfPatient(sql, patient.id, number === null ? null : keysOf(sql).index.number(number));
  return persons ?? { before: null, after: null };
}

/**
 * A Patient says who somebody is. Records of several trusts under one traced NHS number are one person; a correction of the number
 * moves the record to another person, and locks both.
 */
export const patientFact: FactRecorder<Patient> = {
  async scope(sql, { resource }) {
    const { before, after } = await personsOf(sql, resource);
    return { ...NO_LOCKS, persons: [before, after].filter((id): id is string => id !== null) };
  },
  async record(sql, { resource, owner }) {
    const { person, disclosed } = fromPatient(resource);
    const { before, after } = await personsOf(sql, resource);
    const personId =
      person.nhsNumber !== null && person.traced ? (after ?? (await newPerson(sql, person.nhsNumber))) : await ownPerson(sql, before);
    const keys = keysOf(sql);
    const key = await keys.keyOf(await personKey(sql, resource.id));
    const sealed = [sealPerson(key, resource.id, person), sealDetails(key, resource.id, disclosed)] as const;
    await putPatient(sql, resource.id, personId, owner, ...sealed, keys.index.birthDate(disclosed.birthDate));
  },
};

async function newPerson(sql: Sql, nhsNumber: string | null): Promise<string> {
  const id = randomUUID();
  if (nhsNumber === null) {
    await addPerson(sql, id, null, null);
    return id;
  }
  const number = keysOf(sql).index.number(nhsNumber);
  const [added] = await addPerson(sql, id, number, sealNumber(sql, id, nhsNumber));
  return added?.id ?? (await personByNumber(sql, number))[0]?.id ?? id;
}

/** A person without a traced number has a row of their own: never that of a number. */
async function ownPerson(sql: Sql, before: string | null): Promise<string> {
  if (before !== null) {
    const { rows } = await sql.query('SELECT FROM person WHERE id = $1 AND nhs_number IS NULL', [before]);
    if (rows.length === 1) return before;
  }
  return newPerson(sql, null);
}
