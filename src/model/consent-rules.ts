import type { Period } from './period.ts';

/** A code of a system, compared exactly; an absent system is a system of its own. */
export interface Coded {
  readonly system: string;
  readonly code: string;
}

/** Who a provision names. */
export interface NamedActor {
  /** Their references and identifiers (`system|value`), as far as they are known; empty where it cannot be told who that is. */
  readonly names: readonly string[];
  /** Whether what they are was there to be looked at: if not, only an identifier of the same system tells them apart. */
  readonly resolved: boolean;
}

/** How a provision's `data` reaches from the resource that it names (consent-data-meaning). */
export type DataMeaning = 'instance' | 'related' | 'dependents' | 'authoredby';

/** One provision of a Consent as it says it, root or nested: what stands empty speaks of everyone, every purpose or everything. */
export interface ConsentRule {
  /** FHIRPath within the Consent: `Consent.provision.provision[2]`. */
  readonly at: string;
  /** Null where it says neither. */
  readonly type: 'permit' | 'deny' | null;
  readonly period: Period;
  readonly actors: readonly NamedActor[];
  readonly purposes: readonly Coded[];
  /** Whether its actions include access or disclosure; null where one of them is not known. */
  readonly discloses: boolean | null;
  readonly classes: readonly Coded[];
  readonly codes: readonly Coded[];
  readonly labels: readonly Coded[];
  readonly data: readonly { readonly meaning: DataMeaning; readonly reference: string | null }[];
  readonly dataPeriod: Period | null;
  readonly nested: readonly ConsentRule[];
}

/** Any R4 Consent as the engine reads it. */
export interface ConsentRules {
  /** Where it stands in what was asked: `consent[0]`. */
  readonly name: string;
  /** The references under which others may name it. */
  readonly ids: readonly string[];
  /** Whom it is of; null where that cannot be told. */
  readonly patient: string | null;
  readonly active: boolean;
  readonly supersedes: readonly string[];
  /** Its type is its own, or else what the policy rule OPTIN or OPTOUT says. */
  readonly root: ConsentRule;
  /** Why it cannot be computed at all; null where it can. */
  readonly undecidable: string | null;
}

/** Something whose release is asked about, as far as consents can speak of it. */
export interface Datum {
  /** How the answer names it: `Observation/1`, a heading's or a class's code. */
  readonly name: string;
  readonly is: 'resource' | 'heading' | 'class' | 'anything';
  /** The patient of a resource; null where it names none. */
  readonly patient: string | null;
  readonly classes: readonly Coded[];
  readonly codes: readonly Coded[];
  readonly labels: readonly Coded[];
  /** References under which it is known itself. */
  readonly ids: readonly string[];
  /** What it refers to. */
  readonly refers: readonly string[];
  /** Who wrote it; null where a resource of its type names nobody. */
  readonly authors: readonly string[] | null;
  /** When it is of; null where it does not say. */
  readonly when: Period | null;
}

/** One question: may this one be given these data, for this purpose, now. */
export interface ConsentQuestion {
  /** Every reference and identifier (`system|value`) of who asks, and of what they belong to. */
  readonly actor: readonly string[];
  /** Null asks for whatever purpose: then only what is limited to no purpose permits. */
  readonly purpose: Coded | null;
  readonly data: readonly Datum[];
  readonly at: number;
}
