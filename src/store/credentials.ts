import { randomUUID } from 'node:crypto';
import type { Credential } from '../model/credential.ts';
import { openCredential, sealCredential } from './keys/sealed-credential.ts';
import { type Sql, statement } from './pool.ts';

/** The Endpoint that a credential is for, as it is now. */
export interface EndpointNow {
  readonly id: string;
  readonly recipientId: string;
  readonly channel: string;
  readonly address: string;
}

/** A credential as it may be shown: ids, thumbprints and dates, and no secret. */
export interface ShownCredential {
  readonly address: string;
  readonly standing: 'prepared' | 'in-use' | 'left';
  readonly version: string;
  readonly since: Date;
  readonly shown: object;
}

const endpointNow = statement<[string], EndpointNow>(
  'endpoint-now',
  `SELECT id, recipient_id AS "recipientId", facts->>'channel' AS channel, facts->>'address' AS address
     FROM destination WHERE id = $1 AND facts->>'channel' NOT IN ('subscription', 'pull')`,
);
const all = statement<[string], ShownCredential>(
  'credentials-of-endpoint',
  'SELECT address, standing, version, since, shown FROM endpoint_credential WHERE destination_id = $1 ORDER BY since, address',
);
const sealedOf = statement<[string, string], { version: string; sealed: string }>(
  'credential-to-rotate',
  'SELECT version, sealed FROM endpoint_credential WHERE destination_id = $1 AND address = $2 FOR UPDATE',
);
const put = statement<[string, string, string, string, object, string], { version: string }>(
  'put-credential',
  `INSERT INTO endpoint_credential (destination_id, address, recipient_id, version, shown, sealed, standing)
   SELECT d.id, $2, $3, $4::uuid, $5, $6, CASE WHEN d.facts->>'address' = $2 THEN 'in-use' ELSE 'prepared' END FROM destination d WHERE d.id = $1 FOR SHARE
   ON CONFLICT DO NOTHING RETURNING version`,
);
const change = statement<[string, string, string, object, string], never>(
  'rotate-credential',
  `UPDATE endpoint_credential SET version = $3, shown = $4, sealed = $5, since = clock_timestamp() WHERE destination_id = $1 AND address = $2`,
);
const remove = statement<[string, string], { version: string }>(
  'remove-credential',
  'DELETE FROM endpoint_credential WHERE destination_id = $1 AND address = $2 RETURNING version',
);

/** An Endpoint to which messages go; null where there is none. */
export const findEndpoint = async (sql: Sql, id: string): Promise<EndpointNow | null> => (await endpointNow(sql, id))[0] ?? null;

/** Every credential of an Endpoint, the oldest first. */
export const credentialsOf = (sql: Sql, endpointId: string): Promise<readonly ShownCredential[]> => all(sql, endpointId);

/** Gives an Endpoint a credential for an address: in use at once, or prepared where it has another address. False where one is there. */
export async function giveCredential(
  sql: Sql,
  endpoint: EndpointNow,
  address: string,
  credential: Credential,
  shown: object,
): Promise<boolean> {
  const version = randomUUID();
  const sealed = sealCredential(sql, { version, endpointId: endpoint.id, recipientId: endpoint.recipientId, address }, credential);
  return (await put(sql, endpoint.id, address, endpoint.recipientId, version, shown, sealed)).length > 0;
}

/** Puts another credential in the place of one, inside a transaction: attempts that read it from now on use the new one. False where there is none. Throws AlteredText. */
export const rotateCredential = async (
  tx: Sql,
  endpoint: EndpointNow,
  address: string,
  next: (before: Credential) => Promise<{ readonly credential: Credential; readonly shown: object }>,
): Promise<boolean> => {
  const [row] = await sealedOf(tx, endpoint.id, address);
  if (row === undefined) return false;
  const of = { endpointId: endpoint.id, recipientId: endpoint.recipientId, address };
  const { credential, shown } = await next(openCredential(tx, { ...of, version: row.version }, row.sealed));
  const version = randomUUID();
  await change(tx, endpoint.id, address, version, shown, sealCredential(tx, { ...of, version }, credential));
  return true;
};

/** Takes a credential away for good: what is sent to the address from now on goes without. False where there is none. */
export const removeCredential = async (sql: Sql, endpointId: string, address: string): Promise<boolean> =>
  (await remove(sql, endpointId, address)).length > 0;

const stand = statement<[string, string], never>(
  'credentials-stand',
  `UPDATE endpoint_credential SET standing = CASE WHEN address = $2 THEN 'in-use' ELSE 'left' END
    WHERE destination_id = $1 AND ((address = $2 AND standing <> 'in-use') OR (address <> $2 AND standing = 'in-use'))`,
);

/** The Endpoint has this address now: its credential is in use, and that of the address before is left behind, for the recalls there. */
export const moveCredentials = async (sql: Sql, endpointId: string, address: string): Promise<void> =>
  void (await stand(sql, endpointId, address));

// An attempt that is on its way has left its copy there, before the wire.
const forget = statement<[], { destination_id: string }>(
  'forget-left-credentials',
  `DELETE FROM endpoint_credential c WHERE c.standing = 'left' AND NOT EXISTS (
     SELECT FROM ledger_key k WHERE k.destination_id = c.destination_id
        AND k.state->'copies' @> jsonb_build_array(jsonb_build_object('place', jsonb_build_object('address', c.address))))
   RETURNING c.destination_id`,
);

const ending = statement<[number], { count: string }>(
  'certificates-ending',
  `SELECT count(*) FROM endpoint_credential
    WHERE standing <> 'left' AND (shown->'certificate'->>'not_after')::timestamptz < clock_timestamp() + $1 * interval '1 day'`,
);

/** How many certificates run out within so many days, or have. */
export const certificatesEnding = async (sql: Sql, days: number): Promise<number> => Number((await ending(sql, days))[0]?.count ?? 0);

/** Removes credentials of addresses that were left, once nothing lies there and nothing may still: answers how many. */
export const forgetLeftCredentials = async (sql: Sql): Promise<number> => (await forget(sql)).length;
