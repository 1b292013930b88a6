import type pg from 'pg';
import { RESOURCE_TYPES } from '../../profiles/resource-types.ts';
import { anomaly } from '../model/anomaly.ts';
import { isOwn } from '../model/principal.ts';
import type { Removal } from './door.ts';
import type { HeldLocks } from './held-locks.ts';
import { statement } from './pool.ts';
import { readResource } from './resources.ts';
import { checkUnsigned } from './signed.ts';
import { clock, lastVersion, removeStored } from './versions.ts';

const TYPES = RESOURCE_TYPES.map(({ type }) => type);
const referrer = statement<[readonly string[], string, string], { type: string }>(
  'referrer-of-resource',
  // Type by type along the index. A reference by an address is one to what its end names, as wherever else it is read.
  `SELECT one.type FROM unnest($1::text[]) AS asked(type) CROSS JOIN LATERAL (
     (SELECT t.type FROM resource_token t WHERE t.type = asked.type AND t.param = '_ref' AND t.token = $2 AND t.owner = $3 LIMIT 1)
     UNION ALL (SELECT t.type FROM resource_token t WHERE t.type = asked.type AND t.param = '_ref' AND t.token >= 'http' AND t.token < 'httq'
        AND t.owner = $3 AND right(t.token, length($2) + 1) = '/' || $2 LIMIT 1)) one LIMIT 1`,
);

/**
 * Deletes one resource inside a transaction: its versions stay, and say when it went. What its owner's other resources refer to stays,
 * and so does whatever was signed. One that is gone already is no fault.
 */
export async function removeIn(tx: pg.PoolClient, locks: HeldLocks, { principal, type, id, ifMatch }: Removal): Promise<void> {
  await locks.take({ resources: [`${type}/${id}`] });
  const stored = await readResource(tx, type, id);
  if (stored === null) {
    const last = await lastVersion(tx, type, id);
    if (last?.deleted === true && (principal.kind === 'operator' || isOwn(last, principal))) return;
    throw anomaly('not-found', 'there is no such resource here');
  }
  if (principal.kind !== 'operator' && !isOwn(stored, principal)) throw anomaly('not-found', 'there is no such resource here');
  if (ifMatch !== null && stored.version !== ifMatch) throw anomaly('stale', 'the resource has another version now');
  await checkUnsigned(tx, { type, id });
  const [other] = await referrer(tx, TYPES, `${type}/${id}`, stored.owner);
  if (other !== undefined) throw anomaly('conflict', `a ${other.type} refers to it`, type);
  await removeStored(tx, stored, await clock(tx));
}
