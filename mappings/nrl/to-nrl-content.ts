import type { Coding, DocumentReferenceContent } from '@medplum/fhirtypes';
import { Extension, System } from '../../profiles/canonicals.ts';
import type { Instant } from '../../src/model/instant.ts';
import { toFhirInstant } from '../time.ts';

/** How a consumer of the NRL gets at what a pointer points to. */
export type NrlRetrieval = 'Direct' | 'SSP' | 'LDR' | 'InContext';

/** One form in which a plan can be read. Its address holds no person, and is neither encoded nor prefixed by a proxy. */
export interface NrlContent {
  readonly form: 'unstructured' | 'record-contact';
  readonly url: string;
  readonly retrieval: NrlRetrieval;
  /** `dynamic` where it is computed when it is read. */
  readonly stability: 'static' | 'dynamic';
}

/** There is no code for structured FHIR at the NRL: nhs.md section 1. */
const FORMS = {
  unstructured: { type: 'application/pdf', title: 'Crisis plan', display: 'Unstructured Document' },
  'record-contact': { type: 'text/html', title: 'Crisis plan: whom to ring', display: 'Contact details (HTTP Unsecured)' },
} as const;

const STABILITY = { static: 'Static', dynamic: 'Dynamic' } as const;
/** Of the other two the display was found in no source, and a wrong one is refused by the NRL. */
const RETRIEVAL: Readonly<Partial<Record<NrlRetrieval, string>>> = { Direct: 'Direct', SSP: 'Spine Secure Proxy' };

const toRetrieval = (code: NrlRetrieval): Coding => {
  const display = RETRIEVAL[code];
  return { system: System.nrlRetrieval, code, ...(display === undefined ? {} : { display }) };
};

/** One `content` of a pointer: attachment, format, and the extensions for stability and retrieval (nhs.md section 1). */
export const toNrlContent = ({ form, url, retrieval, stability }: NrlContent, issuedAt: Instant): DocumentReferenceContent => {
  const { type, title, display } = FORMS[form];
  return {
    extension: [
      {
        url: Extension.nrlStability,
        valueCodeableConcept: { coding: [{ system: System.nrlStability, code: stability, display: STABILITY[stability] }] },
      },
      {
        url: Extension.nrlRetrieval,
        valueCodeableConcept: { coding: [toRetrieval(retrieval)] },
      },
    ],
    attachment: { contentType: type, language: 'en-GB', url, title, creation: toFhirInstant(issuedAt) },
    format: { system: System.nrlFormat, code: `urn:nhs-ic:${form}`, display },
  };
};
