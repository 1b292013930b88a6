import { randomUUID } from 'node:crypto';
import type { Patient } from '@medplum/fhirtypes';
import { fromPatient } from '../../../mappings/facts/from-patient.ts';
import { NO_LOCKS } from '../policy-locks.ts';
import { type Sql, statement } from '../pool.ts';
import type { FactRecorder } from './fact.ts';

const personsOfPatient = statement<[string, string | null], { before: string | null; after: string | null }>(
  'persons-of-patient',
  `SELECT (SELECT person_id FROM patient_fact WHERE patient_id = $1) AS before, (SELECT id FROM person WHERE nhs_number = $2) AS after`,
);
const personByNumber = statement<[string], { id: string }>('person-by-number', 'SELECT id FROM person WHERE nhs_number = $1');
const addPerson = statement<[string, string | null], { id: string }>(
  'add-person',
  'INSERT INTO person (id, nhs_number) VALUES ($1, $2) ON CONFLICT (nhs_number) WHERE nhs_number IS NOT NULL DO NOTHING RETURNING id',
);
const putPatient = statement<[string, string, string, object, object], never>(
  'put-patient-fact',
  `INSERT INTO patient_fact (patient_id, person_id, owner, facts, disclosed) VALUES ($1, $2, $3, $4, $5)
   ON CONFLICT (patient_id) DO UPDATE SET person_id = $2, facts = $4, disclosed = $5`,
);

/** Persons that a patient's record concerns: the one it was, and the one that its traced number says it is. */
async function personsOf(sql: Sql, patient: Patient & { id: string }): Promise<{ before: string | null; after: string | null }> {
  const { person } = fromPatient(patient);
  const [persons] = await personsOfPatient(sql, patient.id, person.traced ? person.nhsNumber : null);
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
    await putPatient(sql, resource.id, personId, owner, person, disclosed);
  },
};

async function newPerson(sql: Sql, nhsNumber: string | null): Promise<string> {
  const id = randomUUID();
  const [added] = await addPerson(sql, id, nhsNumber);
  if (added !== undefined || nhsNumber === null) return id;
  return (await personByNumber(sql, nhsNumber))[0]?.id ?? id;
}

/** A person without a traced number has a row of their own: never that of a number. */
async function ownPerson(sql: Sql, before: string | null): Promise<string> {
  if (before !== null) {
    const { rows } = await sql.query('SELECT FROM person WHERE id = $1 AND nhs_number IS NULL', [before]);
    if (rows.length === 1) return before;
  }
  return newPerson(sql, null);
}
