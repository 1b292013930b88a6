import { randomUUID } from 'node:crypto';
import type { Client } from '../../model/client.ts';
import type { Kind } from '../../model/kind.ts';
import type { Scope } from '../../model/scope.ts';
import { type Sql, statement } from '../pool.ts';

interface Row {
  readonly id: string;
  readonly organization: string;
  readonly kind: Kind;
  readonly scopes: readonly Scope[];
  readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] } | null;
  readonly jwks_uri: string | null;
  readonly user_audiences: readonly string[];
  readonly created_at: Date;
  readonly suspended_at: Date | null;
}

const COLUMNS = 'id, organization, kind, scopes, jwks, jwks_uri, user_audiences, created_at, suspended_at';

const toClient = (row: Row): Client => ({
  id: row.id,
  organization: row.organization,
  kind: row.kind,
  scopes: row.scopes,
  keys: row.jwks === null ? { jwksUri: row.jwks_uri ?? '' } : { jwks: row.jwks },
  userAudiences: row.user_audiences,
  createdAt: row.created_at.getTime(),
  suspendedAt: row.suspended_at?.getTime() ?? null,
});

const jwksOf = (keys: Client['keys']): string | null => ('jwks' in keys ? JSON.stringify(keys.jwks) : null);
const uriOf = (keys: Client['keys']): string | null => ('jwksUri' in keys ? keys.jwksUri : null);

const one = statement<[string], Row>('access-client', `SELECT ${COLUMNS} FROM access_client WHERE id = $1`);
const all = statement<[], Row>('access-clients', `SELECT ${COLUMNS} FROM access_client ORDER BY organization, kind, created_at, id`);
const add = statement<[string, string, string, readonly string[], string | null, string | null, readonly string[]], Row>(
  'add-access-client',
  `INSERT INTO access_client (id, organization, kind, scopes, jwks, jwks_uri, user_audiences) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ${COLUMNS}`,
);
const suspend = statement<[string, boolean], Row>(
  'suspend-access-client',
  `UPDATE access_client SET suspended_at = CASE WHEN $2 THEN coalesce(suspended_at, clock_timestamp()) END WHERE id = $1 RETURNING ${COLUMNS}`,
);
const rotate = statement<[string, string | null, string | null], Row>(
  'rotate-access-client',
  `UPDATE access_client SET jwks = $2, jwks_uri = $3 WHERE id = $1 RETURNING ${COLUMNS}`,
);

const firstOf = (rows: readonly Row[]): Client | null => (rows[0] === undefined ? null : toClient(rows[0]));

/** Ids are the broker's own. What a stranger says is one may be no text of PostgreSQL's at all. */
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A client by its id, suspended or not; null where there is none. */
export const findClient = async (sql: Sql, id: string): Promise<Client | null> => (ID.test(id) ? firstOf(await one(sql, id)) : null);

/** Every client, by organisation and kind. */
export const listClients = async (sql: Sql): Promise<readonly Client[]> => (await all(sql)).map(toClient);

/** A new client, with an id of its own. Its keys and scopes have been checked. */
export const addClient = async (
  sql: Sql,
  { organization, kind, scopes, keys, userAudiences = [] }: Pick<Client, 'organization' | 'kind' | 'scopes' | 'keys'> & Partial<Client>,
): Promise<Client> => {
  const added = firstOf(await add(sql, randomUUID(), organization, kind, scopes, jwksOf(keys), uriOf(keys), userAudiences));
  if (added === null) throw new Error('a row that was written is answered');
  return added;
};

/** Shuts a client out, or lets it in again; null where there is none. Every process knows within five seconds. */
export const suspendClient = async (sql: Sql, id: string, suspended = true): Promise<Client | null> =>
  firstOf(await suspend(sql, id, suspended));

/** Puts other keys in the place of a client's; null where there is none. Tokens that it has stay good until they run out. */
export const rotateClient = async (sql: Sql, id: string, keys: Client['keys']): Promise<Client | null> =>
  firstOf(await rotate(sql, id, jwksOf(keys), uriOf(keys)));
