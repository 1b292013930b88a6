import type { Contract, Reference } from '@medplum/fhirtypes';
import { Extension } from '../../profiles/canonicals.ts';
import type { AgreementTerms } from '../../src/model/agreement.ts';

const named = ({ reference, identifier }: Reference): string => reference ?? `${identifier?.system}|${identifier?.value}`;

/** What a Contract says beside what is decided by it. What an older one does not say is null, or nothing. */
export const fromContractTerms = ({ extension = [], signer = [], term = [] }: Contract): AgreementTerms => {
  const found = (url: string) => extension.find((each) => each.url === url);
  const duties = term.flatMap(({ securityLabel = [] }) => securityLabel.flatMap(({ control = [] }) => control));
  return {
    reviewDate: found(Extension.reviewDate)?.valueDate ?? null,
    jurisdiction: found(Extension.agreementJurisdiction)?.valueCoding?.code ?? null,
    dpia: found(Extension.dpia)?.valueIdentifier?.value ?? null,
    signed: signer.flatMap(({ party, signature = [] }) =>
      signature.flatMap(({ when }) => (when === undefined ? [] : [{ party: named(party), at: when }])),
    ),
    duties: [...new Set(duties.map(({ system, code }) => `${system}|${code}`))],
  };
};
