import { carriesPlan } from '../../mappings/mdm/carries-plan.ts';
import { fromParcel } from '../../mappings/mdm/parcel.ts';
import { fieldOf, readHl7 } from '../../mappings/mdm/read-hl7.ts';
import { statement, type Sql } from './pool.ts';

/** Where an attempt's messages go. */
export interface SentTo {
  readonly recipientId: string;
  readonly address: string;
}

const note = statement<[string, string, string, string], never>(
  'note-sent-messages',
  `INSERT INTO sent_message (control_id, delivery_id, position, carries, recipient_id, address)
   SELECT m.id, $1::uuid, m.position, m.carries, $2, $3 FROM jsonb_to_recordset($4::jsonb) AS m(id text, position smallint, carries boolean)
   ON CONFLICT (control_id) DO UPDATE SET delivery_id = excluded.delivery_id`,
);

/** Whether the messages of a parcel may be answered after their exchange: they ask for it in MSH-15 and 16. */
export const isAnsweredLater = (bytes: string): boolean => fieldOf(readHl7(bytes.slice(0, bytes.indexOf('\r'))) ?? [], 'MSH', 15) === 'AL';

/** Notes the messages of an attempt by their MSH-10, before the wire, where they may be answered later; a retry takes those of its first over. */
export async function noteSent(sql: Sql, deliveryId: string, { recipientId, address }: SentTo, bytes: string): Promise<void> {
  if (!isAnsweredLater(bytes)) return;
  const messages = fromParcel(bytes).map((message, position) => ({
    id: fieldOf(readHl7(message) ?? [], 'MSH', 10),
    position,
    carries: carriesPlan(message),
  }));
  await note(sql, deliveryId, recipientId, address, JSON.stringify(messages));
}
