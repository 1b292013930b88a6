import type { Contract, ContractTerm } from '@medplum/fhirtypes';
import { Extension, System } from '../../profiles/canonicals.ts';
import { AGREEMENT_REACHES, type AgreementReach } from '../../src/model/agreement.ts';
import { anomaly } from '../../src/model/anomaly.ts';
import type { Heading } from '../../src/model/heading.ts';
import type { Purpose } from '../../src/model/kind.ts';
import type { Period } from '../../src/model/period.ts';
import { headingOf, purposeOf } from './codes-of.ts';
import { extensionOf } from './extensions-of.ts';
import { intersection, periodOf } from './period-of.ts';
import { present } from './present.ts';
import type { Party, Resolve } from './reference-of.ts';
import { partyOf } from './reference-of.ts';

/** What a term lets pass. In an agreement that inherits, what a term does not name is as the framework says: null. */
export interface Scope {
  readonly period: Period;
  readonly purposes: readonly Purpose[] | null;
  readonly headings: readonly Heading[] | null;
  /** Left out: those in the plan's reach are sent, and others may look up. */
  readonly reach?: AgreementReach;
}

/** One term of a Contract: who, and what. */
export interface AgreementTerm extends Scope {
  /** FHIRPath of the term. */
  readonly at: string;
  /** ODS codes. */
  readonly publishers: readonly string[];
  readonly recipients: readonly Party[];
}

const unique = <T>(list: readonly T[]): T[] => [...new Map(list.map((each) => [JSON.stringify(each), each])).values()];

const readParties = (term: ContractTerm, at: string, resolve: Resolve): { publishers: string[]; recipients: Party[] } => {
  const publishers: string[] = [];
  const recipients: Party[] = [];
  for (const [index, party] of (term.offer?.party ?? []).entries()) {
    const here = `${at}.offer.party[${index}]`;
    const role = party.role?.coding?.find(({ system }) => system === System.agreementRole)?.code;
    if (role !== 'publisher' && role !== 'recipient') throw anomaly('incorrect', 'a party is a publisher or a recipient', `${here}.role`);
    for (const [nth, reference] of present(party.reference, `${here}.reference`).entries()) {
      const named = partyOf(reference, resolve);
      if (named === null) throw anomaly('incorrect', 'names no organisation or service that is known', `${here}.reference[${nth}]`);
      if (role === 'recipient') recipients.push(named);
      else if ('ods' in named) publishers.push(named.ods);
      else throw anomaly('incorrect', 'a publisher is an organisation', `${here}.reference[${nth}]`);
    }
  }
  return { publishers: unique(publishers), recipients: unique(recipients) };
};

const readPurposes = (term: ContractTerm, at: string): Purpose[] | null =>
  term.action === undefined
    ? null
    : unique(
        term.action.map((action, index) => {
          const purpose = (action.intent?.coding ?? []).map(purposeOf).find((each) => each !== null);
          return present(purpose, `${at}.action[${index}].intent`);
        }),
      );

const readHeadings = (term: ContractTerm, at: string): Heading[] | null =>
  term.asset === undefined
    ? null
    : unique(
        term.asset.flatMap((asset, index) =>
          (asset.type ?? []).map((type, nth) => present(headingOf(type), `${at}.asset[${index}].type[${nth}]`)),
        ),
      );

const readReach = (term: ContractTerm): Pick<Scope, 'reach'> => {
  const code = extensionOf(term, Extension.agreementReach)?.valueCode;
  const reach = AGREEMENT_REACHES.find((each) => each === code);
  return reach === undefined ? {} : { reach };
};

/** What each term of a Contract lets pass, whoever its parties are. Throws `incorrect` for a purpose or heading that cannot be read. */
export const scopesOf = (contract: Contract): readonly (Scope & { readonly at: string })[] => {
  const applies = periodOf(contract.applies, 'Contract.applies');
  return (contract.term ?? []).map((term, index) => {
    const at = `Contract.term[${index}]`;
    return {
      at,
      period: intersection(applies, periodOf(term.applies, `${at}.applies`)),
      purposes: readPurposes(term, at),
      headings: readHeadings(term, at),
      ...readReach(term),
    };
  });
};

/** The terms of a Contract, each by itself: purposes and headings of two terms are never mixed. Throws `incorrect` for a party, purpose or heading that cannot be read. */
export const agreementTermsOf = (contract: Contract, resolve: Resolve): readonly AgreementTerm[] => {
  const parties = (contract.term ?? []).map((term, index) => readParties(term, `Contract.term[${index}]`, resolve));
  return scopesOf(contract).map((scope, index) => ({ ...NOBODY, ...scope, ...parties[index] }));
};

const NOBODY: Pick<AgreementTerm, 'publishers' | 'recipients'> = { publishers: [], recipients: [] };

const both = <T>(a: readonly T[] | null, b: readonly T[] | null): readonly T[] | null =>
  a === null ? b : b === null ? a : a.filter((each) => b.includes(each));

/** What two scopes let pass together: never more than either. Null where they allow nothing in common. */
export const narrowed = (a: Scope, b: Scope): Scope | null => {
  if (a.reach !== undefined && b.reach !== undefined && a.reach !== b.reach) return null;
  const reach = a.reach ?? b.reach;
  const purposes = both(a.purposes, b.purposes);
  const headings = both(a.headings, b.headings);
  if (purposes?.length === 0 || headings?.length === 0) return null;
  return { period: intersection(a.period, b.period), purposes, headings, ...(reach === undefined ? {} : { reach }) };
};
