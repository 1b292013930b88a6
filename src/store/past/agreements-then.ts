import type { Contract } from '@medplum/fhirtypes';
import { fromContract } from '../../../mappings/facts/from-contract.ts';
import type { Agreement } from '../../model/agreement.ts';
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

/** What a publisher and a service had agreed at an instant, and the Contracts that said it. */
export async function agreementsThen(
  sql: Sql,
  publisher: string,
  recipient: Pick<Recipient, 'id' | 'ods'>,
  at: Instant,
): Promise<{ readonly stored: readonly Stored[]; readonly agreements: readonly Agreement[] }> {
  const ids = (await contractsNaming(sql, recipient.ods, recipient.id, at)).map(({ id }) => id);
  const contracts = await versionsThen(sql, 'Contract', ids, at);
  const parties = await partiesThen(
    sql,
    contracts.map(({ body }) => body),
    at,
  );
  const found = contracts.map((stored) => ({
    stored,
    // Whom it named then: an agreement is read once, when it is written.
    agreements: fromContract(stored.body as Contract, parties.at(stored.updatedAt))
      .filter((pair) => pair.publisher === publisher)
      .filter((pair) => ('ods' in pair.recipient ? pair.recipient.ods === recipient.ods : pair.recipient.recipientId === recipient.id))
      .map(({ agreement }) => agreement),
  }));
  return {
    stored: found.flatMap((one) => (one.agreements.length === 0 ? [] : [one.stored])),
    agreements: found.flatMap(({ agreements }) => agreements),
  };
}
