import type pg from 'pg';
import { unescapeHl7 } from '../../mappings/mdm/escape.ts';
import { fromParcel } from '../../mappings/mdm/parcel.ts';
import { fieldOf, readHl7 } from '../../mappings/mdm/read-hl7.ts';
import type { Copy } from '../model/copy.ts';
import type { Heading } from '../model/heading.ts';
import { type SealedLedger, sealState } from './keys/sealed-state.ts';
import type { StoredLedger } from './ledger.ts';
import { statement } from './pool.ts';

interface Refused {
  readonly key_id: string;
  readonly recipient_id: string;
  readonly address: string;
  readonly digest: string;
  readonly headings: readonly Heading[];
  readonly document_id: string;
  readonly epoch: number;
  readonly count: string;
}

const refusedUpdate = statement<[string], Refused>(
  'refused-update',
  `SELECT d.key_id, k.recipient_id, m.address, d.digest, d.headings, d.document_id, d.epoch, d.count
     FROM delivery d JOIN ledger_key k ON k.id = d.key_id JOIN sent_message m ON m.delivery_id = d.id
    WHERE d.id = $1 AND d.outcome = 'refused' AND d.action = 'update' LIMIT 1`,
);
// An attempt that is open meanwhile works its outcome into what is there then, as it does after a read.
const believe = statement<[string, string, SealedLedger], { kept: string }>(
  'held-after-all',
  `WITH kept AS (UPDATE ledger_key SET state = $3, version = version + 1, rank = 0, look_at = least(look_at, clock_timestamp())
                  WHERE id = $1 AND version = $2 RETURNING id)
   SELECT count(*) AS kept FROM kept`,
);

/**
 * An update that was refused and is accepted after all, as when an operator of the receiver has an errored message processed again: what
 * cannot be disproved, they hold (I2). It has a copy again, by its own document and under the number that it carried, for the next step to take
 * back or to replace. False where the delivery was no refused update.
 */
export async function heldAfterAll(pool: pg.Pool, ledger: StoredLedger, deliveryId: string): Promise<boolean> {
  const [delivery] = await refusedUpdate(pool, deliveryId);
  if (delivery === undefined) return false;
  const { key_id, recipient_id, address, digest, headings, document_id, epoch, count } = delivery;
  for (;;) {
    const look = await ledger.look({ keyId: key_id, recipientId: recipient_id, fence: 0, may: 'look' });
    // The person was erased: under which number it went nobody can say any more.
    if (look.row.key === null) return false;
    const { parcel } = await ledger.repeated(deliveryId);
    const identity = 'bytes' in parcel && typeof parcel.bytes === 'string' ? identityOf(parcel.bytes) : '-';
    if (look.ledger.copies.some(({ documentId }) => documentId === document_id)) return true;
    const copy: Copy = {
      id: deliveryId,
      place: { address, identity },
      effect: digest,
      headings,
      documentId: document_id,
      sequence: { epoch, count: Number(count) },
      state: 'uncertain',
      // An attempt that is under way knew nothing of it, and did not take it back.
      againAt: look.now + look.facts.destination.lifetime,
      acceptedSince: false,
    };
    const state = sealState(look.row.key, key_id, { ...look.ledger, copies: [...look.ledger.copies, copy] });
    const [kept] = await believe(pool, key_id, look.row.key_version, state);
    if (Number(kept?.kept ?? 0) > 0) return true;
  }
}

/** `Place.identity` as the last message of a parcel carried it. */
const identityOf = (bytes: string): string => {
  const ids = fieldOf(readHl7(fromParcel(bytes).at(-1) ?? '') ?? [], 'PID', 3).split('~');
  const number = ids.map((id) => id.split('^')).find((parts) => parts[4] === 'NH')?.[0];
  return number === undefined ? '-' : unescapeHl7(number);
};
