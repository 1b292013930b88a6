import type { Contract } from '@medplum/fhirtypes';
import { fromContract } from '../../../mappings/facts/from-contract.ts';
import { anomaly } from '../../model/anomaly.ts';
import { joinScopes, NO_LOCKS, pairName } from '../policy-locks.ts';
import { type Sql, statement } from '../pool.ts';
import type { Fact, FactRecorder } from './fact.ts';
import { noteChange } from '../trail/note-change.ts';
import { resolveParties } from './resolve-parties.ts';

const pairsOfContract = statement<[string], { publisher: string; recipient_ods: string }>(
  'pairs-of-contract',
  'SELECT DISTINCT publisher, recipient_ods FROM agreement_fact WHERE contract_id = $1',
);
const dropAgreement = statement<[string], never>('drop-agreement', 'DELETE FROM agreement_fact WHERE contract_id = $1');
const addAgreements = statement<[string, string[], string[], string[], number[], string[]], never>(
  'add-agreements',
  `INSERT INTO agreement_fact (contract_id, publisher, recipient_ods, recipient_id, term, facts)
   SELECT $1, publisher, ods, recipient_id, term, facts::jsonb
     FROM unnest($2::text[], $3::text[], $4::text[], $5::integer[], $6::text[]) AS one(publisher, ods, recipient_id, term, facts)`,
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
    await dropAgreement(sql, fact.resource.id);
    await addAgreements(
      sql,
      fact.resource.id,
      pairs.map(({ publisher }) => publisher),
      pairs.map(({ ods }) => ods),
      pairs.map(({ recipientId }) => recipientId),
      pairs.map((_, index) => index),
      pairs.map(({ agreement }) => JSON.stringify(agreement)),
    );
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
