import type { Coding, ConsentProvision, Reference, Resource } from '@medplum/fhirtypes';
import { System } from '../../../profiles/canonicals.ts';
import {
  A,
  B,
  consentWith,
  label,
  loinc,
  observation,
  ODS,
  purpose,
  type Question,
  recipient,
  ref,
  resourceClass,
  rule,
  sensitive,
  supersedes,
} from './builders.ts';

/** A question, the answer that the rules give, and why. */
export interface Vector {
  readonly id: string;
  readonly why: string;
  readonly ask: Question;
  readonly expected: string;
}

const v = (id: string, expected: string, why: string, ask: Question): Vector => ({ id, expected, why, ask });
const one = (provision: ConsentProvision | undefined, more?: Parameters<typeof consentWith>[1]) => [consentWith(provision, more)];
const toA = [recipient(ref('Organization/a'))];
const toB = [recipient(ref('Organization/b'))];
const permitA: ConsentProvision = { type: 'deny', provision: [{ type: 'permit', actor: toA }] };
const heading = (code: string) => ({ coding: [{ system: System.heading, code }] });
const N = observation('n', { meta: { security: [label('N')] } });
const R = observation('r', { meta: { security: [label('R')] } });
const V = observation('v', { meta: { security: [label('V')] } });
const BARE = observation('bare');
const UNCLASSIFIED = observation('u', { meta: { security: [{ system: System.actCode, code: 'unclassified' }] } });
const HIV = observation('hiv', { meta: { security: [label('R'), sensitive('HIV')] } });
const role: Resource = {
  resourceType: 'PractitionerRole',
  id: 'r',
  practitioner: ref('Practitioner/x'),
  organization: ref('Organization/a'),
};
const clinician: Resource = { resourceType: 'Practitioner', id: 'x', identifier: [{ system: System.gmc, value: '0000001' }] };
const group: Resource = { resourceType: 'Group', id: 'g', type: 'practitioner', actual: true, member: [{ entity: ref('Practitioner/x') }] };
const service: Resource = {
  resourceType: 'HealthcareService',
  id: 's',
  providedBy: ref('Organization/a'),
  type: [{ coding: [{ system: System.kind, code: 'ambulance' }] }],
};
const kind = (code: string): Reference => ({ identifier: { system: System.kind, value: code } });
const period = (start?: string, end?: string) => ({ ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) });
const any = (system: string, code: string): Coding => ({ system, code });

