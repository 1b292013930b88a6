import type { Contract, ContractTerm } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { Agreement } from '../../src/model/agreement.ts';
import { anomaly } from '../../src/model/anomaly.ts';
import type { Heading } from '../../src/model/heading.ts';
import type { Purpose } from '../../src/model/kind.ts';
import { headingOf, purposeOf } from './codes-of.ts';
import { intersection, periodOf } from './period-of.ts';
import { present } from './present.ts';
import type { Party, Resolve } from './reference-of.ts';
import { partyOf } from './reference-of.ts';

/** One publisher and one recipient (an organisation with all its services, or one service) under one term of a Contract. */
export interface AgreementPair {
  /** ODS code. */
  readonly publisher: string;
  readonly recipient: Party;
  readonly agreement: Agreement;
}

/** What one Contract may expand to: its lock covers all of them. */
const MAX_PAIRS = 10_000;

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

const readPurposes = (term: ContractTerm, at: string): Purpose[] =>
  (term.action ?? []).map((action, index) => {
    const purpose = (action.intent?.coding ?? []).map(purposeOf).find((each) => each !== null);
    return present(purpose, `${at}.action[${index}].intent`);
  });

const readHeadings = (term: ContractTerm, at: string): Heading[] =>
  (term.asset ?? []).flatMap((asset, index) =>
    (asset.type ?? []).map((type, nth) => present(headingOf(type), `${at}.asset[${index}].type[${nth}]`)),
  );

/** Expands a Contract to pairs, each term by itself: purposes and headings of two terms are never mixed. Throws `incorrect` for a party, purpose or heading that cannot be read. */
export const fromContract = (contract: Contract, resolve: Resolve): AgreementPair[] => {
  const id = present(contract.id, 'Contract.id');
  const applies = periodOf(contract.applies, 'Contract.applies');
  let pairs = 0;
  return (contract.term ?? []).flatMap((term, index) => {
    const at = `Contract.term[${index}]`;
    const { publishers, recipients } = readParties(term, at, resolve);
    pairs += publishers.length * recipients.length;
    if (pairs > MAX_PAIRS)
      throw anomaly('incorrect', `speaks of more than ${MAX_PAIRS} pairs: write several agreements`, `${at}.offer.party`);
    const agreement: Agreement = {
      id,
      executed: contract.status === 'executed',
      period: intersection(applies, periodOf(term.applies, `${at}.applies`)),
      purposes: [...new Set(readPurposes(term, at))],
      headings: [...new Set(readHeadings(term, at))],
    };
    return publishers.flatMap((publisher) => recipients.map((recipient) => ({ publisher, recipient, agreement })));
  });
};
