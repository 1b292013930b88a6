import type pg from 'pg';
import { keysOf } from '../keys/keys-of.ts';
import { type Place, seal, unseal } from '../keys/sealed-text.ts';
import { type Sql, statement, transaction } from '../pool.ts';

/** A public key as JSON (RFC 7517). */
export type Jwk = Readonly<Record<string, unknown>>;

/** The key that signs access tokens now. */
export interface SigningKey {
  readonly kid: string;
  readonly privateJwk: Jwk;
}

/** A new pair of keys, from whoever knows how to make one. */
export type NewKey = () => Promise<{ readonly kid: string; readonly publicJwk: Jwk; readonly privateJwk: Jwk }>;

/** How long one key signs. */
const SIGNS_DAYS = 30;

const current = statement<[number], { kid: string; private_jwk: string }>(
  'current-signing-key',
  `SELECT kid, private_jwk FROM signing_key WHERE replaced_at IS NULL AND created_at > clock_timestamp() - make_interval(days => $1)`,
);
const publicKeys = statement<[], { public_jwk: Jwk }>('public-signing-keys', 'SELECT public_jwk FROM signing_key ORDER BY created_at DESC');

const replace = async (sql: Sql, newKey: NewKey): Promise<SigningKey> => {
  const { kid, publicJwk, privateJwk } = await newKey();
  // The private half of a key that signs no longer is of use to a thief alone.
  await sql.query('UPDATE signing_key SET replaced_at = clock_timestamp(), private_jwk = NULL WHERE replaced_at IS NULL');
  // A token lives for minutes; an hour is room for every clock.
  await sql.query("DELETE FROM signing_key WHERE replaced_at < clock_timestamp() - interval '1 hour'");
  await sql.query('INSERT INTO signing_key (kid, public_jwk, private_jwk) VALUES ($1, $2, $3)', [
    kid,
    JSON.stringify(publicJwk),
    seal(keysOf(sql).own, placeOf(kid), JSON.stringify(privateJwk)),
  ]);
  return { kid, privateJwk };
};

/** Sealed under the broker's own key: who has the database alone can make no token. */
const placeOf = (kid: string): Place => ['signing_key.private_jwk', kid];

const currentOf = async (sql: Sql): Promise<SigningKey | null> => {
  const [row] = await current(sql, SIGNS_DAYS);
  if (row === undefined) return null;
  return { kid: row.kid, privateJwk: JSON.parse(unseal(keysOf(sql).own, placeOf(row.kid), row.private_jwk)) as Jwk };
};

/** One process at a time makes a key; the others find it. */
const locked = <T>(pool: pg.Pool, work: (sql: Sql) => Promise<T>): Promise<T> =>
  transaction(pool, async (tx) => {
    await tx.query("SELECT pg_advisory_xact_lock(9, hashtext('signing key'))");
    return work(tx);
  });

/** The key that signs, made where there is none, or where it has signed for thirty days. */
export const signingKey = async (pool: pg.Pool, newKey: NewKey): Promise<SigningKey> =>
  (await currentOf(pool)) ?? locked(pool, async (tx) => (await currentOf(tx)) ?? replace(tx, newKey));

/** Another key in the place of the one that signs; its tokens stay good until they run out. */
export const rotateSigningKey = (pool: pg.Pool, newKey: NewKey): Promise<SigningKey> => locked(pool, (tx) => replace(tx, newKey));

/** Public halves of every key whose tokens may still be good, the newest first. */
export const publicSigningKeys = async (sql: Sql): Promise<readonly Jwk[]> => (await publicKeys(sql)).map(({ public_jwk }) => public_jwk);
