import type pg from 'pg';
import { settled } from '../decide/attempt.ts';
import type { MessageOutcome } from '../decide/combine-outcomes.ts';
import { combineOutcomes } from '../decide/combine-outcomes.ts';
import type { Instant } from '../model/instant.ts';
import type { Attempt, LastAttempt, Ledger, Outcome } from '../model/ledger.ts';
import { attention } from './attention.ts';
import { heldAfterAll } from './held-after-all.ts';
import { type SealedLedger, sealState } from './keys/sealed-state.ts';
import type { StoredLedger } from './ledger.ts';
import { type Sql, statement } from './pool.ts';

/** Who answers: an organisation as a kind of service that proved who it is, or whoever is at an address that the broker connected to. */
export type Answering = { readonly organization: string; readonly kind: string } | { readonly address: string };

/**
 * What an answer did. `settled`: its delivery has that outcome now. `noted`: it is on record, and settles nothing yet, or nothing any more: others of its
 * parcel are not answered, the delivery is still under way, or it was followed by a newer one. `believed`: what was refused before is believed to lie there after
 * all, and is taken back or replaced next. `not-theirs`: no message of ours to them has this id.
 */
export type Credit = 'settled' | 'noted' | 'believed' | 'not-theirs';

const sentTo = statement<[string, string | null, string | null, string | null], { delivery_id: string; carries: boolean }>(
  'sent-message-to',
  `SELECT delivery_id, carries FROM sent_message
    WHERE control_id = $1 AND (address = $2 OR recipient_id IN (SELECT id FROM recipient WHERE ods = $3 AND kind = $4))`,
);
// What was accepted once is so: a refusal that comes after it, or again, lowers nothing.
const keepAnswer = statement<[string, Outcome], never>(
  'keep-answer',
  `UPDATE sent_message SET answer = $2::jsonb, answered_at = clock_timestamp()
    WHERE control_id = $1 AND (answer IS NULL OR (answer->>'kind' <> 'accepted' AND $2::jsonb->>'kind' = 'accepted'))`,
);
const messagesOf = statement<[string], { carries: boolean; answer: Outcome | null }>(
  'sent-messages-of',
  'SELECT carries, answer FROM sent_message WHERE delivery_id = $1 ORDER BY position',
);
const deliveryThatIs = statement<[string, Outcome['kind']], { key_id: string; recipient_id: string; begun: number; before: number }>(
  'delivery-that-is',
  `SELECT d.key_id, k.recipient_id, extract(epoch FROM d.begun_at)::double precision * 1000 AS begun,
          extract(epoch FROM d.send_before)::double precision * 1000 AS before
     FROM delivery d JOIN ledger_key k ON k.id = d.key_id WHERE d.id = $1 AND d.outcome = $2`,
);
// Over the exact version of the row that was read, and not while an attempt is open: whoever looked before looks again.
const settleLate = statement<[string, string, SealedLedger, Instant, string, string, string | null], { kept: string }>(
  'settle-late',
  `WITH kept AS (UPDATE ledger_key SET state = $3, version = version + 1, rank = 0, look_at = to_timestamp($4::double precision / 1000)
                  WHERE id = $1 AND version = $2 AND open_delivery IS NULL RETURNING id),
   done AS (UPDATE delivery SET outcome = $6, because = $7, settled_at = clock_timestamp() WHERE id = $5 AND EXISTS (SELECT FROM kept))
   SELECT count(*) AS kept FROM kept`,
);

/**
 * An application acknowledgement of HL7 v2 that came after its exchange (enhanced mode): credited to the message that it names, if that went to whoever
 * answers. It raises what is believed and never lowers it: only a delivery of unknown fate that nothing followed is settled by it.
 */
