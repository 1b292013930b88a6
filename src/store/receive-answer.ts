import type pg from 'pg';
import { answered } from '../decide/attempt.ts';
import { backoff } from '../decide/retry.ts';
import type { Instant } from '../model/instant.ts';
import type { Ledger, Outcome } from '../model/ledger.ts';
import { attemptOfBundle } from '../model/message-ids.ts';
import type { Principal } from '../model/principal.ts';
import { attention } from './attention.ts';
import { sealState } from './keys/sealed-state.ts';
import { factsOf, type KeyRow, lookAtKeys } from './look.ts';
import { statement, transaction } from './pool.ts';

/** An answer to a message of ours that came by a message of its own. */
export interface AnswerMessage {
  readonly principal: Principal;
  /** What it says that it answers: our Bundle (BaRS), or our MessageHeader (R4); or, as MESH tells of it, one attempt and no other. A UUID. */
  readonly names: { readonly bundle: string } | { readonly header: string } | { readonly attempt: string };
  /** `response.code`. */
  readonly code: string;
  readonly outcome: Outcome;
  /** What a person is told of, whatever the ledger makes of it; left out: nothing beside the rules of every answer. */
  readonly tells?: string;
}

/** `credited`: believed; `recorded`: it told nothing that still counts; `contrary`: the opposite was answered before, and a person is told. */
export type AnswerTold = 'credited' | 'recorded' | 'contrary';
/** What became of it; `unknown-message` and `message-of-another` look the same to whoever sent it (I6). */
export type AnswerReceived = AnswerTold | 'unknown-message' | 'message-of-another';

interface Found {
  readonly first: string;
  readonly key_id: string;
  readonly recipient_id: string;
  readonly action: 'update' | 'recall';
  readonly since: Date;
  readonly own: boolean;
}

// A retry repeats the ids of the first attempt, and what a person had sent once more its MessageHeader: all have the sequence of the first.
const messageNamed = statement<[string, string, string], Found>(
  'message-answered',
  `SELECT f.id AS first, d.key_id, k.recipient_id, d.action, f.since, (r.ods = $2 AND r.kind = $3) AS own
     FROM delivery d JOIN ledger_key k ON k.id = d.key_id JOIN recipient r ON r.id = k.recipient_id JOIN destination t ON t.id = k.destination_id
     CROSS JOIN LATERAL (SELECT a.id, a.since FROM delivery a WHERE a.key_id = d.key_id AND a.epoch = d.epoch AND a.count = d.count
                          AND a.action = d.action ORDER BY a.serial LIMIT 1) f
    WHERE d.id = $1::uuid AND t.facts->>'channel' IN ('fhir-messaging', 'mesh')`,
);
const attemptsOf = statement<[string], { id: string; begun_at: Date; outcome: string; headings: Ledger['copies'][number]['headings'] }>(
  'attempts-answered',
  `SELECT a.id, a.begun_at, a.outcome, a.headings FROM delivery f JOIN delivery a
       ON a.key_id = f.key_id AND a.epoch = f.epoch AND a.count = f.count AND a.action = f.action
    WHERE f.id = $1::uuid ORDER BY a.serial`,
);
const lockKey = statement<[string], { open: boolean }>(
  'lock-answered-key',
  'SELECT open_delivery IS NOT NULL AS open FROM ledger_key WHERE id = $1::uuid FOR UPDATE',
);
const credit = statement<[string, Ledger, Instant | null], never>(
  'credit-answer',
  // While the exchange goes on its own end says when it is looked at again: it meets another version of the row, and reads this one.
  `UPDATE ledger_key SET state = $2, version = version + 1,
          look_at = CASE WHEN open_delivery IS NOT NULL THEN look_at WHEN $3::double precision IS NULL THEN clock_timestamp()
                         ELSE least(look_at, to_timestamp($3::double precision / 1000)) END
    WHERE id = $1::uuid`,
);
const settleAnswered = statement<[string, string, string | null], never>(
  'settle-answered',
  `UPDATE delivery SET outcome = $2, because = $3, settled_at = clock_timestamp() WHERE id = $1::uuid AND outcome IN ('open', 'unknown', 'refused')`,
);
const note = statement<[string, string, AnswerTold], { times: number }>(
  'note-answer',
  `INSERT INTO message_answer (delivery_id, code, told) VALUES ($1::uuid, $2, $3)
   ON CONFLICT (delivery_id, code) DO UPDATE SET times = message_answer.times + 1, last_at = clock_timestamp() RETURNING times`,
);
const onTrail = statement<
  [string, string, string | null, string | null, string | null, string | null, string | null, string | null],
  never
