import type { CodeableConcept, Coding, Consent, ConsentProvision, ConsentProvisionActor, Resource } from '@medplum/fhirtypes';
import { Extension, System } from '../../profiles/canonicals.ts';
import { Anomaly } from '../../src/model/anomaly.ts';
import type { Coded, ConsentRule, ConsentRules, DataMeaning, NamedActor } from '../../src/model/consent-rules.ts';
import type { Period } from '../../src/model/period.ts';
import { ALWAYS } from '../../src/model/period.ts';
import { extensionsOf } from '../facts/extensions-of.ts';
import { periodOf } from '../facts/period-of.ts';
import { nameOf, namesOf, ownNames } from './names-of.ts';

type Doubt = (at: string, reason: string) => void;

/** Roles under which somebody receives (v3-ParticipationType). Any other says something else of them than that they may be told. */
const RECEIVING = ['IRCP', 'PRCP', 'TRC'];
/** Actions by which content is released, and those that are something else (consentaction). */
const DISCLOSING = ['access', 'disclose'];
const OTHER_ACTIONS = ['collect', 'use', 'correct'];
const MEANINGS: readonly string[] = ['instance', 'related', 'dependents', 'authoredby'] satisfies readonly DataMeaning[];
const isMeaning = (text: string | undefined): text is DataMeaning => text !== undefined && MEANINGS.includes(text);

/** A coding as it is compared. */
export const codedOf = ({ system, code }: Coding): Coded[] => (code === undefined ? [] : [{ system: system ?? '', code }]);
const codings = (concepts: readonly CodeableConcept[] | undefined): readonly Coded[] =>
  (concepts ?? []).flatMap(({ coding }) => (coding ?? []).flatMap(codedOf));

const readPeriod = (period: ConsentProvision['period'], at: string, doubt: Doubt): Period => {
  try {
    return periodOf(period, at);
  } catch (fault) {
    if (!(fault instanceof Anomaly)) throw fault;
    doubt(at, 'the period cannot be read');
    return ALWAYS;
  }
};

const UNKNOWN: NamedActor = { names: [], resolved: false };

const readActor = ({ role, reference }: ConsentProvisionActor, resources: readonly Resource[]): NamedActor => {
  const receives = (role?.coding ?? []).some(({ system, code }) => system === System.participationType && RECEIVING.includes(code ?? ''));
  const names = namesOf(reference);
  if (!receives || names.length === 0) return UNKNOWN;
  const known = resources.filter((resource) => ownNames(resource).some((name) => names.includes(name)));
  return { names: [...new Set([...names, ...known.flatMap(ownNames)])], resolved: known.length > 0 };
};

const readActions = (actions: ConsentProvision['action']): boolean | null => {
  if (actions === undefined || actions.length === 0) return true;
  const codes = actions.map(({ coding }) => (coding ?? []).map(({ code }) => code ?? ''));
  if (codes.some((each) => each.some((code) => DISCLOSING.includes(code)))) return true;
  return codes.every((each) => each.some((code) => OTHER_ACTIONS.includes(code))) ? false : null;
};

const readRule = (provision: ConsentProvision, at: string, resources: readonly Resource[], doubt: Doubt): ConsentRule => {
  const codes = codings(provision.code);
  // A criterion in words alone, or without a code, narrows it in a way that nobody can compute.
  for (const name of ['purpose', 'class', 'securityLabel'] as const)
    if ((provision[name] ?? []).some(({ code }) => code === undefined)) doubt(`${at}.${name}`, 'has no code');
  for (const name of ['code', 'action'] as const)
    if ((provision[name] ?? []).some(({ coding }) => !(coding ?? []).some(({ code }) => code !== undefined)))
      doubt(`${at}.${name}`, 'has no code');
  return {
    at,
    type: provision.type ?? null,
    period: readPeriod(provision.period, `${at}.period`, doubt),
    actors: (provision.actor ?? []).map((actor) => readActor(actor, resources)),
    purposes: (provision.purpose ?? []).flatMap(codedOf),
    discloses: readActions(provision.action),
    classes: (provision.class ?? []).flatMap(codedOf),
    codes,
    labels: (provision.securityLabel ?? []).flatMap(codedOf),
    data: (provision.data ?? []).map(({ meaning, reference }, index) => {
      if (!isMeaning(meaning)) doubt(`${at}.data[${index}].meaning`, 'is not known');
      return { meaning: isMeaning(meaning) ? meaning : 'instance', reference: namesOf(reference)[0] ?? null };
    }),
    dataPeriod: provision.dataPeriod === undefined ? null : readPeriod(provision.dataPeriod, `${at}.dataPeriod`, doubt),
    nested: (provision.provision ?? []).map((nested, index) => readRule(nested, `${at}.provision[${index}]`, resources, doubt)),
  };
};

/** What an opt-in or an opt-out says of everything (v3-ActCode, consentpolicycodes); null for any other rule. */
const baseOf = ({ policyRule }: Consent): ConsentRule['type'] => {
  const codes = (policyRule?.coding ?? []).flatMap(({ system, code }) => (system === System.actCode ? [code] : []));
  const says = new Set(codes.map((code) => (code === 'OPTIN' ? 'permit' : code === 'OPTOUT' ? 'deny' : null)));
  const [only] = says;
  return says.size === 1 ? (only ?? null) : null;
};

/**
 * Any R4 Consent as the engine reads it: its provisions literally, to whatever depth, with their actors resolved by the resources beside it. What
 * narrows or widens it and cannot be computed makes it undecidable, with the first place and reason.
 */
export const toRules = (consent: Consent, name: string, resources: readonly Resource[]): ConsentRules => {
  const doubts: string[] = [];
  const doubt: Doubt = (at, reason) => void doubts.push(`${at}: ${reason}`);
  const scopes = codings([consent.scope]);
  const isPrivacy = scopes.some(({ system, code }) => system === System.consentScope && code === 'patient-privacy');
  if (!isPrivacy && scopes.every(({ system }) => system !== System.consentScope)) doubt('Consent.scope', 'is not known');
  if ((consent.verification ?? []).some(({ verified }) => !verified)) doubt('Consent.verification', 'it was not verified');
  if (consent.modifierExtension !== undefined) doubt('Consent.modifierExtension', 'changes what it says in a way that is not known');
  const known = [...resources, ...(consent.contained ?? []).map((resource) => ({ ...resource, id: `#${resource.id}` }) as Resource)];
  const root = readRule(consent.provision ?? {}, 'Consent.provision', known, doubt);
  return {
    name,
    ids: [...ownNames(consent)],
    patient: namesOf(consent.patient)[0] ?? null,
    // One of another scope (research, treatment, a directive) says nothing of who may be told.
    active: consent.status === 'active' && (isPrivacy || doubts.some((each) => each.startsWith('Consent.scope'))),
    supersedes: extensionsOf(consent, Extension.supersedes).flatMap(([{ valueReference }]) =>
      valueReference?.reference === undefined ? [] : [nameOf(valueReference.reference)],
    ),
    root: { ...root, type: root.type ?? baseOf(consent) },
    undecidable: doubts[0] ?? null,
  };
};
