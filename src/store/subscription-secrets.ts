import { randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { openSecret, sealSecret } from './keys/sealed-secret.ts';
import { type Sql, statement, transaction } from './pool.ts';

/** Secrets in use at once: a subscriber changes from the older to the newer. */
const IN_USE = 2;

const put = statement<[string, string, string], never>(
  'put-subscription-secret',
  'INSERT INTO subscription_secret (version, destination_id, sealed) VALUES ($1, $2, $3)',
);
const dropOlder = statement<[string, number], never>(
  'drop-older-secrets',
  `DELETE FROM subscription_secret WHERE version IN (
     SELECT version FROM subscription_secret WHERE destination_id = $1 ORDER BY made_at DESC, version OFFSET $2)`,
);
const all = statement<[string, number], { version: string; sealed: string }>(
  'subscription-secrets',
  'SELECT version, sealed FROM subscription_secret WHERE destination_id = $1 ORDER BY made_at DESC, version LIMIT $2',
);

/** Makes a Subscription another secret (Standard Webhooks: `whsec_` and 32 bytes in base64), beside the one before; older ones are forgotten. It is told this once. */
export const rotateSecret = (pool: pg.Pool, subscriptionId: string): Promise<string> =>
  transaction(pool, async (tx) => {
    const version = randomUUID();
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    await put(tx, version, subscriptionId, sealSecret(tx, version, subscriptionId, secret));
    await dropOlder(tx, subscriptionId, IN_USE);
    return secret;
  });

/** The secrets by which a Subscription's notifications are signed now, the newest first; none where it has asked for none. Throws AlteredText. */
export const secretsOf = async (sql: Sql, subscriptionId: string): Promise<readonly string[]> =>
  (await all(sql, subscriptionId, IN_USE)).map(({ version, sealed }) => openSecret(sql, version, subscriptionId, sealed));
