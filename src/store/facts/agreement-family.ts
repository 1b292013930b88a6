import type { Contract } from '@medplum/fhirtypes';
import { type AgreementPair, fromContract } from '../../../mappings/facts/from-contract.ts';
import { frameworkOf, fromFramework } from '../../../mappings/facts/from-framework.ts';
import { anomaly } from '../../model/anomaly.ts';
import { type Sql, statement } from '../pool.ts';
import { readResource } from '../resources.ts';
import { resolveParties } from './resolve-parties.ts';

/** What one Contract of a family agrees on, pair by pair, with the organisation of each recipient. */
export interface Agreed {
  readonly contractId: string;
  readonly pairs: readonly (AgreementPair & { readonly ods: string; readonly recipientId: string })[];
}

const inheriting = statement<[string], { body: string }>(
  'agreements-that-inherit',
  `SELECT r.body FROM agreement a JOIN resource r ON r.type = 'Contract' AND r.id = a.contract_id WHERE a.framework = $1 ORDER BY a.contract_id`,
);

const AT = 'Contract.instantiatesCanonical';

/** The framework of a Contract that is written. Throws `incorrect` where there is none, `conflict` where it had another. */
async function frameworkFor(sql: Sql, contract: Contract & { readonly id: string }): Promise<Contract | null> {
  const stored = (await readResource(sql, 'Contract', contract.id))?.body as Contract | undefined;
  const id = frameworkOf(contract);
  if (stored !== undefined && frameworkOf(stored) !== id)
    throw anomaly('conflict', 'an agreement stays with the one that it inherits from: end it, and write another', AT);
  if (contract.instantiatesCanonical === undefined) return null;
  const framework = id === null ? null : (((await readResource(sql, 'Contract', id))?.body as Contract | undefined) ?? null);
  if (framework === null || framework.instantiatesCanonical !== undefined)
    throw anomaly('incorrect', 'names an agreement that is stored, and that inherits from no other', `${AT}.reference`);
  return framework;
}

/**
 * What a Contract and those of its framework agree on once it is written: its own first. A framework speaks for everybody who joined it; who joins one
 * changes what it agrees on. Whoever asks holds the family's condition: nobody else writes one of them meanwhile.
 */
export async function familyAgreed(sql: Sql, contract: Contract & { readonly id: string }): Promise<readonly Agreed[]> {
  const own = await frameworkFor(sql, contract);
  const framework = own ?? contract;
  const others = (await inheriting(sql, framework.id ?? contract.id)).map(({ body }) => JSON.parse(body) as Contract);
  const accessions = own === null ? others : [...others.filter(({ id }) => id !== contract.id), contract];
  const { resolve, odsOfService } = await resolveParties(sql, [framework, ...accessions]);
  const named = (pair: AgreementPair): Agreed['pairs'][number] => {
    if ('ods' in pair.recipient) return { ...pair, ods: pair.recipient.ods, recipientId: '' };
    const ods = odsOfService.get(pair.recipient.recipientId);
    if (ods === undefined) throw anomaly('incorrect', 'names a service that is not registered', 'Contract.term.offer.party');
    return { ...pair, ods, recipientId: pair.recipient.recipientId };
  };
  const ofFramework: Agreed = {
    contractId: framework.id ?? contract.id,
    pairs: fromFramework(
      { contract: framework, resolve },
      accessions.map((each) => ({ contract: each, resolve })),
    ).map(named),
  };
  const ofAccession = (each: Contract): Agreed => ({
    contractId: each.id ?? '',
    pairs: fromContract(each, resolve, framework).map(named),
  });
  if (own !== null) return [ofAccession(contract), ofFramework];
  return [ofFramework, ...others.map(ofAccession)];
}
