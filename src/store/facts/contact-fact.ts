import type { Encounter } from '@medplum/fhirtypes';
import { TaskCode } from '../../../profiles/canonicals.ts';
import type { ContactFacts } from '../../../mappings/facts/from-encounter.ts';
import { fromEncounter } from '../../../mappings/facts/from-encounter.ts';
import type { Instant } from '../../model/instant.ts';
import type { Principal } from '../../model/principal.ts';
import { isRaised, raiseTask } from '../broker-task.ts';
import { keysOf } from '../keys/keys-of.ts';
import { NO_LOCKS } from '../policy-locks.ts';
import { type Sql, statement } from '../pool.ts';
import type { FactRecorder } from './fact.ts';
import { numberText, toldElsewhere } from './same-contact.ts';

const personsOfContact = statement<[string | null, string | null], { id: string }>(
  'persons-of-contact',
  `SELECT id FROM person WHERE nhs_number = $1 UNION SELECT person_id FROM patient_fact WHERE patient_id = $2`,
);
const plansOfContact = statement<[string | null, string | null], { id: string; publisher: string }>(
  'plans-of-contact',
  `SELECT p.id, p.publisher FROM plan p JOIN patient_fact pt ON pt.patient_id = p.patient_id JOIN person pe ON pe.id = pt.person_id
    WHERE (pe.nhs_number = $1 OR pt.patient_id = $2) AND p.version IS NOT NULL AND NOT p.withdrawn`,
);
const putContact = statement<[string, string, string, string, string | null, string | null, boolean, Instant | null], never>(
  'put-contact',
  `INSERT INTO contact (encounter_id, sender, kind, identifier, nhs_number, patient_id, open, ends_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8::double precision / 1000))
   ON CONFLICT (encounter_id) DO UPDATE
     SET identifier = $4, nhs_number = $5, patient_id = $6, open = $7, ends_at = to_timestamp($8::double precision / 1000)`,
);
const personsBefore = statement<[string], { id: string }>(
  'persons-of-stored-contact',
  `SELECT pe.id FROM contact c JOIN person pe ON pe.nhs_number = c.nhs_number WHERE c.encounter_id = $1
   UNION SELECT pt.person_id FROM contact c JOIN patient_fact pt ON pt.patient_id = c.patient_id WHERE c.encounter_id = $1`,
);
const encounterOf = statement<[string, string, string], { encounter_id: string }>(
  'encounter-of-contact',
  'SELECT encounter_id FROM contact WHERE sender = $1 AND kind = $2 AND identifier = $3',
);

/** Their NHS number as it is stored: its blind index. */
const numberOf = (sql: Sql, { person }: ContactFacts): string | null =>
  'nhsNumber' in person ? keysOf(sql).index.number(person.nhsNumber) : null;
const patientOf = ({ person }: ContactFacts): string | null => ('patientId' in person ? person.patientId : null);
const identifierOf = (sql: Sql, { identifier }: ContactFacts): string => numberText(sql, identifier);
/** The same Task, however often the contact is told. */
const aboutOf = (encounterId: string, planId: string): string => `${encounterId} ${planId}`;

/** The id of the Encounter that says the same contact, by sender and identifier; null for a new one. */
export async function sameContact(sql: Sql, sender: Principal, encounter: Encounter): Promise<string | null> {
  return (await encounterOf(sql, sender.organization, sender.kind, identifierOf(sql, fromEncounter(encounter))))[0]?.encounter_id ?? null;
}

/** An Encounter says that somebody met the person in a crisis. Each plan's owner finds one Task for it; while it is open, the sender is in reach. */
export const contactFact: FactRecorder<Encounter> = {
  async scope(sql, { resource }) {
    const contact = fromEncounter(resource);
    // A contact that was of somebody else is no longer theirs: what it opened there is closed.
    const persons = [
      ...(await personsBefore(sql, resource.id)),
      ...(await personsOfContact(sql, numberOf(sql, contact), patientOf(contact))),
    ];
    return { ...NO_LOCKS, persons: [...new Set(persons.map(({ id }) => id))] };
  },
  async record(sql, { resource, owner, principal }) {
    const contact = fromEncounter(resource);
    const number = numberOf(sql, contact);
    const patient = patientOf(contact);
    await putContact(sql, resource.id, owner, principal.kind, identifierOf(sql, contact), number, patient, contact.open, contact.until);
    const elsewhere = await toldElsewhere(sql, resource.id, contact);
    for (const plan of await plansOfContact(sql, number, patient)) {
      const raised = elsewhere.map((id) => ({ code: TaskCode.contact, owner: plan.publisher, about: aboutOf(id, plan.id) }));
      if (await isRaised(sql, raised)) continue;
      await raiseTask(
        sql,
        {
          code: TaskCode.contact,
          owner: plan.publisher,
          kind: 'publisher',
          focus: `Encounter/${resource.id}`,
          reason: 'crisis-contact',
          about: aboutOf(resource.id, plan.id),
          description: 'A service met the person of one of your crisis plans in a crisis',
        },
        { reopen: [] },
      );
    }
  },
};