>(
  'trail-of-answer',
  `INSERT INTO audit (event, organization, kind, caller, person_id, plan_id, key_id, delivery_id, because)
   VALUES ('answer', $1, $2, $3, $4::uuid, $5::uuid, $6::uuid, $7::uuid, $8)`,
);

const BACKOFF = { min: 1_000, max: 60_000 };

/**
 * Takes an answer that came by a message of its own: only from the recipient that the message went to, whenever it comes and however often. It is believed
 * where it still tells something, and never lowers what is believed. Calls `nudge` for the recipient whose key is to be looked at.
 */
export async function receiveAnswer(pool: pg.Pool, answer: AnswerMessage, nudge: (recipientId: string) => void): Promise<AnswerReceived> {
  const { principal, names } = answer;
  const id = 'bundle' in names ? attemptOfBundle(names.bundle) : 'attempt' in names ? names.attempt : names.header;
  const [found] = id === null ? [] : await messageNamed(pool, id, principal.organization, principal.kind);
  if (found === undefined || !found.own) {
    const because = found === undefined ? 'unknown-message' : 'message-of-another';
    await onTrail(pool, principal.organization, principal.kind, principal.user, null, null, null, null, because);
    return because;
  }
  const { told, row, isRefused } = await transaction(pool, (tx) => takeIn(tx, answer, found));
  if (told === 'credited') nudge(found.recipient_id);
  if (told === 'contrary') await attention(pool, lookOf(row), `${found.action}-answers-differ`);
  else if (answer.tells !== undefined && (told === 'credited' || row.state.last?.outcome !== 'accepted'))
    await attention(pool, lookOf(row), `${found.action}-${answer.tells}`);
  else if (told === 'credited' && isRefused) await attention(pool, lookOf(row), `${found.action}-unanswered`);
  return told;
}

async function takeIn(
  tx: pg.PoolClient,
  { principal, names, code, outcome }: AnswerMessage,
  found: Found,
): Promise<{ told: AnswerTold; row: KeyRow; isRefused: boolean }> {
  await lockKey(tx, found.key_id);
  const [row] = await lookAtKeys(tx, [found.key_id]);
  if (row === undefined) throw new Error('the key of a delivery is gone');
  const sameIds = await attemptsOf(tx, found.first);
  const attempts = 'attempt' in names ? sameIds.filter(({ id }) => id === names.attempt) : sameIds;
  const told = attempts.map((each) => ({ id: each.id, begunAt: each.begun_at.getTime(), headings: each.headings }));
  const before = row.state;
  const own = before.copies.findLast((copy) => told.some((each) => each.id === copy.id))?.id ?? before.last?.id ?? '';
  const heard = { attempts: told, kind: found.action, since: found.since.getTime(), outcome };
  const isRefused = outcome.kind === 'refused';
  const after = answered(before, heard, row.destination);
  const opposite = isRefused ? 'accepted' : 'refused';
  const isContrary = after === null && outcome.kind !== 'unknown' && attempts.some((each) => each.outcome === opposite);
  const what: AnswerTold = after !== null ? 'credited' : isContrary ? 'contrary' : 'recorded';
  const [noted] = await note(tx, found.first, code, what);
  if (after !== null) {
    const retryAt = Number(row.now) + backoff(after.failures, BACKOFF.min, BACKOFF.max, Math.random());
    await credit(tx, found.key_id, sealState(row.key, found.key_id, after), outcome.kind === 'accepted' ? null : retryAt);
    if (attempts.some(({ id }) => id === own)) await settleAnswered(tx, own, outcome.kind, 'because' in outcome ? outcome.because : null);
  }
  // What is only repeated leaves no second row on the trail.
  if (after !== null || noted?.times === 1)
    await onTrail(tx, principal.organization, principal.kind, principal.user, row.person_id, row.plan_id, found.key_id, found.first, null);
  return { told: what, row, isRefused };
}

const lookOf = (row: KeyRow): Parameters<typeof attention>[1] => ({
  facts: factsOf(row, row.destination),
  ledger: row.state,
  generation: Number(row.generation),
  stamp: '',
  now: Number(row.now),
  row,
  seenAt: performance.now(),
});