/** Rule by rule of consent.md section 1.4, then the choices of its section 1.5. */
export const VECTORS: readonly Vector[] = [
  // Rule 1: only active, only in its period.
  v('1-none', '-', 'no consent: nothing is released', { consents: [] }),
  v('1-active', '+', 'an active permit', { consents: one({ type: 'permit' }) }),
  ...(['draft', 'proposed', 'rejected', 'inactive', 'entered-in-error'] as const).map((status) =>
    v(`1-${status}`, '-', `a consent that is ${status} says nothing`, { consents: one({ type: 'permit' }, { status }) }),
  ),
  v('1-before', '-', 'a permit that has not begun', { consents: one({ type: 'permit', period: period('2026-06-02') }) }),
  v('1-ended', '-', 'a permit that has ended', { consents: one({ type: 'permit', period: period('2026-01-01', '2026-05-31') }) }),
  v('1-last-day', '+', 'an end of day precision includes that day', {
    consents: one({ type: 'permit', period: period('2026-01-01', '2026-06-01') }),
  }),
  v('1-last-hour', '+', 'until midnight in London, which is 23:00 UTC in summer', {
    consents: one({ type: 'permit', period: period(undefined, '2026-06-01') }),
    at: '2026-06-01T22:59:59Z',
  }),
  v('1-midnight', '-', 'and not after it', {
    consents: one({ type: 'permit', period: period(undefined, '2026-06-01') }),
    at: '2026-06-01T23:00:00Z',
  }),
  v('1-clock-forward', '+', 'the day on which clocks go forward ends at 23:00 UTC', {
    consents: one({ type: 'permit', period: period(undefined, '2026-03-29') }),
    at: '2026-03-29T22:59:59Z',
  }),
  v('1-clock-forward-after', '-', 'and no later', {
    consents: one({ type: 'permit', period: period(undefined, '2026-03-29') }),
    at: '2026-03-29T23:00:00Z',
  }),
  v('1-clock-back', '+', 'the day on which clocks go back ends at 24:00 UTC', {
    consents: one({ type: 'permit', period: period(undefined, '2026-10-25') }),
    at: '2026-10-25T23:59:59Z',
  }),
  v('1-clock-back-after', '-', 'and no later', {
    consents: one({ type: 'permit', period: period(undefined, '2026-10-25') }),
    at: '2026-10-26T00:00:00Z',
  }),
  v('1-nested-ended', '-', 'a nested permit has a time of its own', {
    consents: one({ type: 'deny', provision: [{ type: 'permit', period: period(undefined, '2026-02-01') }] }),
  }),
  v('1-root-ended', '-', 'and none within a root that has ended', {
    consents: one({ type: 'deny', period: period(undefined, '2026-02-01'), provision: [{ type: 'permit' }] }),
  }),
  v('1-scope', '-', 'a consent to research says nothing of who may be told', {
    consents: one({ type: 'permit' }, { scope: { coding: [{ system: System.consentScope, code: 'research' }] } }),
  }),

  // Rule 2: the base.
  v('2-optin', '+', 'no root type: OPTIN permits', { consents: one(undefined, rule('OPTIN')) }),
  v('2-optout', '-', 'no root type: OPTOUT denies', { consents: one(undefined, rule('OPTOUT')) }),
  v('2-optout-permit', '+', 'an exception to OPTOUT permits', {
    consents: one({ provision: [{ type: 'permit', actor: toA }] }, rule('OPTOUT')),
  }),
  v('2-optin-deny', '-', 'an exception to OPTIN denies', { consents: one({ provision: [{ type: 'deny', actor: toA }] }, rule('OPTIN')) }),
  v('2-neither', '?', 'neither type nor rule cannot be computed', { consents: one({ actor: toA }) }),
  v('2-other-rule', '?', 'a rule that is neither', {
    consents: one({ actor: toA }, { policyRule: { coding: [{ system: System.actCode, code: 'MDHHS-5515' }] } }),
  }),
  v('2-type-first', '-', 'the root type comes before the rule', { consents: one({ type: 'deny' }, rule('OPTIN')) }),

  // Rule 3: root who, why, when.
  v('3-actor', '+', 'the root names who asks', { consents: one({ type: 'permit', actor: toA }) }),
  v('3-other-actor', '-', 'the root names somebody else: silent', { consents: one({ type: 'permit', actor: toB }) }),
  v('3-scopes-nested', '+', "one actor's nested deny does not reach another", {
    consents: [consentWith({ type: 'permit', actor: toB, provision: [{ type: 'deny' }] }), consentWith({ type: 'permit' }, { id: 'c2' })],
  }),
  v('3-nested-within-root', '-', 'a nested permit does not reach past the root actor', {
    consents: one({ type: 'deny', actor: toB, provision: [{ type: 'permit' }] }),
  }),
  v('3-purpose', '+', 'the purpose is that of the root', { consents: one({ type: 'permit', purpose: [purpose('TREAT')] }) }),
  v('3-other-purpose', '-', 'and no other', { consents: one({ type: 'permit', purpose: [purpose('HPAYMT')] }) }),
  v('3-child-purpose', '-', 'exact: what permits treatment does not permit emergency treatment', {
    consents: one({ type: 'permit', purpose: [purpose('TREAT')] }),
    purpose: purpose('ETREAT'),
  }),
  v('3-btg', '-', 'and never break-glass', {
    consents: one({ type: 'permit', purpose: [purpose('TREAT'), purpose('ETREAT')] }),
    purpose: purpose('BTG'),
  }),
  v('3-btg-said', '+', 'unless it says so', { consents: one({ type: 'permit', purpose: [purpose('BTG')] }), purpose: purpose('BTG') }),
  v('3-whatever-purpose', '-', 'asked for whatever purpose, what is limited to one permits nothing', {
    consents: one({ type: 'permit', purpose: [purpose('TREAT')] }),
    purpose: null,
  }),
  v('3-whatever-purpose-nested', '-', 'nor within a root that is', {
    consents: one({ type: 'deny', purpose: [purpose('TREAT')], provision: [{ type: 'permit' }] }),
    purpose: null,
  }),
  v('3-whatever-purpose-denied', '-', 'and what is denied for one is denied', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', purpose: [purpose('HMARKT')] }] }),
    purpose: null,
  }),
  v('3-purpose-system', '-', 'the same code of another system is another purpose', {
    consents: one({ type: 'permit', purpose: [any('urn:other', 'TREAT')] }),
  }),

  // Rule 4: root criteria bound the root permit only.
  v('4-root-label', '+-', 'a root permit up to N', { consents: one({ type: 'permit', securityLabel: [label('N')] }), resources: [N, R] }),
  v('4-nested-wider', '++', 'a nested permit of R widens it', {
    consents: one({
      type: 'permit',
      securityLabel: [label('N')],
      provision: [{ type: 'permit', actor: toA, securityLabel: [label('R')] }],
    }),
    resources: [N, R],
  }),
  v('4-nested-wider-other', '+-', 'for whom it names', {
    consents: one({
      type: 'permit',
      securityLabel: [label('N')],
      provision: [{ type: 'permit', actor: toB, securityLabel: [label('R')] }],
    }),
    resources: [N, R],
  }),

  // Rule 5: nested types are literal; deny beats permit and base.
  v('5-permit-in-deny', '+', 'a nested permit adds to a denying root', { consents: one(permitA) }),
  v('5-silent-outside', '-', 'and is silent outside', { consents: one(permitA), actor: ref('Organization/b') }),
  v('5-deny-in-deny', '-', 'a nested deny denies; it does not flip the base', {
    consents: one({ type: 'deny', provision: [{ type: 'deny', actor: toA }] }),
  }),
  v('5-deny-in-permit', '-', 'a nested deny beats a permitting base', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', actor: toA }] }),
  }),
  v('5-deny-beats-permit', '-', 'a nested deny beats a nested permit', {
    consents: one({
      type: 'deny',
      provision: [
        { type: 'permit', actor: toA },
        { type: 'deny', actor: toA },
      ],
    }),
  }),
  v('5-no-type', '?', 'a nested provision without a type cannot be computed', {
    consents: one({ type: 'permit', provision: [{ actor: toA }] }),
  }),
  v('5-no-type-elsewhere', '+', 'where it speaks of somebody else it does not matter', {
    consents: one({ type: 'permit', provision: [{ actor: toB }] }),
  }),
  v('5-three-deep', '+', 'a permit in a permit in a deny', {
    consents: one({ type: 'deny', provision: [{ type: 'permit', actor: toA, provision: [{ type: 'permit' }] }] }),
  }),
  v('5-deny-three-deep', '-+', 'a deny within a nested permit takes some of it away', {
    consents: one({
      type: 'deny',
      provision: [{ type: 'permit', actor: toA, provision: [{ type: 'deny', code: [{ coding: [loinc('1')] }] }] }],
    }),
    resources: [observation('one', { code: { coding: [loinc('1')] } }), BARE],
  }),
  v('5-permit-in-nested-deny', '?', 'a permit within a deny of the same: nobody has agreed which stands', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', actor: toA, provision: [{ type: 'permit' }] }] }),
  }),

  // Rule 6: all elements of a provision, any repeat of one.
  v('6-and', '+--', 'actor and code and label together', {
    consents: one({
      type: 'deny',
      provision: [{ type: 'permit', actor: toA, code: [{ coding: [loinc('8867-4')] }], securityLabel: [label('N')] }],
    }),
    resources: [N, R, observation('x', { code: { coding: [loinc('1')] }, meta: { security: [label('N')] } })],
  }),
  v('6-or', '+', 'any of several actors', { consents: one({ type: 'deny', provision: [{ type: 'permit', actor: [...toB, ...toA] }] }) }),
  v('6-class', '+-', 'a class is a type', {
    consents: one({ type: 'permit', class: [resourceClass('Observation')] }),
    resources: [BARE, { resourceType: 'Condition', id: 'c', subject: ref('Patient/p') } as Resource],
  }),
  v('6-class-asked', '+-', 'a class that is asked for itself', {
    consents: one({ type: 'permit', class: [resourceClass('Observation')] }),
    classes: [resourceClass('Observation'), resourceClass('Condition')],
  }),
  v('6-code-anywhere', '-', 'a code anywhere in the instance', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', code: [{ coding: [loinc('99')] }] }] }),
    resources: [observation('deep', { component: [{ code: { coding: [loinc('99')] } }] })],
  }),
  v('6-code-without-code', '?', 'a code in words alone cannot be computed', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', code: [{ text: 'anything about drink' }] }] }),
    resources: [BARE],
  }),

  // Rule 7: confidentiality by direction, every other label exactly.
  v('7-permit-r', '++-', 'a permit of R covers N and R, not V', {
    consents: one({ type: 'permit', securityLabel: [label('R')] }),
    resources: [N, R, V],
  }),
  v('7-deny-r', '+--', 'a deny of R covers R and V, not N', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', securityLabel: [label('R')] }] }),
    resources: [N, R, V],
  }),
  v('7-exact', '+-', 'a sensitivity is compared exactly', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', securityLabel: [sensitive('HIV')] }] }),
    resources: [R, HIV],
  }),

  // Rule 8: across consents.
  v('8-deny-wins', '-', 'an explicit deny of one consent beats the permit of another', {
    consents: [...one({ type: 'permit' }), consentWith({ type: 'permit', provision: [{ type: 'deny', actor: toA }] }, { id: 'c2' })],
  }),
  v('8-silence', '+', 'a root deny around nested permits is silence across consents', {
    consents: [...one(permitA), consentWith({ type: 'deny', provision: [{ type: 'permit', actor: toB }] }, { id: 'c2' })],
  }),
  v('8-bare-deny', '-', 'a root deny that permits nothing is explicit', {
    consents: [...one({ type: 'permit' }), consentWith({ type: 'deny' }, { id: 'c2' })],
  }),
  v('8-bare-deny-of-b', '+', 'for whom it names', {
    consents: [...one({ type: 'permit' }), consentWith({ type: 'deny', actor: toB }, { id: 'c2' })],
  }),
  v('8-order', '-', 'whichever comes first', { consents: [consentWith({ type: 'deny' }, { id: 'c2' }), ...one({ type: 'permit' })] }),
  v('8-undecidable-permit', '?', 'what cannot be computed beats a permit', {
    consents: [...one({ type: 'permit' }), consentWith({ actor: toA }, { id: 'c2' })],
  }),
  v('8-undecidable-deny', '-', 'a decided no beats what cannot be computed', {
    consents: [consentWith({ type: 'deny' }), consentWith({ actor: toA }, { id: 'c2' })],
  }),

  // Rule 9: no label.
  v('9-unlabelled', '-', 'unlabelled data under a label-limited permit', {
    consents: one({ type: 'permit', securityLabel: [label('V')] }),
    resources: [BARE],
  }),
  v('9-unclassified', '-', 'unclassified is no label', {
    consents: one({ type: 'permit', securityLabel: [label('V')] }),
    resources: [UNCLASSIFIED],
  }),
  v('9-unlimited', '+', 'a permit without labels covers what has none', { consents: one({ type: 'permit' }), resources: [BARE] }),

  // Section 1.5.
  v('s-link', '+', 'a later consent lets go what it supersedes', {
    consents: [consentWith({ type: 'deny' }), consentWith({ type: 'permit' }, { id: 'c2', ...supersedes('c1') })],
  }),
  v('s-no-link', '-', 'a later date alone does not', {
    consents: [consentWith({ type: 'deny' }), consentWith({ type: 'permit' }, { id: 'c2', dateTime: '2026-05-01' })],
  }),
  v('s-inactive-link', '-', 'nor does one that is not active', {
    consents: [consentWith({ type: 'deny' }), consentWith({ type: 'permit' }, { id: 'c2', status: 'inactive', ...supersedes('c1') })],
  }),
  v('s-future-link', '-', 'nor one that has not begun', {
    consents: [
      consentWith({ type: 'deny' }),
      consentWith({ type: 'permit', period: period('2026-07-01') }, { id: 'c2', ...supersedes('c1') }),
    ],
  }),
  v('s-ended-link', '-', 'nor one that has ended: what it let go is denied again', {
    consents: [
      consentWith({ type: 'deny' }),
      consentWith({ type: 'permit', period: period(undefined, '2026-02-01') }, { id: 'c2', ...supersedes('c1') }),
    ],
  }),
  v('s-permit-replaced', '-', 'a permit is over when another has superseded it, even if that one has ended', {
    consents: [
      consentWith({ type: 'permit' }),
      consentWith({ type: 'permit', period: period(undefined, '2026-02-01') }, { id: 'c2', ...supersedes('c1') }),
    ],
  }),
  v('s-other-person', '-', 'a consent of somebody else supersedes nothing', {
    consents: [
      consentWith({ type: 'deny' }),
      consentWith({ type: 'permit' }, { id: 'c2', patient: { reference: 'Patient/q' }, ...supersedes('c1') }),
    ],
  }),
  v('e-expired-deny', '-', 'a deny that has ended still stands', {
    consents: [...one({ type: 'permit' }), consentWith({ type: 'deny', period: period(undefined, '2026-02-01') }, { id: 'c2' })],
  }),
  v('e-expired-nested-deny', '-', 'nested, too', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', actor: toA, period: period(undefined, '2026-02-01') }] }),
  }),
  v('e-future-deny', '+', 'one that has not begun does not yet', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', actor: toA, period: period('2026-07-01') }] }),
  }),
  v('a-dangling-permit', '-', 'an actor that cannot be resolved never becomes a permit', {
    consents: one({ type: 'deny', provision: [{ type: 'permit', actor: [recipient(ref('Organization/gone'))] }] }),
  }),
  v('a-dangling-deny', '?', 'nor does one that is denied', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', actor: [recipient(ref('Organization/gone'))] }] }),
  }),
  v('a-dangling-root', '?', 'nor one at the root', { consents: one({ type: 'permit', actor: [recipient(ref('Organization/gone'))] }) }),
  v('a-display', '?', 'a name alone resolves to nobody', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', actor: [recipient({ display: 'The out-of-hours team' })] }] }),
  }),
  v('a-identifier', '+', 'by an identifier that the asker has', {
    consents: one({ type: 'deny', provision: [{ type: 'permit', actor: [recipient(ODS('ZZA'))] }] }),
  }),
  v('a-other-identifier', '+', 'another identifier of the same system is somebody else', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', actor: [recipient(ODS('ZZB'))] }] }),
  }),
  v('a-unknown-asker', '?', 'who has no such identifier cannot be told apart', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', actor: [recipient(ODS('ZZB'))] }] }),
    known: [],
  }),
  v('a-role', '+', "a role is its organisation's", { consents: one(permitA), actor: ref('PractitionerRole/r'), known: [A, B, role] }),
  v('a-role-person', '-', "and its practitioner's", {
    consents: one({
      type: 'permit',
      provision: [{ type: 'deny', actor: [recipient({ identifier: { system: System.gmc, value: '0000001' } })] }],
    }),
    actor: ref('PractitionerRole/r'),
    known: [A, role, clinician],
  }),
  v('a-group', '-', 'a member of a group that is denied', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', actor: [recipient(ref('Group/g'))] }] }),
    actor: ref('Practitioner/x'),
    known: [clinician, group],
  }),
  v('a-not-in-group', '+', 'one who is not in it', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', actor: [recipient(ref('Group/g'))] }] }),
    known: [A, group],
  }),
  v('a-kind', '+', 'a kind of service', {
    consents: one({ type: 'deny', provision: [{ type: 'permit', actor: [recipient(kind('ambulance'))] }] }),
    actor: ref('HealthcareService/s'),
    known: [A, service],
  }),
  v('a-other-kind', '+', 'consent for one kind denies no other', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', actor: [recipient(kind('police'))] }] }),
    actor: ref('HealthcareService/s'),
    known: [A, service],
  }),
  v('a-custodian', '?', 'a custodian is not who is told', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', actor: [recipient(ref('Organization/a'), 'CST')] }] }),
  }),
  v('d-instance', '-+', 'one instance', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', data: [{ meaning: 'instance', reference: ref('Observation/n') }] }] }),
    resources: [N, R],
  }),
  v('d-dependents', '-+', 'what refers to it', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', data: [{ meaning: 'dependents', reference: ref('Encounter/e') }] }] }),
    resources: [observation('within', { encounter: ref('Encounter/e') }), BARE],
  }),
  v('d-related-unknown', '?', 'what it refers to, of which nothing was sent', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', data: [{ meaning: 'related', reference: ref('Encounter/e') }] }] }),
    resources: [BARE],
  }),
  v('d-authored', '-+', 'what somebody wrote', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', data: [{ meaning: 'authoredby', reference: ref('Practitioner/x') }] }] }),
    resources: [observation('hers', { performer: [ref('Practitioner/x')] }), observation('his', { performer: [ref('Practitioner/y')] })],
  }),
  v('d-authored-unknown', '?', 'of what says nobody, it cannot be told', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', data: [{ meaning: 'authoredby', reference: ref('Practitioner/x') }] }] }),
    resources: [BARE],
  }),
  v('d-period', '+-', 'data of a time', {
    consents: one({ type: 'permit', dataPeriod: period('2026-02-01', '2026-04-01') }),
    resources: [BARE, observation('later', { effectiveDateTime: '2026-05-01' })],
  }),
  v('d-period-time', '-++-', 'a time before, at the start, within, and at the end', {
    consents: one({ type: 'permit', dataPeriod: period('2026-02-01', '2026-02-28') }),
    resources: [
      observation('before', { effectiveDateTime: '2026-01-31T23:59:59Z' }),
      observation('start', { effectiveDateTime: '2026-02-01T00:00:00Z' }),
      observation('within', { effectiveDateTime: '2026-02-28T23:59:59Z' }),
      observation('end', { effectiveDateTime: '2026-03-01T00:00:00Z' }),
    ],
  }),
  v('d-period-edge', '++-', 'up to the end of its last day', {
    consents: one({ type: 'permit', dataPeriod: period('2026-02-01', '2026-02-28') }),
    resources: [
      observation('first', { effectiveDateTime: '2026-02-01' }),
      observation('last', { effectiveDateTime: '2026-02-28' }),
      observation('next', { effectiveDateTime: '2026-03-01' }),
    ],
  }),
  v('d-no-time', '?', 'of what says no time, it cannot be told whether it is denied', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', dataPeriod: period('2026-02-01', '2026-04-01') }] }),
    resources: [observation('timeless', { effectiveDateTime: undefined })],
  }),
  v('x-action', '-', 'a permit to collect is none to disclose', {
    consents: one({ type: 'deny', provision: [{ type: 'permit', action: [{ coding: [{ code: 'collect' }] }] }] }),
  }),
  v('x-verification', '?', 'what the person has not verified', {
    consents: one({ type: 'permit' }, { verification: [{ verified: false }] }),
  }),
  v('x-modifier', '?', 'a modifier that is not known', {
    consents: one({ type: 'permit' }, { modifierExtension: [{ url: 'https://elsewhere.example/not', valueBoolean: true }] }),
  }),
  v('p-other-patient', '-', 'a consent of somebody else releases nothing', {
    consents: one({ type: 'permit' }),
    resources: [observation('theirs', { subject: ref('Patient/q') })],
  }),
  v('h-heading', '+-', 'headings of a plan', {
    consents: one({ type: 'deny', provision: [{ type: 'permit', actor: toA, code: [heading('who-to-ring')] }] }),
    headings: ['who-to-ring', 'medicines'],
  }),
  v('h-heading-label', '?', 'of words that are not there yet nobody can tell how they will be labelled', {
    consents: one({ type: 'permit', provision: [{ type: 'deny', securityLabel: [label('R')] }] }),
    headings: ['medicines'],
  }),
  v('b-known', '+', 'known by another reference: the same resource under an absolute address', {
    consents: one({
      type: 'deny',
      provision: [{ type: 'permit', actor: [recipient(ref('https://elsewhere.example/fhir/Organization/a'))] }],
    }),
    known: [A, B],
  }),
];
