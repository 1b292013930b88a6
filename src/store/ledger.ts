import type pg from 'pg';
import { begun, isUnanswered, nextSequence, settled } from '../decide/attempt.ts';
import { decidedBy } from '../decide/decided-by.ts';
import type { Protections } from '../decide/protections.ts';
import { PROTECTED } from '../decide/protections.ts';
import { recallRoad } from '../decide/recall-road.ts';
import { backoff } from '../decide/retry.ts';
import type { Facts } from '../model/facts.ts';
import { isCommittedOnly } from '../model/hl7v2-ways.ts';
import type { Instant } from '../model/instant.ts';
import { HOUR } from '../model/instant.ts';
import type { Action, Attempt, Desired, Ledger, Move, Outcome } from '../model/ledger.ts';
import { holds } from '../model/ledger.ts';
import type { Destination } from '../model/recipient.ts';
import { NOT_BOUND } from '../model/websocket.ts';
import { attention, attentionId, calm, failuresBeforeATask, isOutOfTouch } from './attention.ts';
import { openBegin } from './begin-delivery.ts';
import { endByHand, isAskedOfPeople } from './by-hand-task.ts';
import type { ClaimedKey } from './claim.ts';
import { claim } from './claim.ts';
import { inBatches } from './in-batches.ts';
import type { KeyRow } from './look.ts';
import { factsOf, lookAtKeys, stampOf } from './look.ts';
import { sealParcel } from './keys/sealed-parcel.ts';
import { openState, type SealedLedger, sealState } from './keys/sealed-state.ts';
import { statement } from './pool.ts';
import { claimWithinPace, type PacedAsk, type PacedClaims } from './pace/claim-paced.ts';
import { type Noted, noteDelivery } from './pace/note-delivery.ts';
import type { Pace } from './pace/pace-row.ts';
import { releaseKey, restKey } from './rest-key.ts';
import { openSettle, type Settled, type Settlement } from './settle-delivery.ts';
import { isAskedByTask, takeBackTasks } from './recall-task.ts';
import { type Frozen, repeated } from './repeated.ts';

/** What one look at a key saw, in one snapshot. */
export interface StoredLook {
  readonly facts: Facts;
  readonly ledger: Ledger;
  readonly generation: number;
  readonly stamp: string;
  readonly now: Instant;
  readonly row: KeyRow;
  /** `performance.now()` before the look: monotonic deadlines are counted from here. */
  readonly seenAt: number;
}

/** Milliseconds, all of them. */
export interface LedgerLimits {
  readonly lease: number;
  readonly sendBefore: number;
  readonly backoffMin: number;
  readonly backoffMax: number;
}

const keyState = statement<[string, number], { state: SealedLedger; version: string }>(
  'key-state',
  'SELECT state, version FROM ledger_key WHERE id = $1 AND fence = $2',
);

/** The ledger on PostgreSQL: what each destination may hold, and each attempt, before the wire. */
export class StoredLedger {
  readonly #pool: pg.Pool;
  readonly #limits: LedgerLimits;
  readonly #epoch: number;
  readonly #on: Protections;

  // Keys that are looked at at the same moment are read in one statement: a third of the time for each (measured). One statement at a time, as for
  // words and outcomes: with four, most held a single key, and a delivery took a tenth longer (measured).
  readonly #rowOf: (keyId: string) => Promise<KeyRow | undefined>;
  readonly #begin: ReturnType<typeof openBegin>;
  readonly #settle: (settlement: Settlement) => Promise<Settled>;

