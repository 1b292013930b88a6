import type { Instant } from '../model/instant.ts';
import { MINUTE } from '../model/instant.ts';
import { NOT_BOUND } from '../model/websocket.ts';
import type { Outcome } from '../model/ledger.ts';

/** Whether a recipient is sent to. `open`: nothing but a probe, and recalls slowly. `half-open`: it has answered again, and is sent to more and more. */
export interface Breaker {
  readonly state: 'closed' | 'open' | 'half-open';
  /** When the first of these troubles in a row was; kept until the breaker is closed again. */
  readonly since: Instant | null;
  /** Troubles in a row, the last of them, and the keys that had them, as many as tell. */
  readonly troubles: number;
  readonly troubleAt: Instant | null;
  readonly keys: readonly string[];
  readonly because: string | null;
  /** Exchanges at once while half-open. */
  readonly ramp: number;
  /** When the next key is tried while open. */
  readonly probeAt: Instant | null;
}

export const CALM: Breaker = {
  state: 'closed',
  since: null,
  troubles: 0,
  troubleAt: null,
  keys: [],
  because: null,
  ramp: 1,
  probeAt: null,
};

/** What a delivery says of its recipient. `nothing`: it never came to the recipient. */
export type Sign = { readonly sign: 'answered' | 'nothing' } | { readonly sign: 'trouble'; readonly because: string };

/** Troubles in a row that open a breaker: an hour of them is no row. */
const OPENS_AT = 5;
const IN_A_ROW = 10 * MINUTE;
/** Where one key alone is in trouble its content may be the reason: then its own back-off is enough. */
const KEYS_THAT_TELL = 2;
/** No connection came to be: that is of the recipient, whatever the key. */
const NO_CONNECTION: readonly string[] = ['not-connected', 'address-forbidden'];
/** Not of the recipient: our own time ran out, a Task or a person is waited for, or time itself, or what the attempt was to go by was not for it. */
const OURS: readonly string[] = [
  'abandoned',
  'lease-expired',
  'recall-task-open',
  'recall-task-refused',
  'recall-by-hand-open',
  'ends-by-agreement',
  'misaddressed',
  'not-addressed',
  'address-moved',
  NOT_BOUND,
];
/** It was answered: it is stored (HL7 v2, enhanced mode) and the answer is still to come, or a part of the parcel was refused for its content. */
const isAnswer = (because: string): boolean => because === 'answer-pending' || /^CA(?:-|$)|^in-part-/.test(because);

/**
 * What an outcome says of the recipient: trouble where nobody can tell what it did, and where it turned us away before it looked at the content
 * (`retry`). A refusal of content is an answer.
 */
export function signOf(outcome: Outcome): Sign {
  switch (outcome.kind) {
    case 'accepted':
      return { sign: 'answered' };
    case 'refused':
      if (OURS.includes(outcome.because)) return { sign: 'nothing' };
      return outcome.retry ? { sign: 'trouble', because: outcome.because } : { sign: 'answered' };
    case 'unknown':
      if (OURS.includes(outcome.because)) return { sign: 'nothing' };
      return isAnswer(outcome.because) ? { sign: 'answered' } : { sign: 'trouble', because: outcome.because };
    default:
      return outcome satisfies never;
  }
}

/** Milliseconds between probes, and exchanges at once when nothing is wrong. */
export interface BreakerLimits {
  readonly probeEvery: number;
  readonly places: number;
}

/** When the next probe is: about `every` milliseconds from now, spread by `chance` in [0, 1), so that recipients that failed together are not tried together. */
export const nextProbe = (now: Instant, every: number, chance: number): Instant => Math.round(now + every * (0.75 + chance / 2));

/** The breaker after a delivery. The same breaker where it says nothing new. */
export function afterDelivery(
  breaker: Breaker,
  { sign, key, now, chance }: { readonly sign: Sign; readonly key: string; readonly now: Instant; readonly chance: number },
  limits: BreakerLimits,
): Breaker {
  switch (sign.sign) {
    case 'nothing':
      return breaker;
    case 'answered':
      return afterAnswer(breaker, limits);
    case 'trouble':
      return afterTrouble(breaker, sign.because, { key, now, chance }, limits);
    default:
      return sign satisfies never;
  }
}

/** The breaker once nothing is due: there is nothing to go on gently with. */
export const afterQuiet = (breaker: Breaker): Breaker => (breaker.state === 'half-open' ? CALM : breaker);

function afterAnswer(breaker: Breaker, { places }: BreakerLimits): Breaker {
  switch (breaker.state) {
    case 'closed':
      return breaker.troubles === 0 ? breaker : CALM;
    case 'open':
      return { ...breaker, state: 'half-open', troubles: 0, keys: [], ramp: 1, probeAt: null };
    case 'half-open': {
      // One place more, or a sixteenth of them, each time that all there are were answered: as many rounds, whatever it takes at once.
      const ramp = breaker.ramp + Math.max(1, places / 16) / Math.floor(breaker.ramp);
      return ramp > places ? CALM : { ...breaker, troubles: 0, keys: [], ramp };
    }
    default:
      return breaker.state satisfies never;
  }
}

function afterTrouble(
  breaker: Breaker,
  because: string,
  { key, now, chance }: { readonly key: string; readonly now: Instant; readonly chance: number },
  { probeEvery }: BreakerLimits,
): Breaker {
  const isInARow = breaker.troubleAt !== null && now - breaker.troubleAt <= IN_A_ROW;
  const before = breaker.state === 'closed' && !isInARow ? CALM : breaker;
  const keys = before.keys.includes(key) || before.keys.length >= KEYS_THAT_TELL ? before.keys : [...before.keys, key];
  const next: Breaker = { ...before, since: before.since ?? now, troubles: before.troubles + 1, troubleAt: now, keys, because };
  const open: Breaker = { ...next, state: 'open', ramp: 1, probeAt: nextProbe(now, probeEvery, chance) };
  switch (before.state) {
    case 'closed':
      return next.troubles >= OPENS_AT && (keys.length >= KEYS_THAT_TELL || NO_CONNECTION.includes(because)) ? open : next;
    case 'open':
      // When the next probe is, was said when this one was let through.
      return next;
    case 'half-open':
      return next.ramp < 2 ? open : { ...next, ramp: next.ramp / 2 };
    default:
      return before.state satisfies never;
  }
}
