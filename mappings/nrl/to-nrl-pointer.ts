import type { Coding, DocumentReference, DocumentReferenceContent, Identifier } from '@medplum/fhirtypes';
import { Code, System } from '../../profiles/canonicals.ts';
import type { Instant } from '../../src/model/instant.ts';
import { toMeta } from '../disclosure/meta.ts';
import { nhsNumberIdentifier, publisherReference } from '../disclosure/references.ts';
import { toFhirInstant } from '../time.ts';
import { type NrlContent, toNrlContent } from './to-nrl-content.ts';

/** What a pointer to a plan says. Nothing of it is clinical: it shows that there is a plan, whose it is, and where it is read. */
export interface NrlPointed {
  /** `{ODS}-{uuid}`; null where the server gives one (a create). */
  readonly id: string | null;
  /** The broker's own identifier of a published pointer; left out of one that is computed for who asks. */
  readonly identifier?: Identifier;
  /** `name` is empty where it is not known: then the code alone says who it is. */
  readonly publisher: { readonly ods: string; readonly name: string };
  readonly nhsNumber: string;
  /** Code of the speciality in which the plan was made: mandatory at the NRL since 2026. */
  readonly practiceSetting: Coding;
  /** The disclosure's own date and version, never the plan's (I4, I5); no version where nobody reads one. */
  readonly issuedAt: Instant;
  readonly version: string | null;
  readonly contents: readonly [NrlContent, ...NrlContent[]];
  /** ASID of the system behind the Spine Secure Proxy: required where an address starts with `ssp://`. */
  readonly asid: string | null;
  /** Ids of the pointers that this one takes the place of. */
  readonly replaces: readonly string[];
}

/**
 * The pointer as the National Record Locator has it (nhs.md section 1, rules of 2026): one type, one category with its display, one author,
 * the subject by NHS number only, a practice setting, and the label V.
 */
export const toNrlPointer = (pointed: NrlPointed): DocumentReference => {
  const { id, identifier, nhsNumber, publisher, practiceSetting, issuedAt, version, contents, asid, replaces } = pointed;
  const { display, ...named } = publisherReference(publisher);
  const trust = display === undefined || display === '' ? named : { ...named, display };
  return {
    resourceType: 'DocumentReference',
    ...(id === null ? {} : { id }),
    ...(version === null ? {} : { meta: toMeta({ version, issuedAt }) }),
    ...(identifier === undefined ? {} : { identifier: [identifier] }),
    status: 'current',
    docStatus: 'final',
    type: { coding: [Code.crisisPlan] },
    category: [{ coding: [Code.carePlan] }],
    subject: { identifier: nhsNumberIdentifier(nhsNumber) },
    date: toFhirInstant(issuedAt),
    author: [trust],
    custodian: trust,
    ...(replaces.length === 0 ? {} : { relatesTo: replaces.map((old) => ({ code: 'replaces' as const, target: oldPointer(old) })) }),
    securityLabel: [{ coding: [Code.veryRestricted] }],
    content: contents.map((each): DocumentReferenceContent => toNrlContent(each, issuedAt)),
    context: {
      practiceSetting: { coding: [practiceSetting] },
      ...(asid === null ? {} : { related: [{ identifier: { system: System.spineAsid, value: asid } }] }),
    },
  };
};

const oldPointer = (value: string) => ({ type: 'DocumentReference' as const, identifier: { value } });
