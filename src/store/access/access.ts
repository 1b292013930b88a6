import type pg from 'pg';
import { findClient } from './clients.ts';
import { publicSigningKeys, signingKey } from './signing-keys.ts';
import { clientOfToken, revokeToken } from './token-state.ts';
import { useAssertion } from './used-assertions.ts';

/** What the token door and the check of tokens read and write, on one pool. */
export const openAccess = (pool: pg.Pool) => ({
  findClient: (id: string) => findClient(pool, id),
  useAssertion: (id: string, seconds: number) => useAssertion(pool, id, seconds),
  signingKey: (newKey: Parameters<typeof signingKey>[1]) => signingKey(pool, newKey),
  publicSigningKeys: () => publicSigningKeys(pool),
  clientOfToken: (clientId: string, jti: string) => clientOfToken(pool, clientId, jti),
  revokeToken: (jti: string, endsAt: Date) => revokeToken(pool, jti, endsAt),
});

export type AccessStore = ReturnType<typeof openAccess>;
