import type { Contract } from '@medplum/fhirtypes';
import { type AgreementPair, fromContract } from '../../../mappings/facts/from-contract.ts';
import { frameworkOf, fromFramework } from '../../../mappings/facts/from-framework.ts';
import { type Agreement, contractsOf } from '../../model/agreement.ts';
import type { Instant } from '../../model/instant.ts';
import type { Recipient } from '../../model/recipient.ts';
import type { Stored } from '../door.ts';
import { type Sql, statement } from '../pool.ts';
import { partiesThen } from './parties-then.ts';
import { versionsThen } from './versions-then.ts';

const contractsNaming = statement<[ods: string, recipient: string, at: Instant], { id: string }>(
  'contracts-naming',
  // Contracts and Organizations lie open. Whom a Contract no longer names stands in its versions only, so it is them that are looked through:
  // by the service, by its organisation's code, or by an Organization that ever had that code.
  `WITH own AS (SELECT DISTINCT 'Organization/' || o.id || '"' AS text FROM resource_version o
                 WHERE o.type = 'Organization' AND strpos(o.body, '"' || $1 || '"') > 0)
   SELECT DISTINCT c.id FROM resource_version c
    WHERE c.type = 'Contract' AND c.updated_at <= to_timestamp($3::double precision / 1000)
      AND (strpos(c.body, '"' || $1 || '"') > 0 OR strpos(c.body, 'HealthcareService/' || $2 || '"') > 0
           OR EXISTS (SELECT FROM own WHERE strpos(c.body, own.text) > 0))`,
);

/** What a publisher and a service had agreed at an instant, and the Contracts that said it: an agreement, and those by which they joined it. */
export async function agreementsThen(
  sql: Sql,
  publisher: string,
  recipient: Pick<Recipient, 'id' | 'ods'>,
  at: Instant,
): Promise<{ readonly stored: readonly Stored[]; readonly agreements: readonly Agreement[] }> {
  const naming = [...(await contractsNaming(sql, recipient.ods, recipient.id, at)), ...(await contractsNaming(sql, publisher, '', at))];
  const named = await versionsThen(
    sql,
    'Contract',
    naming.map(({ id }) => id),
    at,
  );
  const inherited = named.flatMap(({ body }) => frameworkOf(body as Contract) ?? []);
  const contracts = await versionsThen(sql, 'Contract', [...named.map(({ id }) => id), ...inherited], at);
  const parties = await partiesThen(
    sql,
    contracts.map(({ body }) => body),
    at,
  );
  const isTheirs = (pair: AgreementPair): boolean =>
    pair.publisher === publisher &&
    ('ods' in pair.recipient ? pair.recipient.ods === recipient.ods : pair.recipient.recipientId === recipient.id);
  const agreements = contracts.flatMap((stored) => {
    const contract = stored.body as Contract;
    const id = frameworkOf(contract);
    const framework = id === null ? stored : contracts.find((each) => each.id === id);
    if (framework === undefined) return [];
    const family = contracts.filter(({ body }) => frameworkOf(body as Contract) === framework.id);
    // Whom they named then: an agreement is read when one of its family is written.
    const resolve = parties.at(Math.max(framework.updatedAt, ...family.map(({ updatedAt }) => updatedAt)));
    const accessions = family.map(({ body }) => ({ contract: body as Contract, resolve }));
    const pairs =
      id === null ? fromFramework({ contract, resolve }, accessions) : fromContract(contract, resolve, framework.body as Contract);
    return pairs.filter(isTheirs).map(({ agreement }) => agreement);
  });
  const said = new Set(agreements.flatMap(contractsOf));
  return { stored: contracts.filter(({ id }) => said.has(id)), agreements };
}
