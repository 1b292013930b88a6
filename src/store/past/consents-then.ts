import type { Consent as FhirConsent } from '@medplum/fhirtypes';
import { fromConsent } from '../../../mappings/facts/from-consent.ts';
import type { Consent } from '../../model/consent.ts';
import type { Instant } from '../../model/instant.ts';
import type { Stored } from '../door.ts';
import { type Sql, statement } from '../pool.ts';
import { type PartiesThen, partiesThen } from './parties-then.ts';
import { versionsThen } from './versions-then.ts';

// A consent never moves to another person, and is never deleted.
const consentsOf = statement<[readonly string[]], { consent_id: string }>(
  'consents-of-patients',
  'SELECT consent_id FROM consent_fact WHERE patient_id = ANY($1::text[])',
);

/** What the persons behind these Patients permitted at an instant, and the versions that said it. */
export async function consentsThen(
  sql: Sql,
  patientIds: readonly string[],
  at: Instant,
): Promise<{ readonly stored: readonly Stored[]; readonly consents: readonly Consent[] }> {
  const ids = (await consentsOf(sql, patientIds)).map(({ consent_id }) => consent_id);
  const stored = await versionsThen(sql, 'Consent', ids, at);
  const parties = await partiesThen(
    sql,
    stored.map(({ body }) => body),
    at,
  );
  return { stored, consents: stored.map((one) => readThen(one, parties)) };
}

const isUnresolved = ({ provisions }: Consent): boolean =>
  provisions.some(({ actors }) => actors.some((actor) => actor.is === 'unresolved'));

/** Read as it was when it was stored, and again at each moment at which somebody whom it names was registered, while one of them was not: as `resolveAgain` does. */
function readThen({ body, updatedAt }: Stored, parties: PartiesThen): Consent {
  const readAt = (moment: Instant): Consent => fromConsent(body as FhirConsent, parties.at(moment), updatedAt);
  return parties
    .writtenAfter(body, updatedAt)
    .reduce((consent, moment) => (isUnresolved(consent) ? readAt(moment) : consent), readAt(updatedAt));
}
