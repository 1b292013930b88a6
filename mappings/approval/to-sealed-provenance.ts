import type { Extension as FhirExtension, Provenance } from '@medplum/fhirtypes';
import { Extension, System } from '../../profiles/canonicals.ts';
import type { ApprovalSeal, ApproverClaim } from '../../src/model/approval-seal.ts';
import { RECIPIENT_KINDS } from '../../src/model/kind.ts';

type Value = Omit<FhirExtension, 'url'>;
const part = (url: string, value: Value): FhirExtension => ({ url, ...value });
const text = (url: string, value: string | null): readonly FhirExtension[] => (value === null ? [] : [part(url, { valueString: value })]);

/** Who approved, as the Provenance says it. */
export const toApproverClaim = ({
  issuer,
  subject,
  sdsUserId,
  registrations,
  role,
  organization,
  assurance,
}: ApproverClaim): FhirExtension => ({
  url: Extension.approverClaim,
  extension: [
    part('issuer', { valueString: issuer }),
    part('subject', { valueString: subject }),
    ...[...registrations, ...(sdsUserId === null ? [] : [{ system: System.sdsUser, value: sdsUserId }])].map(({ system, value }) =>
      part('identifier', { valueIdentifier: { system, value } }),
    ),
    ...text('role', role?.code ?? role?.display ?? null),
    ...(organization === null ? [] : [part('organization', { valueIdentifier: { system: System.odsOrganization, value: organization } })]),
    ...text('identityAssurance', assurance.identity),
    ...text('authenticationAssurance', assurance.authentication),
  ],
});

/** The Provenance of an approval with all that the broker seals: version, bytes, each kind's projection, and the verified claim of who approved. */
export const toSealedProvenance = (provenance: Provenance, seal: ApprovalSeal): Provenance => ({
  ...provenance,
  extension: [
    ...(provenance.extension ?? []),
    {
      url: Extension.approvalSeal,
      extension: [
        part('number', { valuePositiveInt: seal.number }),
        part('sealedAt', { valueInstant: seal.sealedAt }),
        part('bytes', { valueString: seal.bytes }),
        part('mapping', { valuePositiveInt: seal.mapping }),
      ],
    },
    ...RECIPIENT_KINDS.flatMap((kind): readonly FhirExtension[] => {
      const hash = seal.projections[kind];
      if (hash === undefined) return [];
      return [{ url: Extension.approvalProjection, extension: [part('kind', { valueCode: kind }), part('hash', { valueString: hash })] }];
    }),
    toApproverClaim(seal.approver),
  ],
});
