import type { Read } from '../../src/decide/read-by.ts';
import { answered, begun, emptyLedger, nextSequence, settled } from '../../src/decide/attempt.ts';
import { readBy } from '../../src/decide/read-by.ts';
import { desired } from '../../src/decide/desired.ts';
import type { Protections } from '../../src/decide/protections.ts';
import { backoff } from '../../src/decide/retry.ts';
import { DAY, HOUR } from '../../src/model/instant.ts';
import { holds } from '../../src/model/ledger.ts';
import type { Facts } from '../../src/model/facts.ts';
import type { Attempt, Desired, Ledger, Move, Outcome } from '../../src/model/ledger.ts';
import type { Claim, Look, Next, Ports } from '../../src/reconcile/ports.ts';

interface Row {
  readonly id: string;
  ledger: Ledger;
  generation: number;
  observed: number;
  lookAt: number | null;
  leaseUntil: number;
  held: boolean;
  fence: number;
  open: Attempt | null;
}

export interface MemoryWorld {
  now(): number;
  chance(): number;
  /** Time passes between a check and what it guards, where no lock is held. */
  pause(): Promise<void>;
  facts(keyId: string): Facts;
  /** Changes with each fact. */
  epoch(): number;
  /** What may be done with a key that is claimed: less than everything while a breaker or a pause holds back. Without it, everything. */
  may?(): Claim['may'];
}

export interface MemoryLimits {
  readonly lease: number;
  readonly sendBefore: number;
  readonly backoffMin: number;
  readonly backoffMax: number;
}

/** The ledger in memory: the one double of a module of ours. The contract suite runs on it and on PostgreSQL. */
export class MemoryLedger implements Omit<Ports, 'deliver'> {
  readonly rows = new Map<string, Row>();
  readonly attempts: Attempt[] = [];
  /** Called when an attempt is on record: for the test of I1. */
  onBegun: (attempt: Attempt, facts: Facts) => void = () => {};
  readonly #world: MemoryWorld;
  readonly #limits: MemoryLimits;
  readonly #on: Protections;
  #attempts = 0;

  constructor(world: MemoryWorld, limits: MemoryLimits, on: Protections) {
    this.#world = world;
    this.#limits = limits;
    this.#on = on;
  }

  addKey(id: string): void {
    this.rows.set(id, {
      id,
      ledger: emptyLedger(1),
      generation: 1,
      observed: 0,
      lookAt: null,
      leaseUntil: 0,
      held: false,
      fence: 0,
      open: null,
    });
  }

  bump(id: string): void {
    this.row(id).generation++;
  }

