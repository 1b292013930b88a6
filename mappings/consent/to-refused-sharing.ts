import type { Consent, ConsentProvision, ConsentProvisionActor } from '@medplum/fhirtypes';
import { Code, CONSENT_POLICY, Extension, System } from '../../profiles/canonicals.ts';
import type { Instant } from '../../src/model/instant.ts';
import { PURPOSES } from '../../src/model/kind.ts';
import type { RefusedSharing } from '../../src/model/refused-sharing.ts';

const YEAR = 365 * 86_400_000;

const actor = (system: string, value: string): ConsentProvisionActor => ({
  role: { coding: [{ system: Code.recipientOfInformation.system, code: Code.recipientOfInformation.code }] },
  reference: { identifier: { system, value } },
});

/**
 * A refusal as a Consent of the person's own: a deny, which beats every permit and ends by no date. Of everybody and everything it is the root itself;
 * of some, a nested deny. Its review is in a year: the trust asks the person then whether it is still what they want.
 */
export const toRefusedSharing = (
  { kinds, organizations, headings, keepsEmergencyAccess }: RefusedSharing,
  of: { readonly patientId: string; readonly publisher: string; readonly now: Instant },
): Consent => {
  const actors = [...kinds.map((kind) => actor(System.kind, kind)), ...organizations.map((ods) => actor(System.odsOrganization, ods))];
  const purposes = PURPOSES.filter((code) => code !== 'BTG').map((code) => ({
    system: code === 'crisis-response' ? System.purpose : System.actReason,
    code,
  }));
  const nested: ConsentProvision = {
    type: 'deny',
    ...(actors.length === 0 ? {} : { actor: actors }),
    ...(keepsEmergencyAccess ? { purpose: purposes } : {}),
    ...(headings.length === 0 ? {} : { code: headings.map((code) => ({ coding: [{ system: System.heading, code }] })) }),
  };
  const isWhole = actors.length + headings.length === 0 && !keepsEmergencyAccess;
  return {
    resourceType: 'Consent',
    extension: [
      {
        url: Extension.consentDecision,
        extension: [
          { url: 'given', valueCode: 'app' },
          // Presumed (Mental Capacity Act 2005 s.1(2)), and asked for by nobody who wants less to be shared.
          { url: 'capacity', valueCode: 'not-in-doubt' },
        ],
      },
      { url: Extension.reviewDate, valueDate: new Date(of.now + YEAR).toISOString().slice(0, 10) },
    ],
    status: 'active',
    scope: { coding: [{ system: System.consentScope, code: 'patient-privacy' }] },
    category: [{ coding: [{ system: System.actCode, code: 'INFA' }] }],
    patient: { reference: `Patient/${of.patientId}` },
    dateTime: new Date(of.now).toISOString(),
    performer: [{ reference: `Patient/${of.patientId}` }],
    organization: [{ identifier: { system: System.odsOrganization, value: of.publisher } }],
    policy: [{ uri: CONSENT_POLICY }],
    provision: isWhole ? { type: 'deny' } : { type: 'deny', provision: [nested] },
  };
};
