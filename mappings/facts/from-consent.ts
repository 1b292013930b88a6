import type { Consent as FhirConsent, ConsentProvision, ConsentProvisionActor } from '@medplum/fhirtypes';
import { Code, CONSENT_POLICY, Extension, System } from '../../profiles/canonicals.ts';
import { Anomaly } from '../../src/model/anomaly.ts';
import type { Actor, Consent, Provision } from '../../src/model/consent.ts';
import type { Instant } from '../../src/model/instant.ts';
import { isRecipientKind } from '../../src/model/kind.ts';
import type { Period } from '../../src/model/period.ts';
import { ALWAYS } from '../../src/model/period.ts';
import { headingOf, purposeOf } from './codes-of.ts';
import { extensionOf, extensionsOf } from './extensions-of.ts';
import { intersection, periodOf } from './period-of.ts';
import { present } from './present.ts';
import type { Resolve } from './reference-of.ts';
import { idOf, partyOf } from './reference-of.ts';

/** Takes down why something cannot be computed, and where. */
type Doubt = (at: string, reason: string) => void;

/** Criteria that the broker does not compute: a provision that carries one says more than the broker would read. */
const NOT_COMPUTED = ['securityLabel', 'class', 'dataPeriod', 'data'] as const;
/** At the root also who, why and what: the broker's policy puts these in nested provisions only. */
const NOT_AT_ROOT = [...NOT_COMPUTED, 'actor', 'action', 'purpose', 'code'] as const;
/** Actions that a disclosure is (FHIR consentaction). */
const DISCLOSING = ['access', 'disclose'];

const readPeriod = (period: ConsentProvision['period'], at: string, doubt: Doubt): Period => {
  try {
    return periodOf(period, at);
  } catch (error) {
    if (!(error instanceof Anomaly)) throw error;
    doubt(at, 'the period cannot be read');
    return ALWAYS;
  }
};

const readActor = (actor: ConsentProvisionActor, at: string, doubt: Doubt, resolve: Resolve): Actor => {
  const { recipientOfInformation } = Code;
  const role = (actor.role?.coding ?? []).some(
    ({ system, code }) => system === recipientOfInformation.system && code === recipientOfInformation.code,
  );
  if (!role) doubt(`${at}.role`, 'only recipients of information (IRCP) are computed');
  const identifier = actor.reference?.identifier;
  if (identifier?.system === System.kind && actor.reference?.reference === undefined) {
    const kind = identifier.value ?? '';
    return isRecipientKind(kind) ? { is: 'kind', kind } : { is: 'unresolved' };
  }
  const party = partyOf(actor.reference, resolve);
  if (party === null) return { is: 'unresolved' };
  return 'ods' in party ? { is: 'organization', ods: party.ods } : { is: 'service', recipientId: party.recipientId };
};

const readProvision = (provision: ConsentProvision, at: string, doubt: Doubt, resolve: Resolve): Provision => {
  if (provision.type === undefined) doubt(`${at}.type`, 'a nested provision says permit or deny');
  if (provision.provision !== undefined) doubt(`${at}.provision`, 'provisions nest once');
  for (const name of NOT_COMPUTED) if (provision[name] !== undefined) doubt(`${at}.${name}`, 'is not computed');
  for (const [index, action] of (provision.action ?? []).entries()) {
    const known = (action.coding ?? []).some(({ code }) => code !== undefined && DISCLOSING.includes(code));
    if (!known) doubt(`${at}.action[${index}]`, 'only access and disclose are computed');
  }
  const purposes = (provision.purpose ?? []).map((coding, index) => {
    const purpose = purposeOf(coding);
    if (purpose === null) doubt(`${at}.purpose[${index}]`, 'not a purpose of the broker');
    return purpose;
  });
  const headings = (provision.code ?? []).map((concept, index) => {
    const heading = headingOf(concept);
    if (heading === null) doubt(`${at}.code[${index}]`, 'not a heading of a plan');
    return heading;
  });
  return {
    // Without a type it speaks against sharing, and the consent is undecidable anyway.
    type: provision.type ?? 'deny',
    actors: (provision.actor ?? []).map((actor, index) => readActor(actor, `${at}.actor[${index}]`, doubt, resolve)),
    purposes: purposes.filter((purpose) => purpose !== null),
    headings: headings.filter((heading) => heading !== null),
    period: readPeriod(provision.period, `${at}.period`, doubt),
  };
};

const readBinds = (consent: FhirConsent, doubt: Doubt, resolve: Resolve): string | null => {
  if (extensionOf(consent, Extension.bindsAllPublishers)?.valueBoolean === true) return null;
  const party = partyOf(consent.organization?.[0], resolve);
  if (party !== null && 'ods' in party && consent.organization?.length === 1) return party.ods;
  doubt('Consent.organization', 'names no publisher that is known');
  return null;
};

