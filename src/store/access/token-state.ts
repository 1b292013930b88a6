import type { Client } from '../../model/client.ts';
import { type Sql, statement } from '../pool.ts';
import { TOKEN_LIFETIME_MS } from '../websocket-tokens.ts';
import { findClient } from './clients.ts';

const revoked = statement<[string], { jti: string }>('revoked-token', 'SELECT jti FROM revoked_token WHERE jti = $1');
const revoke = statement<[string, Date, number], never>(
  'revoke-token',
  `WITH over AS (DELETE FROM revoked_token WHERE jti IN (
     SELECT jti FROM revoked_token WHERE ends_at < clock_timestamp() - interval '1 minute' - $3 * interval '1 millisecond' ORDER BY ends_at LIMIT 100 FOR UPDATE SKIP LOCKED))
   INSERT INTO revoked_token (jti, ends_at) VALUES ($1, $2) ON CONFLICT (jti) DO NOTHING`,
);

/**
 * Gives an access token back before it runs out at `endsAt`. That is remembered beyond it for as long as a token for a websocket lives which was asked for by it:
 * that one would else come to be good again.
 */
export const revokeToken = async (sql: Sql, jti: string, endsAt: Date): Promise<void> =>
  void (await revoke(sql, jti, endsAt, TOKEN_LIFETIME_MS));

/** The client that a token was issued to, as long as it is not suspended and the token was not given back; else null. */
export const clientOfToken = async (sql: Sql, clientId: string, jti: string): Promise<Client | null> => {
  const [client, gone] = await Promise.all([findClient(sql, clientId), revoked(sql, jti)]);
  return client === null || client.suspendedAt !== null || gone.length > 0 ? null : client;
};
