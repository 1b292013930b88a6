import type pg from 'pg';
import { fromAck } from '../../mappings/mdm/from-ack.ts';
import { fieldOf, readHl7 } from '../../mappings/mdm/read-hl7.ts';
import type { Acknowledgement } from '../model/recipient.ts';
import { acknowledged, type Answering, type Credit } from './acknowledged.ts';
import type { StoredLedger } from './ledger.ts';
import { statement } from './pool.ts';

const awaited = statement<
  [string],
  { recipient_id: string; action: 'update' | 'recall'; carries: boolean; table: readonly Acknowledgement[] }
>(
  'awaited-answer',
  `SELECT m.recipient_id, d.action, m.carries, t.facts->'acknowledgements' AS table
     FROM sent_message m JOIN delivery d ON d.id = m.delivery_id JOIN ledger_key k ON k.id = d.key_id JOIN destination t ON t.id = k.destination_id
    WHERE m.control_id = $1`,
);

/**
 * Takes an application acknowledgement in HL7 v2 (AA, AE, AR with the MSH-10 of our message in MSA-2) and credits it by the table of the destination
 * that the message went to. Answers what it did, and to which recipient; nobody where no message is known by it.
 */
export async function takeAcknowledgement(
  pool: pg.Pool,
  ledger: StoredLedger,
  from: Answering,
  text: string,
): Promise<{ readonly credit: Credit; readonly recipientId: string | null }> {
  const id = fieldOf(readHl7(text) ?? [], 'MSA', 2);
  const [message] = id === '' ? [] : await awaited(pool, id);
  if (message === undefined) return { credit: 'not-theirs', recipientId: null };
  const action = message.action === 'recall' || !message.carries ? 'recall' : 'update';
  const credit = await acknowledged(pool, ledger, id, from, fromAck(text, id, message.table, action));
  return { credit, recipientId: credit === 'not-theirs' ? null : message.recipient_id };
}