  constructor(pool: pg.Pool, limits: LedgerLimits, epoch: number, on: Protections = PROTECTED) {
    this.#pool = pool;
    this.#begin = openBegin(pool, limits.lease, on);
    this.#settle = openSettle(pool);
    this.#rowOf = inBatches(
      async (ids) => {
        const rows = new Map((await lookAtKeys(pool, ids)).map((row) => [row.key_id, row]));
        return ids.map((id) => rows.get(id));
      },
      { most: 32, atOnce: 1 },
    );
    this.#limits = limits;
    this.#epoch = epoch;
    this.#on = on;
  }

  claim(recipientId: string, most: number): Promise<readonly ClaimedKey[]> {
    return claim(this.#pool, recipientId, most, this.#limits.lease, this.#on.settleExpired);
  }

  /** The same of a recipient that is paced, within its pace: an open breaker lets a key through each `backoffMax`, and a recall each `backoffMin`. */
  claimWithinPace(ask: PacedAsk): Promise<PacedClaims> {
    const { lease, backoffMin, backoffMax } = this.#limits;
    return claimWithinPace(this.#pool, ask, { lease, probeEvery: backoffMax, recallEvery: backoffMin }, this.#on.settleExpired);
  }

  /** Works what a delivery says of its recipient into its breaker. */
  note(recipientId: string, noted: Noted, operator: string): Promise<Pace> {
    return noteDelivery(this.#pool, recipientId, noted, { operator, probeEvery: this.#limits.backoffMax });
  }

  async look(claimed: ClaimedKey): Promise<StoredLook> {
    const seenAt = performance.now();
    const row = await this.#rowOf(claimed.keyId);
    if (row === undefined) throw new Error('a claimed key is gone');
    return {
      facts: factsOf(row, row.destination),
      ledger: row.state,
      generation: Number(row.generation),
      stamp: `${row.person_epoch}.${row.pair_epoch}.${row.recipient_epoch}.${row.key_version}`,
      now: Number(row.now),
      row,
      seenAt,
    };
  }

  /** The attempt that a move would be, with ids and time-limits; nothing is written. */
  plan(look: StoredLook, want: Desired, move: Move, id: string, documentId: string): Attempt {
    const until = holds(want) ? want.until : null;
    return {
      id,
      action: move,
      sequence: nextSequence(look.ledger, move, this.#epoch),
      documentId: move.retryOf?.documentId ?? documentId,
      begunAt: look.now,
      since: move.retryOf?.since ?? look.now,
      sendBefore: Math.min(look.now + this.#limits.sendBefore, until ?? Number.POSITIVE_INFINITY),
    };
  }

  /**
   * Writes the attempt down before the wire; null, and nothing written, when anything that the look saw has changed. Otherwise the
   * number of its notification, 0 on roads that count none.
   */
  async begin(claimed: ClaimedKey, look: StoredLook, want: Desired, attempt: Attempt, frozen: Frozen): Promise<number | null> {
    const { action, sequence } = attempt;
    const update = action.kind === 'update' ? action : null;
    const isNumbered = look.facts.destination.channel === 'subscription';
    return this.#begin(
      {
        key: claimed.keyId,
        fence: claimed.fence,
        version: look.row.key_version,
        stamp: stampOf(look.row),
        until: want.until,
        state: sealState(look.row.key, claimed.keyId, begun(look.ledger, attempt, look.facts.destination, this.#on)),
        attempt: {
          id: attempt.id,
          action: action.kind,
          epoch: sequence.epoch,
          count: sequence.count,
          begunAt: attempt.begunAt,
          since: attempt.since,
          sendBefore: attempt.sendBefore,
          digest: update?.effect ?? null,
          headings: update?.headings ?? [],
          documentId: attempt.documentId,
          repeats: frozen.repeats,
          ...(isNumbered ? { notifies: look.facts.destination.id } : {}),
        },
        parcel: frozen.repeats === null ? sealParcel(look.row.key, attempt.id, frozen.parcel) : null,
        trail: {
          event: update === null ? 'recall' : 'disclose',
          organization: look.facts.recipient.ods,
          kind: look.facts.recipient.kind,
          plan: look.facts.plan.id,
          purpose: holds(want) ? want.purpose : null,
          because: 'nothing' in want ? want.because : null,
          decidedBy: decidedBy(look.facts, want, look.now),
        },
      },
      // A recall shares with nobody: it would wait until those before it are written.
      isNumbered || update === null,
    );
  }

  /** The bytes and ids that a retry repeats. */
  repeated(deliveryId: string): Promise<Frozen> {
    return repeated(this.#pool, deliveryId);
  }

  /**
   * Milliseconds until the next try. What a destination has committed to storage is not sent again until its application has had its time, and then
   * while its id is remembered there: `lifetime`.
   */
  waitAfter(failures: number, because: string | null, { lifetime, hl7v2 }: Pick<Destination, 'lifetime' | 'hl7v2'>): number {
    const { backoffMin, backoffMax } = this.#limits;
    if (isCommittedOnly(because, hl7v2)) return Math.min(backoffMax, Math.max(backoffMin, lifetime / 2));
    return backoff(
      failures,
      backoffMin,
      isAskedByTask(because) || isAskedOfPeople(because) ? Math.max(backoffMax, HOUR) : backoffMax,
      Math.random(),
    );
  }

  /** Gives a claim back unused. Fenced. */
  async release(claimed: ClaimedKey): Promise<void> {
    await releaseKey(this.#pool, claimed.keyId, claimed.fence);
  }

  /** Writes the outcome. A read that came meanwhile has changed the row: then the outcome is worked into what is there now. */
  async settle(
    claimed: ClaimedKey,
    look: StoredLook,
    attempt: Attempt,
    outcome: Outcome,
    next: (ledger: Ledger, now: Instant) => Action,
  ): Promise<void> {
    const { destination } = look.facts;
    const now = look.now + (performance.now() - look.seenAt);
    let before = begun(look.ledger, attempt, destination, this.#on);
    let version = String(BigInt(look.row.key_version) + 1n);
    let isUndisturbed = true;
    for (;;) {
      const after = settled(before, attempt, outcome, destination, this.#on);
      // By another road an answer may have come while this one was still being waited for.
      const isAwaited = after.copies.some((copy) => copy.id === attempt.id && copy.answerBy !== undefined);
      const isHeard = outcome.kind === 'accepted' || (after.last?.id === attempt.id && after.last.outcome === 'accepted');
      const then = isHeard || isAwaited ? next(after, now) : null;
      const because = 'because' in outcome ? outcome.because : null;
      const retryAt = now + this.waitAfter(after.failures, because, destination);
      const lookAt = then === null ? retryAt : then.kind === 'rest' && isUndisturbed ? then.lookAt : now;
      const rank = then === null ? rankOf(attempt.action) : rankOf(then);
      const { kept, raised } = await this.#settle({
        key: claimed.keyId,
        fence: claimed.fence,
        version,
        state: sealState(look.row.key, claimed.keyId, after),
        generation: look.generation,
        lookAt,
        rank,
        attempt: attempt.id,
        outcome: outcome.kind,
        because,
        task: attentionId(look.facts.plan.publisher, claimed.keyId),
      });
      if (kept) {
        // Whoever stored a message and did not answer by the next try has had its time.
        const failures = failuresBeforeATask(because, destination.hl7v2);
        const isLate = isUnanswered(look.ledger, attempt.action.place, look.now);
        if (!isHeard && because !== NOT_BOUND && (after.failures >= failures || isLate || outcome.kind === 'refused'))
          await attention(this.#pool, look, `${attempt.action.kind}-unanswered`);
        else if (isHeard) await this.#isWell(look, raised, then?.kind === 'rest');
        return;
      }
      const [current] = await keyState(this.#pool, claimed.keyId, claimed.fence);
      // Without the fence the key is another worker's, and the copy stays uncertain.
      if (current === undefined) return;
      before = openState(look.row.key, claimed.keyId, current.state);
      version = current.version;
      isUndisturbed = false;
    }
  }

  async rest(claimed: ClaimedKey, look: StoredLook, want: Desired, lookAt: Instant | null): Promise<void> {
    const raisedId = attentionId(look.facts.plan.publisher, claimed.keyId);
    const { key_version: version } = look.row;
    const [answer] = await restKey(this.#pool, claimed.keyId, claimed.fence, look.generation, lookAt, version, raisedId, RESTS, false);
    if (answer === undefined || Number(answer.kept) === 0) return;
    if (!holds(want) && ASKS_FOR_A_PERSON.includes(want.because)) await attention(this.#pool, look, want.because);
    else if (holds(want) && (await isOutOfTouch(this.#pool, look, want.hold))) await attention(this.#pool, look, 'no-open-address');
    else await this.#isWell(look, answer.raised, true);
  }

  /**
   * Puts off what may not be sent now. An update waits until nothing holds its recipient's updates back, and is looked at before when time alone
   * changes the answer; a recall waits its turn among recalls. Fenced.
   */
  async hold(claimed: ClaimedKey, look: StoredLook, want: Desired, move: Move): Promise<void> {
    const { key_version: version } = look.row;
    const isUpdate = move.kind === 'update';
    // Spread: what is held back together is not all looked at together.
    const again = isUpdate ? Math.min(look.now + HELD * (0.75 + Math.random() / 2), want.until ?? Number.POSITIVE_INFINITY) : look.now;
    await restKey(this.#pool, claimed.keyId, claimed.fence, look.generation, again, version, '', rankOf(move), isUpdate);
  }

  /** What failed or could not be decided before is over: nobody need look, and where nothing is owed nobody need give anything up. */
  async #isWell(look: StoredLook, raised: boolean, isAtRest: boolean): Promise<void> {
    if (raised) await calm(this.#pool, look);
    if (isAtRest && look.ledger.last?.kind === 'recall' && recallRoad(look.facts.destination) === 'people')
      await endByHand(this.#pool, look);
    if (isAtRest && look.ledger.failures > 0) await takeBackTasks(this.#pool, { keyId: look.row.key_id, ods: look.facts.recipient.ods });
  }
}

/** How long an update that is held back is left alone at most. */
const HELD = HOUR;
/** What rests goes first when time makes it due: a recall may be owed by then. */
const RESTS = 0;
const rankOf = (action: Action): number => (action.kind === 'update' ? 2 : 0);

/** What a person has to put right before the plan can reach the recipient: I11, I12. */
const ASKS_FOR_A_PERSON: readonly string[] = ['consent-undecidable', 'not-traced'];
