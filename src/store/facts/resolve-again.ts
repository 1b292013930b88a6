import type { Consent as FhirConsent } from '@medplum/fhirtypes';
import { fromConsent } from '../../../mappings/facts/from-consent.ts';
import type { Consent } from '../../model/consent.ts';
import { type BodyRow, bodyColumns, openBody } from '../keys/sealed-body.ts';
import { type Sql, statement } from '../pool.ts';
import { ANY_REFERENCE } from '../search/index-rows.ts';
import { resolveParties } from './resolve-parties.ts';

const unresolved = statement<[string], BodyRow & { person_id: string; facts: Consent }>(
  'unresolved-consents',
  // What a consent refers to stands in the search index: its text is sealed.
  `SELECT ${bodyColumns('r')}, pt.person_id, c.facts
     FROM consent_fact c JOIN patient_fact pt ON pt.patient_id = c.patient_id JOIN resource r ON r.type = 'Consent' AND r.id = c.consent_id
    WHERE c.facts @? '$.provisions[*].actors[*] ? (@.is == "unresolved")'
      AND EXISTS (SELECT FROM resource_token t WHERE t.serial = r.serial AND t.param = '${ANY_REFERENCE}'
                     AND (t.token = $1 OR right(t.token, length($1) + 1) = '/' || $1))`,
);
const putFacts = statement<[string, object], never>('put-resolved-consent', 'UPDATE consent_fact SET facts = $2 WHERE consent_id = $1');

/** Ids of the persons who spoke of a party (`Organization/x`, `HealthcareService/x`) before it was registered. */
export const personsWhoNamed = async (sql: Sql, reference: string): Promise<readonly string[]> =>
  (await unresolved(sql, reference)).map((row) => row.person_id);

/** Reads the consents again that spoke of a party before it was registered, under the locks of their persons. When they were stored stays. */
export async function resolveAgain(sql: Sql, reference: string): Promise<void> {
  for (const row of await unresolved(sql, reference)) {
    const consent = (await openBody(sql, row)) as FhirConsent | null;
    if (consent !== null)
      await putFacts(sql, row.id, {
        ...row.facts,
        ...fromConsent(consent, (await resolveParties(sql, consent)).resolve, row.facts.recordedAt),
      });
  }
}
