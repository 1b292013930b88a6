import type { Contract } from '@medplum/fhirtypes';
import { ALWAYS } from '../../src/model/period.ts';
import { type AgreementTerm, agreementTermsOf, narrowed, type Scope } from './agreement-terms-of.ts';
import { type AgreementPair, agreementOn, countPairs, joins } from './from-contract.ts';
import { present } from './present.ts';
import { idOf, type Party, type Resolve } from './reference-of.ts';

/** Id of the agreement that one inherits from; null where it stands by itself. */
export const frameworkOf = ({ instantiatesCanonical }: Contract): string | null => idOf(instantiatesCanonical, 'Contract');

/** A Contract of a framework, with what its references named when it was read. */
export interface ReadContract {
  readonly contract: Contract;
  readonly resolve: Resolve;
}

/** One side of pairs: a party, and what it joined for. */
interface Side<T> {
  readonly party: T;
  readonly scope: Scope;
  readonly executed: boolean;
  readonly by: string | null;
}

const EVERYTHING: Scope = { period: ALWAYS, purposes: null, headings: null };

const sidesOf = <T>(
  named: readonly T[],
  joined: readonly { readonly term: AgreementTerm; readonly contract: Contract }[],
  partiesOf: (term: AgreementTerm) => readonly T[],
): readonly Side<T>[] => [
  ...named.map((party) => ({ party, scope: EVERYTHING, executed: true, by: null })),
  ...joined.flatMap(({ term, contract }) =>
    partiesOf(term).map((party) => ({ party, scope: term, executed: contract.status === 'executed', by: contract.id ?? null })),
  ),
];

/**
 * A national or regional agreement with those who joined it by Contracts of their own (`instantiatesCanonical`), expanded to pairs: each publisher that it
 * names, or that joined, with each recipient. A pair says what the framework's term and both parties' say, and is in force while all three are.
 */
export const fromFramework = (framework: ReadContract, accessions: readonly ReadContract[]): readonly AgreementPair[] => {
  const id = present(framework.contract.id, 'Contract.id');
  const isExecuted = framework.contract.status === 'executed';
  const joined = accessions.flatMap(({ contract, resolve }) =>
    agreementTermsOf(contract, resolve)
      .filter(joins)
      .map((term) => ({ term, contract })),
  );
  const count = countPairs();
  return agreementTermsOf(framework.contract, framework.resolve).flatMap((term) => {
    const publishers = sidesOf<string>(term.publishers, joined, (each) => each.publishers);
    const recipients = sidesOf<Party>(term.recipients, joined, (each) => each.recipients);
    count(publishers.length, recipients.length, term.at);
    return publishers.flatMap((from) => {
      const scope = narrowed(term, from.scope);
      return scope === null ? [] : recipients.flatMap((to) => pairOf(id, isExecuted, scope, from, to));
    });
  });
};

const pairOf = (id: string, isExecuted: boolean, scope: Scope, from: Side<string>, to: Side<Party>): readonly AgreementPair[] => {
  const agreedOn = narrowed(scope, to.scope);
  if (agreedOn === null) return [];
  const joinedBy = [...new Set([from.by, to.by])].filter((each) => each !== null);
  const agreement = agreementOn(id, isExecuted && from.executed && to.executed, agreedOn, joinedBy);
  return [{ publisher: from.party, recipient: to.party, agreement }];
};
