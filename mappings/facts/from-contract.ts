import type { Contract } from '@medplum/fhirtypes';
import type { Agreement } from '../../src/model/agreement.ts';
import { anomaly } from '../../src/model/anomaly.ts';
import { type AgreementTerm, agreementTermsOf, narrowed, type Scope, scopesOf } from './agreement-terms-of.ts';
import { present } from './present.ts';
import type { Party, Resolve } from './reference-of.ts';

/** One publisher and one recipient (an organisation with all its services, or one service) under one term of a Contract. */
export interface AgreementPair {
  /** ODS code. */
  readonly publisher: string;
  readonly recipient: Party;
  readonly agreement: Agreement;
}

/** What one Contract may expand to: its lock covers all of them. Every mental-health trust with every force, ambulance service and acute trust is 12,000. */
export const MAX_PAIRS = 20_000;

/** Counts pairs, and throws `incorrect` at `at` for more than one Contract may have. */
export const countPairs = (): ((publishers: number, recipients: number, at: string) => void) => {
  let pairs = 0;
  return (publishers, recipients, at) => {
    pairs += publishers * recipients;
    if (pairs > MAX_PAIRS)
      throw anomaly('incorrect', `speaks of more than ${MAX_PAIRS} pairs: write several agreements`, `${at}.offer.party`);
  };
};

/** What one scope agrees on for a pair; `restsOn` are the ids of other Contracts. */
export const agreementOn = (
  id: string,
  executed: boolean,
  { period, purposes, headings, reach }: Scope,
  restsOn: readonly string[],
): Agreement => ({
  id,
  executed,
  period,
  purposes: purposes ?? [],
  headings: headings ?? [],
  ...(reach === undefined ? {} : { reach }),
  ...(restsOn.length === 0 ? {} : { restsOn }),
});

/** Whether a term has a side only: who is named joins everybody on the other side of the framework. */
export const joins = ({ publishers, recipients }: AgreementTerm): boolean => publishers.length === 0 || recipients.length === 0;

/**
 * The pairs that a Contract names by itself, each term by itself. Where it inherits, it says no more than its framework does, and ends with it; those
 * of its terms that have one side only are `fromFramework`'s. Throws `incorrect` for a party, purpose or heading that cannot be read.
 */
export const fromContract = (contract: Contract, resolve: Resolve, framework: Contract | null = null): AgreementPair[] => {
  const id = present(contract.id, 'Contract.id');
  const executed = contract.status === 'executed' && (framework === null || framework.status === 'executed');
  const inherited: readonly Scope[] | null = framework === null ? null : scopesOf(framework);
  const rests = framework?.id === undefined ? [] : [framework.id];
  const count = countPairs();
  return agreementTermsOf(contract, resolve).flatMap((term) => {
    const scopes = inherited === null ? [term] : inherited.flatMap((scope) => narrowed(scope, term) ?? []);
    count(term.publishers.length * scopes.length, term.recipients.length, term.at);
    return scopes.flatMap((scope) =>
      term.publishers.flatMap((publisher) =>
        term.recipients.map((recipient) => ({ publisher, recipient, agreement: agreementOn(id, executed, scope, rests) })),
      ),
    );
  });
};
