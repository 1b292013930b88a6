import { System } from '../../profiles/canonicals.ts';
import type { Heading } from './heading.ts';
import type { Purpose } from './kind.ts';
import type { Period } from './period.ts';

/** Whom of its recipients a term serves: those in a plan's reach alone, or those alone who look up; with neither, both. */
export const AGREEMENT_REACHES = ['in-reach', 'look-up'] as const;
export type AgreementReach = (typeof AGREEMENT_REACHES)[number];

/** A data-sharing agreement between one publisher and one recipient: a Contract, expanded to pairs. */
export interface Agreement {
  readonly id: string;
  readonly executed: boolean;
  readonly period: Period;
  readonly purposes: readonly Purpose[];
  readonly headings: readonly Heading[];
  /** Left out: whoever is in reach is sent, and whoever is not may look up. */
  readonly reach?: AgreementReach;
  /** Ids of the other Contracts that it rests on: the one that it inherits from, or those by which its parties joined it. Left out where there is none. */
  readonly restsOn?: readonly string[];
}

/** Ids of all Contracts that say it. */
export const contractsOf = ({ id, restsOn = [] }: Agreement): readonly string[] => [id, ...restsOn];

/** What an agreement says beside what is decided by it. Nothing of it lets content out or holds it back. */
export interface AgreementTerms {
  /** `YYYY-MM-DD` in London; null where none is named. */
  readonly reviewDate: string | null;
  /** ISO 3166-2. */
  readonly jurisdiction: string | null;
  /** Reference number of the data protection impact assessment. */
  readonly dpia: string | null;
  /** For whom it was signed, as the Contract names them, and when (FHIR instant). */
  readonly signed: readonly { readonly party: string; readonly at: string }[];
  /** The recipients' duties on reuse, `system|code`, of all its terms. */
  readonly duties: readonly string[];
}

/** v3-ActCode: no use beyond the purposes of the agreement. */
export const NO_REUSE = `${System.actCode}|NOREUSE`;
/** Not for investigation, intelligence or prosecution: what police undertake. */
export const NO_INVESTIGATION = `${System.reuseDuty}|no-investigation`;

/** Why the duties of a term do not do; null where they do. `crisis-response` is the purpose of police. */
export const dutyMissing = (duties: readonly string[], isForCrisisResponse: boolean): string | null => {
  if (!duties.includes(NO_REUSE)) return `names the recipients' duty on reuse: ${NO_REUSE}`;
  if (isForCrisisResponse && !duties.includes(NO_INVESTIGATION))
    return `names, for crisis-response, the duty of police too: ${NO_INVESTIGATION}`;
  return null;
};
