import type { Contract } from '@medplum/fhirtypes';
import { fromContract } from '../../../mappings/facts/from-contract.ts';
import { anomaly } from '../../model/anomaly.ts';
import { inTurn } from '../in-turn.ts';
import { joinScopes, NO_LOCKS, pairName } from '../policy-locks.ts';
import { type Sql, statement } from '../pool.ts';
import type { Fact, FactRecorder } from './fact.ts';
import { resolveParties } from './resolve-parties.ts';

const odsOfRecipient = statement<[string], { ods: string }>('ods-of-recipient', 'SELECT ods FROM recipient WHERE id = $1');
const pairsOfContract = statement<[string], { publisher: string; recipient_ods: string }>(
  'pairs-of-contract',
  'SELECT DISTINCT publisher, recipient_ods FROM agreement_fact WHERE contract_id = $1',
);
const dropAgreement = statement<[string], never>('drop-agreement', 'DELETE FROM agreement_fact WHERE contract_id = $1');
const addAgreement = statement<[string, string, string, string, object], never>(
  'add-agreement',
  'INSERT INTO agreement_fact (contract_id, publisher, recipient_ods, recipient_id, facts) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING',
);

/** A Contract says what two organisations agreed: one row for each pair of its parties. Ending one locks pairs, never plans. */
export const agreementFact: FactRecorder<Contract> = {
  async scope(sql, fact) {
    const after = (await pairsOf(sql, fact)).map((pair) => pairName(pair.publisher, pair.ods));
    const before = (await pairsOfContract(sql, fact.resource.id)).map((row) => pairName(row.publisher, row.recipient_ods));
    return joinScopes({ ...NO_LOCKS, pairs: [...before, ...after] });
  },
  async record(sql, fact) {
    const pairs = await pairsOf(sql, fact);
    await dropAgreement(sql, fact.resource.id);
    for (const { publisher, ods, recipientId, agreement } of pairs)
      await addAgreement(sql, fact.resource.id, publisher, ods, recipientId, agreement);
  },
};

async function pairsOf(sql: Sql, { resource }: Fact<Contract>) {
  const pairs = fromContract(resource, await resolveParties(sql, resource));
  return inTurn(pairs, async ({ publisher, recipient, agreement }) => {
    if ('ods' in recipient) return { publisher, ods: recipient.ods, recipientId: '', agreement };
    const [row] = await odsOfRecipient(sql, recipient.recipientId);
    if (row === undefined) throw anomaly('incorrect', 'names a service that is not registered', 'Contract.term.offer.party');
    return { publisher, ods: row.ods, recipientId: recipient.recipientId, agreement };
  });
}
