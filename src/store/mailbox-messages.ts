import { COLLECTS_WITHIN } from '../model/mailbox.ts';
import { attemptOfBundle } from '../model/message-ids.ts';
import { type Sql, statement } from './pool.ts';

const MAILBOX_OF = `lower(substring(t.facts->>'address' FROM '^mesh://([^/?]+)'))`;

/** Whether the answer to a message `m`, of a delivery of the key `k`, is still waited for. */
export const AWAITED = (m: string): string =>
  `EXISTS (SELECT FROM jsonb_array_elements(k.state->'copies') c WHERE c->>'id' = ${m}.delivery_id::text AND c ? 'answerBy')`;
/** What facts from before say nothing of. */
const COLLECTS = `make_interval(secs => coalesce((t.facts->'answersLater'->>'collectsWithin')::double precision, ${COLLECTS_WITHIN}) / 1000)`;

const note = statement<[string, string, string], never>(
  'note-in-mailbox',
  // Of one that is to be answered by a message MESH is asked only once it is late.
  `INSERT INTO mailbox_message (message_id, delivery_id, mailbox, look_by, ask_at)
   SELECT $2, d.id, $3, clock_timestamp() + ${COLLECTS},
          clock_timestamp() + CASE WHEN t.facts->'answersLater'->>'by' = 'mailbox-taken' THEN interval '0' ELSE ${COLLECTS} END
     FROM delivery d JOIN ledger_key k ON k.id = d.key_id JOIN destination t ON t.id = k.destination_id WHERE d.id = $1::uuid
   ON CONFLICT (message_id) DO NOTHING`,
);

/** Writes down that MESH has an attempt, under that id, in that mailbox. */
export const noteInMailbox = async (sql: Sql, deliveryId: string, messageId: string, mailbox: string): Promise<void> =>
  void (await note(sql, deliveryId, messageId, mailbox));

/** Whose a message of ours was. */
export interface SentTo {
  readonly deliveryId: string;
  readonly organization: string;
  readonly kind: string;
}
interface SentRow {
  readonly delivery_id: string;
  readonly ods: string;
  readonly kind: string;
}
const OWNED = `SELECT d.id AS delivery_id, r.ods, r.kind FROM delivery d JOIN ledger_key k ON k.id = d.key_id
     JOIN recipient r ON r.id = k.recipient_id JOIN destination t ON t.id = k.destination_id
    WHERE t.facts->>'channel' = 'mesh'`;

const reported = statement<[string, string], SentRow>(
  'mailbox-message-reported',
  `${OWNED} AND d.id = coalesce((SELECT m.delivery_id FROM mailbox_message m WHERE m.message_id = $1), nullif($2, '')::uuid)`,
);
const answeredFrom = statement<[string, string], SentRow>(
  'mailbox-message-answered',
  // From where it was put, or, where MESH's answer was lost and nobody wrote that down, from where its Endpoint is.
  `${OWNED} AND d.id = $1::uuid AND (${MAILBOX_OF} = lower($2) OR EXISTS (
      SELECT FROM mailbox_message m JOIN delivery a ON a.id = m.delivery_id WHERE a.key_id = d.key_id AND lower(m.mailbox) = lower($2)))`,
);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const sent = ([row]: readonly SentRow[]): SentTo | null =>
  row === undefined ? null : { deliveryId: row.delivery_id, organization: row.ods, kind: row.kind };

/** The attempt that a report of MESH is of, by the id that MESH gave it, or by our own; null where it is none of ours. */
export const reportedMessage = async (sql: Sql, linkedId: string, localId: string): Promise<SentTo | null> =>
  sent(await reported(sql, linkedId, UUID.test(localId) ? localId : ''));

/** Whose a message is that is answered from a mailbox, by its MessageHeader.id or Bundle.id; null where nothing of the kind was put there. */
export const messageAnsweredFrom = async (sql: Sql, id: string, mailbox: string): Promise<SentTo | null> =>
  UUID.test(id) ? sent(await answeredFrom(sql, attemptOfBundle(id) ?? id, mailbox)) : null;

const toTrack = statement<[number], { message_id: string; delivery_id: string; ods: string; kind: string; is_answer: boolean }>(
  'mailbox-messages-to-track',
  `SELECT m.message_id, m.delivery_id, r.ods, r.kind, coalesce(t.facts->'answersLater'->>'by' = 'mailbox-taken', false) AS is_answer
     FROM mailbox_message m JOIN delivery d ON d.id = m.delivery_id JOIN ledger_key k ON k.id = d.key_id JOIN destination t ON t.id = k.destination_id
     JOIN recipient r ON r.id = k.recipient_id WHERE m.ask_at <= clock_timestamp() AND m.left_at IS NULL ORDER BY m.ask_at LIMIT $1`,
);
const askAgain = statement<[string, number], never>(
  'track-again',
  // What lies there for longer than MESH keeps anything, it has reported on.
  `UPDATE mailbox_message SET ask_at = CASE WHEN taken_at > clock_timestamp() - interval '6 days'
                                             THEN clock_timestamp() + make_interval(secs => $2::double precision / 1000) END WHERE message_id = $1`,
);
const askNoMore = statement<[string], never>('track-no-more', 'UPDATE mailbox_message SET ask_at = NULL WHERE message_id = $1');

/** A message of which MESH is to be asked whether it was taken out of its mailbox. */
export interface ToTrack extends SentTo {
  readonly messageId: string;
  /** Whether that it was taken is all the answer that there will be. */
  readonly isAnswer: boolean;
}

/** Those of which MESH is to be asked now. */
export const messagesToTrack = async (sql: Sql, most: number): Promise<readonly ToTrack[]> =>
  (await toTrack(sql, most)).map((row) => ({
    messageId: row.message_id,
    deliveryId: row.delivery_id,
    organization: row.ods,
    kind: row.kind,
    isAnswer: row.is_answer,
  }));

/** When one of them is asked about next; `null`: never. */
export const trackAgain = async (sql: Sql, messageId: string, inMs: number | null): Promise<void> =>
  void (inMs === null ? await askNoMore(sql, messageId) : await askAgain(sql, messageId, inMs));

const takenOut = statement<[string], never>(
  'mailbox-messages-taken-out',
  // Who takes out, or answers, a message has looked into the mailbox after all that was put there before.
  `UPDATE mailbox_message m SET left_at = clock_timestamp() FROM delivery o JOIN delivery d ON d.key_id = o.key_id
    WHERE o.id = $1::uuid AND m.delivery_id = d.id AND m.left_at IS NULL AND (d.serial <= o.serial OR (d.epoch, d.count, d.action) = (o.epoch, o.count, o.action))`,
);
const givenBack = statement<[string], never>(
  'mailbox-message-given-back',
  'UPDATE mailbox_message SET left_at = clock_timestamp() WHERE delivery_id = $1::uuid AND left_at IS NULL',
);

/** An attempt, and what was sent before it for the same key, is known to lie in its mailbox no more. */
export const noteTakenOut = async (sql: Sql, deliveryId: string): Promise<void> => void (await takenOut(sql, deliveryId));

/** MESH has given an attempt back, or has not taken it. */
export const noteGivenBack = async (sql: Sql, deliveryId: string): Promise<void> => void (await givenBack(sql, deliveryId));