  isDue(row: Row): boolean {
    const isFreed = row.held && this.#may() === 'send';
    return isFreed || row.observed < row.generation || (row.lookAt !== null && row.lookAt <= this.#world.now());
  }

  async due(): Promise<readonly string[]> {
    return [...this.rows.values()].filter((row) => this.isDue(row)).map((row) => row.id);
  }

  async claim(keyId: string): Promise<Claim | null> {
    const row = this.row(keyId);
    const now = this.#world.now();
    if (!this.isDue(row) || row.leaseUntil > now) return null;
    row.leaseUntil = now + this.#limits.lease;
    row.held = false;
    row.fence++;
    if (row.open !== null && this.#on.settleExpired) {
      row.ledger = settled(
        row.ledger,
        row.open,
        { kind: 'unknown', because: 'lease-expired' },
        this.#world.facts(keyId).destination,
        this.#on,
      );
      row.open = null;
    }
    return { keyId, recipientId: keyId, fence: row.fence, may: this.#may() };
  }

  async look(claim: Claim): Promise<Look> {
    const row = this.row(claim.keyId);
    const generation = row.generation;
    return { generation, facts: this.#world.facts(claim.keyId), ledger: row.ledger, stamp: this.#stamp(row), now: this.#world.now() };
  }

  async begin(claim: Claim, look: Look, want: Desired, move: Move): Promise<Attempt | null> {
    const row = this.row(claim.keyId);
    const now = this.#world.now();
    if (row.fence !== claim.fence || row.open !== null) return null;
    if (this.#on.secondDecision && (this.#stamp(row) !== look.stamp || (want.until !== null && want.until <= now))) return null;
    if (!this.#on.policyLock) {
      await this.#world.pause();
      if (row.fence !== claim.fence || row.open !== null) return null;
    }
    const begunAt = this.#world.now();
    const id = `attempt-${++this.#attempts}`;
    const attempt: Attempt = {
      id,
      action: move,
      sequence: nextSequence(row.ledger, move, 1),
      documentId: move.retryOf?.documentId ?? `document-${id}`,
      begunAt,
      since: move.retryOf?.since ?? begunAt,
      sendBefore: Math.min(
        now + this.#limits.sendBefore,
        holds(want) && this.#on.secondDecision && want.until !== null ? want.until : Infinity,
      ),
    };
    row.ledger = begun(row.ledger, attempt, look.facts.destination, this.#on);
    row.open = attempt;
    this.attempts.push(attempt);
    this.onBegun(attempt, this.#world.facts(claim.keyId));
    return attempt;
  }

  async settle(claim: Claim, look: Look, attempt: Attempt, outcome: Outcome, next: Next): Promise<void> {
    const row = this.row(claim.keyId);
    if (row.fence !== claim.fence) return;
    const now = this.#world.now();
    const unchanged = row.open?.id === attempt.id;
    row.ledger = settled(row.ledger, attempt, outcome, look.facts.destination, this.#on);
    row.open = null;
    row.leaseUntil = 0;
    row.observed = look.generation;
    const isAwaited = row.ledger.copies.some((copy) => copy.id === attempt.id && copy.answerBy !== undefined);
    const isHeard = row.ledger.last?.id === attempt.id && row.ledger.last.outcome === 'accepted';
    if (outcome.kind !== 'accepted' && !isAwaited && !isHeard) {
      row.lookAt = now + backoff(row.ledger.failures, this.#limits.backoffMin, this.#limits.backoffMax, this.#world.chance());
      return;
    }
    const then = next(row.ledger, now);
    row.lookAt = unchanged && then.kind === 'rest' ? then.lookAt : now;
  }

  async rest(claim: Claim, look: Look, _want: Desired, lookAt: number | null): Promise<void> {
    const row = this.row(claim.keyId);
    if (row.fence !== claim.fence) return;
    row.observed = look.generation;
    row.lookAt = lookAt;
    row.leaseUntil = 0;
  }

  async hold(claim: Claim, look: Look, want: Desired, move: Move): Promise<void> {
    const row = this.row(claim.keyId);
    if (row.fence !== claim.fence) return;
    row.observed = look.generation;
    row.held = move.kind === 'update';
    row.lookAt = move.kind === 'update' ? Math.min(this.#world.now() + HOUR, want.until ?? Number.POSITIVE_INFINITY) : this.#world.now();
    row.leaseUntil = 0;
  }

  /** An answer that came by a message of its own, to every attempt under the ids that it names. */
  async answer(keyId: string, documentId: string, outcome: Outcome): Promise<void> {
    const row = this.row(keyId);
    const attempts = this.attempts.filter((each) => each.documentId === documentId);
    const [first] = attempts;
    if (first === undefined) throw new Error('an answer to nothing');
    const told = attempts.map((each) => ({ ...each, headings: each.action.kind === 'update' ? each.action.headings : [] }));
    const answer = { attempts: told, kind: first.action.kind, since: first.since, outcome };
    const after = answered(row.ledger, answer, this.#world.facts(keyId).destination, this.#on);
    if (after === null) return;
    row.ledger = after;
    const now = this.#world.now();
    if (row.open !== null) return;
    const retryAt = now + backoff(after.failures, this.#limits.backoffMin, this.#limits.backoffMax, this.#world.chance());
    row.lookAt = Math.min(row.lookAt ?? Number.POSITIVE_INFINITY, outcome.kind === 'accepted' ? now : retryAt);
  }

  /** An operator asks for the last action once more. */
  replay(keyId: string): void {
    const row = this.row(keyId);
    row.ledger = { ...row.ledger, replay: true };
    row.lookAt = this.#world.now();
  }

  /** A read is a delivery too: it adds a copy of its own, and the key is looked at within a day. */
  async read(keyId: string, read: Read): Promise<void> {
    const row = this.row(keyId);
    row.ledger = readBy(row.ledger, read, 1);
    row.lookAt = Math.min(row.lookAt ?? Number.POSITIVE_INFINITY, this.#world.now() + DAY);
  }

  row(id: string): Row {
    const row = this.rows.get(id);
    if (row === undefined) throw new Error('no such key');
    return row;
  }

  /** What the broker would answer now, for the tests. */
  desired(id: string): Desired {
    return desired(this.#world.facts(id), this.#world.now());
  }

  #may(): Claim['may'] {
    return this.#world.may?.() ?? 'send';
  }

  #stamp(row: Row): string {
    return `${this.#world.epoch()}.${row.ledger.sequence.count}.${row.ledger.copies.length}.${row.ledger.last?.outcome}.${JSON.stringify(row.ledger.copies)}.${row.ledger.replay}`;
  }
}
