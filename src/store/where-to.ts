import type pg from 'pg';
import type { CredentialInUse } from '../model/credential.ts';
import { inBatches } from './in-batches.ts';
import { openCredential } from './keys/sealed-credential.ts';
import { AlteredText } from './keys/sealed-text.ts';
import { type Sql, statement } from './pool.ts';

/** Who would get an attempt now: Endpoint, recipient, address and credential, as one row of one statement has them. */
export interface WhereTo {
  readonly endpointId: string;
  readonly recipientId: string;
  readonly ods: string;
  /** The address that it has now: an attempt to another one is a recall of what lies there. */
  readonly address: string;
  /**
   * Null where the attempt's address has none; `mixed-up` where what is there was not made for exactly this Endpoint, recipient and address,
   * or the Endpoint itself has another address. */
  readonly credential: CredentialInUse | 'mixed-up' | null;
}

/** An attempt that is about to be made. */
interface Asked {
  readonly key: string;
  readonly address: string;
}

interface Row {
  readonly at: string;
  readonly endpoint_id: string;
  readonly recipient_id: string;
  readonly ods: string;
  readonly address: string;
  /** As the Endpoint itself says it; null for a Subscription. */
  readonly said: string | null;
  readonly version: string | null;
  readonly sealed: string | null;
  /** As the credential's row has it. */
  readonly meant_for: string | null;
  readonly standing: 'prepared' | 'in-use' | 'left' | null;
  readonly in_use_elsewhere: boolean;
}

const OF_DESTINATION = `d.id AS endpoint_id, d.recipient_id, r.ods, d.facts->>'address' AS address,
            (SELECT e.body::json->>'address' FROM resource e WHERE e.type = 'Endpoint' AND e.id = d.id) AS said, c.version, c.sealed, c.recipient_id AS meant_for, c.standing,
            EXISTS (SELECT FROM endpoint_credential o
                     WHERE o.destination_id = d.id AND o.standing = 'in-use' AND o.address <> d.facts->>'address') AS in_use_elsewhere`;
const whereTo = statement<[string], Row>(
  'where-to',
  `SELECT asked.at, one.* FROM jsonb_array_elements($1) WITH ORDINALITY AS asked(it, at) CROSS JOIN LATERAL (
     SELECT ${OF_DESTINATION}
       FROM ledger_key k JOIN destination d ON d.id = k.destination_id JOIN recipient r ON r.id = d.recipient_id
       LEFT JOIN endpoint_credential c ON c.destination_id = d.id AND c.address = asked.it->>'address'
      WHERE k.id = (asked.it->>'key')::uuid OFFSET 0) one`,
);

const whereToCheck = statement<[string, string], Row>(
  'where-to-check',
  `SELECT 1 AS at, ${OF_DESTINATION}
     FROM destination d JOIN recipient r ON r.id = d.recipient_id
     LEFT JOIN endpoint_credential c ON c.destination_id = d.id AND c.address = $2 WHERE d.id = $1`,
);

const credentialOf = (sql: Sql, row: Row, asked: Pick<Asked, 'address'>): WhereTo['credential'] => {
  // The fact was made of the Endpoint, and nobody changes the one without the other.
  if (row.said !== null && row.said !== row.address) return 'mixed-up';
  // An Endpoint does not get away from its credential but by being moved, which leaves it (destination-fact.ts).
  if (row.in_use_elsewhere || row.standing === 'prepared') return 'mixed-up';
  if (row.version === null || row.sealed === null) return null;
  if (row.meant_for !== row.recipient_id) return 'mixed-up';
  const of = { version: row.version, endpointId: row.endpoint_id, recipientId: row.recipient_id, address: asked.address };
  try {
    return { ...openCredential(sql, of, row.sealed), version: of.version, endpointId: of.endpointId, address: of.address };
  } catch (fault) {
    if (fault instanceof AlteredText) return 'mixed-up';
    throw fault;
  }
};

/** Reads where attempts go, those of the same moment in one statement; null where a key is gone. */
export const openWhereTo = (pool: pg.Pool): ((keyId: string, address: string) => Promise<WhereTo | null>) => {
  const read = inBatches<Asked, WhereTo | null>(
    async (asked) => {
      const found = new Map((await whereTo(pool, JSON.stringify(asked))).map((row) => [Number(row.at), row]));
      return asked.map((one, index) => {
        const row = found.get(index + 1);
        if (row === undefined) return null;
        const { endpoint_id: endpointId, recipient_id: recipientId, ods, address } = row;
        return { endpointId, recipientId, ods, address, credential: credentialOf(pool, row, one) };
      });
    },
    { most: 32, atOnce: 1 },
  );
  return (key, address) => read({ key, address });
};

/** By what the broker proves itself at an address that is checked, read as for an attempt. */
export async function credentialToCheck(sql: Sql, endpointId: string, address: string): Promise<WhereTo['credential']> {
  const [row] = await whereToCheck(sql, endpointId, address);
  return row === undefined ? null : credentialOf(sql, row, { address });
}
