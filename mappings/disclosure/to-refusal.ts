import type { Consent, Extension as FhirExtension, RelatedPerson } from '@medplum/fhirtypes';
import { ADVANCE_DECISION_LAW, Extension, System } from '../../profiles/canonicals.ts';
import type { Disclosure } from '../../src/model/disclosure.ts';
import { type AdvanceDecision, type LegalProxy, PROXIES, type Refusal } from '../../src/model/refusal.ts';
import { toMeta } from './meta.ts';
import { refusalId, subjectReference } from './references.ts';
import { refusalLine } from './refusal-line.ts';
import { paragraphs } from './xhtml.ts';

const part = (url: string, value: Omit<FhirExtension, 'url'>): FhirExtension => ({ url, ...value });

const toConsent = (decision: AdvanceDecision, disclosure: Disclosure): Consent => {
  const { treatment, circumstances, madeOn, lifeSustaining, document } = decision;
  return {
    resourceType: 'Consent',
    id: refusalId(disclosure, decision),
    meta: toMeta(disclosure),
    text: { status: 'generated', div: paragraphs([refusalLine(decision)]) },
    extension: [
      {
        url: Extension.refusedTreatment,
        extension: [
          part('treatment', { valueString: treatment }),
          ...(circumstances === null ? [] : [part('circumstances', { valueString: circumstances })]),
          part('lifeSustaining', { valueBoolean: lifeSustaining !== null }),
          ...(lifeSustaining === null
            ? []
            : [
                part('verified', { valueBoolean: true }),
                part('inWriting', { valueBoolean: true }),
                part('signedOn', { valueDate: lifeSustaining.signedOn }),
                part('witness', { valueString: lifeSustaining.witness }),
                part('witnessedOn', { valueDate: lifeSustaining.witnessedOn }),
              ]),
        ],
      },
    ],
    status: 'active',
    scope: { coding: [{ system: System.consentScope, code: 'adr' }] },
    category: [{ coding: [{ system: System.consentCategory, code: 'acd' }] }],
    patient: subjectReference(disclosure),
    dateTime: madeOn,
    performer: [subjectReference(disclosure)],
    ...(document === null ? {} : { sourceAttachment: { title: document } }),
    policy: [{ uri: ADVANCE_DECISION_LAW }],
  };
};

const toRelatedPerson = (who: LegalProxy, disclosure: Disclosure): RelatedPerson => ({
  resourceType: 'RelatedPerson',
  id: refusalId(disclosure, who),
  meta: toMeta(disclosure),
  text: { status: 'generated', div: paragraphs([refusalLine(who)]) },
  ...(who.registration === null ? {} : { identifier: [{ system: System.opgReference, value: who.registration }] }),
  active: true,
  patient: subjectReference(disclosure),
  relationship: [{ coding: [{ system: System.legalProxy, code: who.proxy, display: PROXIES[who.proxy] }] }],
  name: [{ text: who.name }],
  telecom: who.telecom.map(({ system, value }) => ({ system, value })),
  period: { start: who.from, ...(who.until === null ? {} : { end: who.until }) },
});

/** A refusal or a proxy in a document: what it says, and nothing of who else is in the trust's record of it. */
export const toRefusal = (refusal: Refusal, disclosure: Disclosure): Consent | RelatedPerson =>
  refusal.is === 'advance-decision' ? toConsent(refusal, disclosure) : toRelatedPerson(refusal, disclosure);
