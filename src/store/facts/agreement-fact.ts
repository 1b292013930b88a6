import type { Contract } from '@medplum/fhirtypes';
import { fromContract } from '../../../mappings/facts/from-contract.ts';
import { fromContractTerms } from '../../../mappings/facts/from-contract-terms.ts';
import { anomaly } from '../../model/anomaly.ts';
import { calmAboutReview } from '../agreements-to-review.ts';
import { joinScopes, NO_LOCKS, pairName } from '../policy-locks.ts';
import { type Sql, statement } from '../pool.ts';
import type { Fact, FactRecorder } from './fact.ts';
import { noteChange } from '../trail/note-change.ts';
import { resolveParties } from './resolve-parties.ts';

const pairsOfContract = statement<[string], { publisher: string; recipient_ods: string }>(
  'pairs-of-contract',
  'SELECT DISTINCT publisher, recipient_ods FROM agreement_fact WHERE contract_id = $1',
);
const endAgreement = statement<[string], never>(
  'end-agreement',
  // Whom it covered until now; what had run out before ended then.
  `WITH old AS (DELETE FROM agreement_fact WHERE contract_id = $1 RETURNING *)
   INSERT INTO agreement_ending (contract_id, publisher, recipient_ods, recipient_id, ended_at)
   SELECT contract_id, publisher, recipient_ods, recipient_id,
          least(clock_timestamp(), max(coalesce(to_timestamp((facts->'period'->>'end')::double precision / 1000), 'infinity')))
     FROM old WHERE (facts->>'executed')::boolean GROUP BY 1, 2, 3, 4
   ON CONFLICT (contract_id, publisher, recipient_ods, recipient_id) DO UPDATE SET ended_at = excluded.ended_at`,
);
const putAgreement = statement<
  [string, string[], string[], string[], number[], string[], string, boolean, string[]],
  { review_told: string | null; publishers_before: string[] | null }
>(
  'put-agreement',
  // Whom it covers from now on has not been ended. One round trip: it is waited for while the locks are held.
  `WITH one AS (SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::integer[], $6::text[]) AS one(publisher, ods, recipient_id, term, facts)),
   went_on AS (DELETE FROM agreement_ending e USING one WHERE $8 AND e.contract_id = $1 AND e.publisher = one.publisher AND e.recipient_ods = one.ods
                AND e.recipient_id = one.recipient_id),
   added AS (INSERT INTO agreement_fact (contract_id, publisher, recipient_ods, recipient_id, term, facts)
             SELECT $1, publisher, ods, recipient_id, term, facts::jsonb FROM one)
   INSERT INTO agreement (contract_id, terms, executed, publishers) VALUES ($1, $7::jsonb, $8, $9)
   ON CONFLICT (contract_id) DO UPDATE SET terms = excluded.terms, executed = excluded.executed, publishers = excluded.publishers
   RETURNING review_told, (SELECT b.publishers FROM agreement b WHERE b.contract_id = $1) AS publishers_before`,
);

/** A Contract says what two organisations agreed: one row for each pair of its parties under each term. Ending one locks pairs, never plans. */
export const agreementFact: FactRecorder<Contract> = {
  isWhole: true,
  async scope(sql, fact) {
    const after = (await pairsOf(sql, fact)).map((pair) => pairName(pair.publisher, pair.ods));
    const before = (await pairsOfContract(sql, fact.resource.id)).map((row) => pairName(row.publisher, row.recipient_ods));
    return joinScopes({ ...NO_LOCKS, pairs: [...before, ...after] });
  },
  async record(sql, fact) {
    const pairs = await pairsOf(sql, fact);
    const terms = fromContractTerms(fact.resource);
    const publishers = [...new Set(pairs.map(({ publisher }) => publisher))];
    const isExecuted = fact.resource.status === 'executed';
    await endAgreement(sql, fact.resource.id);
    const [stored] = await putAgreement(
      sql,
      fact.resource.id,
      pairs.map(({ publisher }) => publisher),
      pairs.map(({ ods }) => ods),
      pairs.map(({ recipientId }) => recipientId),
      pairs.map((_, index) => index),
      pairs.map(({ agreement }) => JSON.stringify(agreement)),
      JSON.stringify(terms),
      isExecuted,
      publishers,
    );
    if (stored?.review_told != null)
      await calmAboutReview(sql, fact.resource.id, stored.publishers_before ?? [], isExecuted ? terms.reviewDate : null);
    await noteChange(sql, 'agreement', fact.principal, { person: null, plan: null }, fact.resource);
  },
};

async function pairsOf(sql: Sql, { resource }: Fact<Contract>) {
  const { resolve, odsOfService } = await resolveParties(sql, resource);
  return fromContract(resource, resolve).map(({ publisher, recipient, agreement }) => {
    if ('ods' in recipient) return { publisher, ods: recipient.ods, recipientId: '', agreement };
    const ods = odsOfService.get(recipient.recipientId);
    if (ods === undefined) throw anomaly('incorrect', 'names a service that is not registered', 'Contract.term.offer.party');
    return { publisher, ods, recipientId: recipient.recipientId, agreement };
  });
}