/** A basis other than consent (best interests, the order of a court) ends when it was said to end; a consent has no such end. */
const readBasisEnd = (consent: FhirConsent, doubt: Doubt): Period => {
  const at = 'Consent.extension';
  const basis = extensionOf(consent, Extension.consentBasis);
  if (basis === undefined) return ALWAYS;
  const expires = (basis.extension ?? []).find(({ url }) => url === 'expires')?.valueDateTime;
  if (expires === undefined) doubt(at, 'a basis other than consent has an end');
  return expires === undefined ? ALWAYS : readPeriod({ end: expires }, at, doubt);
};

const readSupersedes = (consent: FhirConsent, doubt: Doubt): string[] =>
  extensionsOf(consent, Extension.supersedes).flatMap(([extension, index]) => {
    const id = idOf(extension.valueReference, 'Consent');
    if (id === null) doubt(`Consent.extension[${index}].valueReference`, 'names no Consent');
    return id === null ? [] : [id];
  });

/** Reads it, and takes down each place that cannot be computed. */
const read = (consent: FhirConsent, resolve: Resolve, doubt: Doubt): Omit<Consent, 'id' | 'undecidable' | 'recordedAt'> => {
  const root = consent.provision;
  if (!(consent.scope?.coding ?? []).some(({ system, code }) => system === System.consentScope && code === 'patient-privacy'))
    doubt('Consent.scope', 'only patient-privacy is computed');
  if (consent.policy?.length !== 1 || consent.policy[0]?.uri !== CONSENT_POLICY) doubt('Consent.policy', 'not the policy of the broker');
  if (consent.policyRule !== undefined) doubt('Consent.policyRule', 'is not computed');
  if ((consent.verification ?? []).some(({ verified }) => !verified)) doubt('Consent.verification', 'the person has not verified it');
  if (root?.type !== 'deny') doubt('Consent.provision.type', 'the root provision denies');
  for (const name of NOT_AT_ROOT) if (root?.[name] !== undefined) doubt(`Consent.provision.${name}`, 'is not computed at the root');
  const provisions = (root?.provision ?? []).map((provision, index) =>
    readProvision(provision, `Consent.provision.provision[${index}]`, doubt, resolve),
  );
  return {
    binds: readBinds(consent, doubt, resolve),
    active: consent.status === 'active',
    period: intersection(readPeriod(root?.period, 'Consent.provision.period', doubt), readBasisEnd(consent, doubt)),
    provisions,
    supersedes: readSupersedes(consent, doubt),
  };
};

/**
 * Reads a Consent by the broker's policy (consent.md section 1.4). What cannot be computed makes it `undecidable`, with the first place and
 * reason; an actor that cannot be resolved stays as `unresolved`, so that it never turns into "everyone". Throws only for a missing id.
 */
export const fromConsent = (consent: FhirConsent, resolve: Resolve, recordedAt: Instant): Consent => {
  const doubts: string[] = [];
  const said = read(consent, resolve, (at, reason) => void doubts.push(`${at}: ${reason}`));
  return { id: present(consent.id, 'Consent.id'), ...said, undecidable: doubts[0] ?? null, recordedAt };
};

/** A place of a Consent that the broker cannot compute, and why. */
export interface ConsentDoubt {
  readonly at: string;
  readonly reason: string;
}

/** Whatever is named as a party is taken as one that is known: whether it is, the store knows. */
const NAMED: Resolve = (reference) =>
  /(?:^|\/)Organization\//.test(reference) ? { ods: 'X' } : /(?:^|\/)HealthcareService\//.test(reference) ? { recipientId: '' } : null;

/** Every place of a Consent by which it would be undecidable, or would reach nobody, whatever is stored: for who writes it. */
export const doubtsOfConsent = (consent: FhirConsent): readonly ConsentDoubt[] => {
  const doubts: ConsentDoubt[] = [];
  const { provisions } = read(consent, NAMED, (at, reason) => void doubts.push({ at, reason }));
  const nobody = provisions.flatMap(({ actors }, index) =>
    actors.flatMap((actor, nth) => {
      const at = `Consent.provision.provision[${index}].actor[${nth}].reference`;
      return actor.is === 'unresolved' ? [{ at, reason: 'names no kind of service and no organisation' }] : [];
    }),
  );
  // Whom it binds is refused where it is nobody: no need to warn of it.
  return [...doubts, ...nobody].filter(({ at }) => at !== 'Consent.organization');
};
