import type { Contract } from '@medplum/fhirtypes';
import { frameworkOf } from '../../../mappings/facts/from-framework.ts';
import { fromContractTerms } from '../../../mappings/facts/from-contract-terms.ts';
import type { Agreement, AgreementTerms } from '../../model/agreement.ts';
import { calmAboutReview } from '../agreements-to-review.ts';
import { joinScopes, NO_LOCKS, pairName } from '../policy-locks.ts';
import { type Sql, statement } from '../pool.ts';
import { noteChange } from '../trail/note-change.ts';
import { type Agreed, familyAgreed } from './agreement-family.ts';
import type { Fact, FactRecorder } from './fact.ts';

const rowsOfContract = statement<[string], { publisher: string; recipient_ods: string; recipient_id: string; facts: Agreement }>(
  'rows-of-contract',
  'SELECT publisher, recipient_ods, recipient_id, facts FROM agreement_fact WHERE contract_id = $1 ORDER BY term',
);
const endAgreement = statement<[string, readonly string[]], never>(
  'end-agreement',
  // Whom it covered until now; what had run out before ended then.
  `WITH old AS (DELETE FROM agreement_fact WHERE contract_id = $1 AND publisher || ' ' || recipient_ods = ANY($2) RETURNING *)
   INSERT INTO agreement_ending (contract_id, publisher, recipient_ods, recipient_id, ended_at)
   SELECT contract_id, publisher, recipient_ods, recipient_id,
          least(clock_timestamp(), max(coalesce(to_timestamp((facts->'period'->>'end')::double precision / 1000), 'infinity')))
     FROM old WHERE (facts->>'executed')::boolean GROUP BY 1, 2, 3, 4
   ON CONFLICT (contract_id, publisher, recipient_ods, recipient_id) DO UPDATE SET ended_at = excluded.ended_at`,
);
const putPairs = statement<[string, string[], string[], string[], number[], string[]], never>(
  'put-agreement-pairs',
  // Whom it covers from now on has not been ended.
  `WITH one AS (SELECT publisher, ods, recipient_id, term, facts::jsonb AS facts
                  FROM unnest($2::text[], $3::text[], $4::text[], $5::integer[], $6::text[]) AS one(publisher, ods, recipient_id, term, facts)),
   went_on AS (DELETE FROM agreement_ending e USING one WHERE (one.facts->>'executed')::boolean AND e.contract_id = $1
                AND e.publisher = one.publisher AND e.recipient_ods = one.ods AND e.recipient_id = one.recipient_id)
   INSERT INTO agreement_fact (contract_id, publisher, recipient_ods, recipient_id, term, facts)
   SELECT $1, publisher, ods, recipient_id, term, facts FROM one`,
);
const putTerms = statement<
  [string, AgreementTerms, boolean, string[], string | null],
  { review_told: string | null; publishers_before: string[] | null }
>(
  'put-agreement-terms',
  `INSERT INTO agreement (contract_id, terms, executed, publishers, framework) VALUES ($1, $2::jsonb, $3, $4, $5)
   ON CONFLICT (contract_id) DO UPDATE SET terms = excluded.terms, executed = excluded.executed, publishers = excluded.publishers,
     framework = excluded.framework
   RETURNING review_told, (SELECT b.publishers FROM agreement b WHERE b.contract_id = $1) AS publishers_before`,
);

/** What a Contract agrees on from now on, and the pairs of organisations whose rows are written anew. */
interface Rewritten extends Agreed {
  readonly names: readonly string[];
}

const said = (pair: string, recipientId: string, { executed, period, purposes, headings, reach, restsOn }: Agreement): string =>
  JSON.stringify([pair, recipientId, executed, period.start, period.end, purposes, headings, reach ?? null, restsOn ?? []]);

/** Pairs of which one list says something that the other does not. */
const differing = (before: readonly (readonly [string, string])[], after: readonly (readonly [string, string])[]): readonly string[] => {
  const [old, now] = [before, after].map((list) => new Set(list.map(([, what]) => what)));
  return [...before.filter(([, what]) => now?.has(what) === false), ...after.filter(([, what]) => old?.has(what) === false)].map(
    ([pair]) => pair,
  );
};

/**
 * A Contract says what organisations agreed: one row for each pair of its parties under each term. Ending one locks pairs, never plans. Who joins a framework,
 * or leaves it, changes its rows with the other side, and no others.
 */
export const agreementFact: FactRecorder<Contract> = {
  isWhole: true,
  async conditions(_sql, { resource }) {
    return [`Contract family ${frameworkOf(resource) ?? resource.id}`];
  },
  async scope(sql, fact) {
    return joinScopes({ ...NO_LOCKS, pairs: (await rewrittenBy(sql, fact)).flatMap(({ names }) => names) });
  },
  async record(sql, fact) {
    const { id, status } = fact.resource;
    const all = await rewrittenBy(sql, fact);
    for (const { contractId, names, pairs } of all) await rewrite(sql, contractId, new Set(names), pairs);
    const terms = fromContractTerms(fact.resource);
    const own = all.flatMap(({ contractId, pairs }) =>
      pairs.filter(({ agreement }) => contractId === id || agreement.restsOn?.includes(id) === true),
    );
    const isExecuted = status === 'executed';
    const publishers = [...new Set(own.map(({ publisher }) => publisher))];
    const [stored] = await putTerms(sql, id, terms, isExecuted, publishers, frameworkOf(fact.resource));
    if (stored?.review_told != null) await calmAboutReview(sql, id, stored.publishers_before ?? [], isExecuted ? terms.reviewDate : null);
    await noteChange(sql, 'agreement', fact.principal, { person: null, plan: null }, fact.resource);
  },
};

/** Its own pairs whatever they say, as before a write; of its framework's and of those that inherit from it what changes. */
async function rewrittenBy(sql: Sql, { resource }: Fact<Contract>): Promise<readonly Rewritten[]> {
  const family = await familyAgreed(sql, resource);
  const rewritten: Rewritten[] = [];
  for (const agreed of family) {
    const before = (await rowsOfContract(sql, agreed.contractId)).map(({ publisher, recipient_ods, recipient_id, facts }) => {
      const pair = pairName(publisher, recipient_ods);
      return [pair, said(pair, recipient_id, facts)] as const;
    });
    const after = agreed.pairs.map(({ publisher, ods, recipientId, agreement }) => {
      const pair = pairName(publisher, ods);
      return [pair, said(pair, recipientId, agreement)] as const;
    });
    const names = agreed.contractId === resource.id ? [...before, ...after].map(([pair]) => pair) : differing(before, after);
    rewritten.push({ ...agreed, names: [...new Set(names)] });
  }
  return rewritten;
}

async function rewrite(sql: Sql, contractId: string, names: ReadonlySet<string>, all: Agreed['pairs']): Promise<void> {
  if (names.size === 0) return;
  await endAgreement(sql, contractId, [...names]);
  const rows = all.map((pair, term) => ({ ...pair, term })).filter(({ publisher, ods }) => names.has(pairName(publisher, ods)));
  await putPairs(
    sql,
    contractId,
    rows.map(({ publisher }) => publisher),
    rows.map(({ ods }) => ods),
    rows.map(({ recipientId }) => recipientId),
    rows.map(({ term }) => term),
    rows.map(({ agreement }) => JSON.stringify(agreement)),
  );
}
