import type { Encounter } from '@medplum/fhirtypes';
import { fromEncounter } from '../../../mappings/facts/from-encounter.ts';
import type { Instant } from '../../model/instant.ts';
import type { Recipient } from '../../model/recipient.ts';
import { keysOf } from '../keys/keys-of.ts';
import { type Sql, statement } from '../pool.ts';
import { versionsThen } from './versions-then.ts';

const contactsOf = statement<[ods: string, kind: string, patient: string, number: string | null], { encounter_id: string }>(
  'contacts-of-person-with',
  'SELECT encounter_id FROM contact WHERE sender = $1 AND kind = $2 AND (patient_id = $3 OR nhs_number = $4)',
);

/** When each crisis contact that was open at an instant, and put the person in this service's care, was to end; null where no end was known. */
export async function contactsThen(
  sql: Sql,
  { ods, kind }: Pick<Recipient, 'ods' | 'kind'>,
  patientId: string,
  number: string | null,
  at: Instant,
): Promise<readonly (Instant | null)[]> {
  const ids = (await contactsOf(sql, ods, kind, patientId, number)).map(({ encounter_id }) => encounter_id);
  const { index } = keysOf(sql);
  return (await versionsThen(sql, 'Encounter', ids, at)).flatMap(({ body }) => {
    const { person, open, until } = fromEncounter(body as Encounter);
    const isTheirs =
      ('patientId' in person && person.patientId === patientId) || ('nhsNumber' in person && index.number(person.nhsNumber) === number);
    return isTheirs && open ? [until] : [];
  });
}
