import type { Identifier, Reference } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { Refusal } from '../../src/model/refusal.ts';
import type { Disclosure } from '../../src/model/disclosure.ts';

/** The identifier by which this recipient, and no other, knows the plan. */
export const planIdentifier = (disclosureId: string): Identifier => ({ system: System.plan, value: disclosureId });

export const documentIdentifier = (documentId: string): Identifier => ({ system: System.document, value: documentId });

export const nhsNumberIdentifier = (nhsNumber: string): Identifier => ({ system: System.nhsNumber, value: nhsNumber });

/** The person; with the NHS number only where it is disclosed to this kind. */
export const subjectReference = (
  disclosure: Pick<Disclosure, 'id'> & { readonly person: { readonly nhsNumber: string | null } },
): Reference<never> => ({
  reference: `Patient/${disclosure.id}`,
  ...(disclosure.person.nhsNumber === null ? {} : { identifier: nhsNumberIdentifier(disclosure.person.nhsNumber) }),
});

/** The trust that wrote the plan, by its ODS code: resolvable wherever the disclosure is read. */
export const publisherReference = (publisher: Disclosure['publisher']): Reference<never> => ({
  type: 'Organization',
  identifier: { system: System.odsOrganization, value: publisher.ods },
  display: publisher.name,
});

/** The id of one refusal or proxy in the disclosure that holds them: by its place, for the trust's own id would tell one disclosure from another. */
export const refusalId = (disclosure: Pick<Disclosure, 'id' | 'refusals'>, refusal: Refusal): string =>
  `${disclosure.id}-${(disclosure.refusals ?? []).indexOf(refusal) + 1}`;

/** The same as a reference inside a document. */
export const refusalReference = (disclosure: Pick<Disclosure, 'id' | 'refusals'>, refusal: Refusal): Reference<never> => ({
  reference: `${refusal.is === 'advance-decision' ? 'Consent' : 'RelatedPerson'}/${refusalId(disclosure, refusal)}`,
});
