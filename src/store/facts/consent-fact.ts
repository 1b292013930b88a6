import type { Consent } from '@medplum/fhirtypes';
import { Extension } from '../../../profiles/canonicals.ts';
import { extensionOf } from '../../../mappings/facts/extensions-of.ts';
import { fromConsent } from '../../../mappings/facts/from-consent.ts';
import { idOf } from '../../../mappings/facts/reference-of.ts';
import { present } from '../../../mappings/facts/present.ts';
import { digest } from '../../decide/digest.ts';
import { anomaly } from '../../model/anomaly.ts';
import { NO_LOCKS } from '../policy-locks.ts';
import { type Sql, statement } from '../pool.ts';
import type { FactRecorder } from './fact.ts';
import { personOf } from './person-of.ts';
import { noteConsent } from '../trail/note-change.ts';
import { resolveParties } from './resolve-parties.ts';

const patientOfConsent = statement<[string], { patient_id: string; person_id: string; owner: string }>(
  'patient-of-consent',
  'SELECT c.patient_id, p.person_id, p.owner FROM consent_fact c JOIN patient_fact p ON p.patient_id = c.patient_id WHERE c.consent_id = $1',
);
const putConsent = statement<[string, string, object], never>(
  'put-consent-fact',
  `INSERT INTO consent_fact (consent_id, patient_id, facts) VALUES ($1, $2, $3) ON CONFLICT (consent_id) DO UPDATE SET facts = $3`,
);

const patientIdOf = (consent: Consent): string => present(idOf(consent.patient, 'Patient'), 'Consent.patient');

/** A Consent says what a person permits. It binds its publisher's plans, or all where it says so; it never moves to another person. */
export const consentFact: FactRecorder<Consent> = {
  async scope(sql, { resource, owner }) {
    return { ...NO_LOCKS, persons: [await personOf(sql, patientIdOf(resource), owner, 'Consent.patient')] };
  },
  async record(sql, { resource, owner, principal, now }) {
    const patientId = patientIdOf(resource);
    const [before] = await patientOfConsent(sql, resource.id);
    if (before !== undefined && before.patient_id !== patientId)
      throw anomaly('conflict', 'a consent never moves to another person', 'Consent.patient');
    const consent = fromConsent(resource, (await resolveParties(sql, resource)).resolve, now);
    // Without a publisher that is known it would speak of every publisher's plans, and freeze them: only its own extension says that.
    if (consent.binds === null && extensionOf(resource, Extension.bindsAllPublishers)?.valueBoolean !== true)
      throw anomaly('incorrect', 'names one publisher that is known', 'Consent.organization');
    if (consent.binds !== null && consent.binds !== owner)
      throw anomaly('incorrect', "binds another publisher's plans", 'Consent.organization');
    await checkSupersedes(sql, consent.supersedes, resource, owner);
    const hash = digest(resource);
    await putConsent(sql, resource.id, patientId, { ...consent, version: present(resource.meta?.versionId, 'Consent.meta'), hash });
    await noteConsent(sql, principal, await personOf(sql, patientId, owner, 'Consent.patient'), patientId, resource, hash);
  },
};

/** A consent supersedes only consents of the same person that the same publisher wrote: nobody lifts what another was told. */
async function checkSupersedes(sql: Sql, ids: readonly string[], consent: Consent & { readonly id: string }, owner: string): Promise<void> {
  const person = await personOf(sql, patientIdOf(consent), owner, 'Consent.patient');
  for (const id of ids) {
    const [other] = await patientOfConsent(sql, id);
    if (other?.person_id !== person || other.owner !== owner || id === consent.id)
      throw anomaly('incorrect', 'supersedes no other consent of this person', 'Consent.extension');
  }
}