export async function acknowledged(
  pool: pg.Pool,
  ledger: StoredLedger,
  messageControlId: string,
  from: Answering,
  outcome: Outcome,
): Promise<Credit> {
  const [sent] = await sentTo(
    pool,
    messageControlId,
    'address' in from ? from.address : null,
    'organization' in from ? from.organization : null,
    'organization' in from ? from.kind : null,
  );
  if (sent === undefined) return 'not-theirs';
  await noteAnswer(pool, messageControlId, outcome);
  const credit = await settleAnswered(pool, ledger, sent.delivery_id);
  if (credit === 'noted' && sent.carries && outcome.kind === 'accepted' && (await heldAfterAll(pool, ledger, sent.delivery_id)))
    return 'believed';
  if (credit === 'noted' && outcome.kind === 'refused') await tellOfRefusal(pool, ledger, sent.delivery_id);
  return credit;
}

/** What was accepted and is refused later, as by an application after CA counted: nothing is lowered, and a person is told (I12). */
async function tellOfRefusal(pool: pg.Pool, ledger: StoredLedger, deliveryId: string): Promise<void> {
  const [delivery] = await deliveryThatIs(pool, deliveryId, 'accepted');
  if (delivery === undefined) return;
  const look = await ledger.look({ keyId: delivery.key_id, recipientId: delivery.recipient_id, fence: 0, may: 'look' });
  if (look.ledger.last?.id === deliveryId) await attention(pool, look, `${look.ledger.last.kind}-refused-later`);
}

/** Puts an answer on record. What is unknown is none. */
export async function noteAnswer(sql: Sql, messageControlId: string, outcome: Outcome): Promise<void> {
  if (outcome.kind !== 'unknown') await keepAnswer(sql, messageControlId, outcome);
}

/** Settles a delivery of unknown fate by the answers on record, once each of its messages has one. */
export async function settleAnswered(pool: pg.Pool, ledger: StoredLedger, deliveryId: string): Promise<Credit> {
  const messages = await messagesOf(pool, deliveryId);
  const outcomes = messages.flatMap(({ carries, answer }): MessageOutcome[] => (answer === null ? [] : [{ carries, outcome: answer }]));
  const [first, ...more] = outcomes;
  if (first === undefined || outcomes.length < messages.length) return 'noted';
  for (;;) {
    const [delivery] = await deliveryThatIs(pool, deliveryId, 'unknown');
    if (delivery === undefined) return 'noted';
    const look = await ledger.look({ keyId: delivery.key_id, recipientId: delivery.recipient_id, fence: 0, may: 'look' });
    const { last } = look.ledger;
    if (last === null || last.id !== deliveryId || last.outcome !== 'unknown') return 'noted';
    const outcome = combineOutcomes(last.kind, [first, ...more]);
    if (outcome.kind === 'unknown') return 'noted';
    const { destination } = look.facts;
    const after = settled(look.ledger, attemptOf(look.ledger, last, delivery.begun, delivery.before), outcome, destination);
    const because = outcome.kind === 'refused' ? outcome.because : null;
    const lookAt = outcome.kind === 'accepted' ? look.now : look.now + ledger.waitAfter(after.failures, because, destination);
    const state = sealState(look.row.key, delivery.key_id, after);
    const [kept] = await settleLate(pool, delivery.key_id, look.row.key_version, state, lookAt, deliveryId, outcome.kind, because);
    if (Number(kept?.kept ?? 0) === 0) continue;
    if (outcome.kind === 'refused') await attention(pool, look, `${last.kind}-unanswered`);
    return 'settled';
  }
}

/** The last attempt as it was begun. */
const attemptOf = (ledger: Ledger, last: LastAttempt, begunAt: Instant, sendBefore: Instant): Attempt => {
  const { id, kind, place, effect, documents, sequence, documentId, parent = null, since } = last;
  const headings = ledger.copies.find((copy) => copy.id === id)?.headings ?? [];
  const action: Attempt['action'] =
    kind === 'recall' || effect === null
      ? { kind: 'recall', place, documents, retryOf: null }
      : { kind: 'update', place, effect, headings, parent, stale: [], retryOf: null };
  return { id, action, sequence, documentId, begunAt, since, sendBefore };
};
