import { createHash, randomBytes } from 'node:crypto';
import type { Instant } from '../model/instant.ts';
import type { Principal } from '../model/principal.ts';
import type { Binding } from '../model/websocket.ts';
import { type Sql, statement } from './pool.ts';

/** Whether a destination `d` may be on a socket of client `c`, whose keys were `$keys` when it asked for its token. */
export const STANDS = (keys: string): string => `NOT d.is_off AND c.suspended_at IS NULL AND ${KEYS} = ${keys} AND ${IN_AGREEMENT}`;
/** Of a client `c`, its public keys as one word. */
export const KEYS = `md5(coalesce(c.jwks::text, c.jwks_uri))`;
/** Whether the access token of that id was given back. */
export const GIVEN_BACK = (jti: string): string => `EXISTS (SELECT FROM revoked_token g WHERE g.jti = ${jti})`;
/** Whether anything may be told at a destination `d` at all. */
export const IN_AGREEMENT = `EXISTS (SELECT FROM recipient r JOIN agreement_fact a ON a.recipient_ods = r.ods AND (a.recipient_id = '' OR a.recipient_id = r.id)
  WHERE r.id = d.recipient_id AND (a.facts->>'executed')::boolean
    AND coalesce((a.facts->'period'->>'start')::double precision <= extract(epoch FROM clock_timestamp()) * 1000, true)
    AND coalesce((a.facts->'period'->>'end')::double precision > extract(epoch FROM clock_timestamp()) * 1000, true))`;

/** How long a token may be used, and how long what is bound by it stays bound. */
export const TOKEN_LIFETIME_MS = 10 * 60_000;

/** Who asks for a token: a client, and by which access token. */
export interface WebsocketAsker {
  readonly clientId: string;
  readonly accessJti: string;
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url');

const own = statement<[string, string, readonly string[] | null, string], { id: string; stands: boolean }>(
  'own-websockets',
  `SELECT d.id, ${STANDS(KEYS)} AS stands FROM resource r JOIN destination d ON d.id = r.id JOIN access_client c ON c.id = $4
    WHERE r.type = 'Subscription' AND r.owner = $1 AND (r.service IS NULL OR r.service = $2) AND ($3::text[] IS NULL OR r.id = ANY ($3))
      AND d.facts->>'address' LIKE 'websocket:%' ORDER BY d.id LIMIT 1000`,
);
const put = statement<[string, readonly string[], string, number, string], { ends_at: string }>(
  'put-websocket-token',
  `WITH over AS (DELETE FROM websocket_token WHERE hash IN (
     SELECT hash FROM websocket_token WHERE ends_at < clock_timestamp() ORDER BY ends_at LIMIT 100 FOR UPDATE SKIP LOCKED))
   INSERT INTO websocket_token (hash, destination_ids, client_id, client_keys, ends_at, access_jti)
   SELECT $1, $2, c.id, ${KEYS}, clock_timestamp() + $4 * interval '1 millisecond', $5 FROM access_client c WHERE c.id = $3
   RETURNING floor(extract(epoch FROM ends_at) * 1000) AS ends_at`,
);
const use = statement<
  [string, string, string],
  { binding_id: string; destination_id: string; recipient_id: string; client_id: string; ends_at: string }
>(
  'use-websocket-token',
  `WITH used AS (DELETE FROM websocket_token WHERE hash = $1 AND ends_at > clock_timestamp() RETURNING destination_ids, client_id, client_keys, ends_at, access_jti),
   bound AS (
     INSERT INTO websocket_binding (destination_id, binding_id, process_id, socket_id, client_id, client_keys, ends_at, access_jti)
     SELECT d.id, gen_random_uuid(), $2::uuid, $3::uuid, used.client_id, used.client_keys, used.ends_at, used.access_jti
       FROM used JOIN access_client c ON c.id = used.client_id JOIN destination d ON d.id = ANY (used.destination_ids) WHERE ${STANDS('used.client_keys')}
        AND NOT ${GIVEN_BACK('used.access_jti')}
      ORDER BY d.id
     ON CONFLICT (destination_id) DO UPDATE SET binding_id = excluded.binding_id, process_id = excluded.process_id, socket_id = excluded.socket_id, client_id = excluded.client_id,
       client_keys = excluded.client_keys, ends_at = excluded.ends_at, access_jti = excluded.access_jti, left_at = NULL, is_shaken = false
     RETURNING binding_id, destination_id, client_id, ends_at)
   SELECT b.binding_id, b.destination_id, d.recipient_id, b.client_id, floor(extract(epoch FROM b.ends_at) * 1000) AS ends_at
     FROM bound b JOIN destination d ON d.id = b.destination_id`,
);

/** Those of a caller's own Subscriptions over websockets that are among `ids`, or all of them; another's is left out as one that is not there (I6). */
export const ownWebsockets = async (
  sql: Sql,
  { organization, kind }: Pick<Principal, 'organization' | 'kind'>,
  clientId: string,
  ids: readonly string[] | null,
): Promise<readonly { readonly id: string; readonly stands: boolean }[]> => own(sql, organization, kind, ids, clientId);

/**
 * A token by which its client, who asks by the access token `accessJti`, binds these Subscriptions to one socket, once, and when it and they end. Told this once:
 * its hash alone is kept.
 */
export async function makeWebsocketToken(
  sql: Sql,
  { clientId, accessJti }: WebsocketAsker,
  subscriptionIds: readonly string[],
  lifetimeMs = TOKEN_LIFETIME_MS,
): Promise<{ readonly token: string; readonly endsAt: Instant }> {
  const token = randomBytes(32).toString('base64url');
  const [row] = await put(sql, hashOf(token), subscriptionIds, clientId, lifetimeMs, accessJti);
  if (row === undefined) throw new Error('the client of a token is gone');
  return { token, endsAt: Number(row.ends_at) };
}

/**
 * Uses a token up: its Subscriptions are on this socket of this process from here on, and on no other. Empty where it is wrong, over or used, or nothing of
 * what it was for may be bound any more: which of these is told to nobody.
 */
export const useWebsocketToken = async (
  sql: Sql,
  token: string,
  { processId, socketId }: { readonly processId: string; readonly socketId: string },
): Promise<readonly Binding[]> =>
  (await use(sql, hashOf(token), processId, socketId)).map(({ binding_id, destination_id, recipient_id, client_id }) => ({
    id: binding_id,
    subscriptionId: destination_id,
    recipientId: recipient_id,
    clientId: client_id,
  }));
