import type { Consent as FhirConsent } from '@medplum/fhirtypes';
import { fromConsent } from '../../../mappings/facts/from-consent.ts';
import type { Consent } from '../../model/consent.ts';
import { type Sql, statement } from '../pool.ts';
import { resolveParties } from './resolve-parties.ts';

const unresolved = statement<[string], { id: string; person_id: string; facts: Consent; body: string }>(
  'unresolved-consents',
  `SELECT c.consent_id AS id, pt.person_id, c.facts, r.body
     FROM consent_fact c JOIN patient_fact pt ON pt.patient_id = c.patient_id JOIN resource r ON r.type = 'Consent' AND r.id = c.consent_id
    WHERE c.facts @? '$.provisions[*].actors[*] ? (@.is == "unresolved")' AND position($1 IN r.body) > 0`,
);
const putFacts = statement<[string, object], never>('put-resolved-consent', 'UPDATE consent_fact SET facts = $2 WHERE consent_id = $1');

/** Ids of the persons who spoke of a party (`Organization/x`, `HealthcareService/x`) before it was registered. */
export const personsWhoNamed = async (sql: Sql, reference: string): Promise<readonly string[]> =>
  (await unresolved(sql, `${reference}"`)).map((row) => row.person_id);

/** Reads the consents again that spoke of a party before it was registered, under the locks of their persons. When they were stored stays. */
export async function resolveAgain(sql: Sql, reference: string): Promise<void> {
  for (const { id, facts, body } of await unresolved(sql, `${reference}"`)) {
    const consent = JSON.parse(body) as FhirConsent;
    await putFacts(sql, id, fromConsent(consent, await resolveParties(sql, consent), facts.recordedAt));
  }
}
