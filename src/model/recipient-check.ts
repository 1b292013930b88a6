import type { Destination } from './recipient.ts';

/** What is tried with a recipient, in this order. The last takes away what the others left. */
export const SCENARIOS = [
  'new',
  'replace',
  'recall',
  'unknown-recall',
  'duplicate',
  'reordered',
  'dropped-answer',
  'slow-answer',
  'bad-message',
  'clean-up',
] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** The part that a message plays in its scenario. */
export type Part = 'first' | 'second' | 'recall' | 'repeat' | 'late' | 'dropped' | 'broken';

/** One message of the conversation, and what came back. */
export interface Said {
  readonly part: Part;
  readonly action: 'update' | 'recall';
  /** By the standard's own reading, whatever the recipient's table says. */
  readonly outcome: 'accepted' | 'refused' | 'unknown';
  /** MSA-1 and, behind a hyphen, ERR-3; over HTTP the broker's constant for the answer. Never words of the recipient. */
  readonly answer: string;
  /** Milliseconds until it was known. */
  readonly ms: number;
}

/** What was said in one scenario; `skipped` is why nothing was. */
export type Tried = { readonly said: readonly Said[] } | { readonly skipped: 'not-asked-by-message' };

/** A check of one address, as it stands. */
export interface RecipientCheck {
  readonly id: string;
  readonly destinationId: string;
  readonly recipientId: string;
  readonly channel: Destination['channel'];
  readonly address: string;
  readonly beganAt: string;
  /** Null while it goes on. */
  readonly endedAt: string | null;
  /** What has been tried so far. */
  readonly tried: Readonly<Partial<Record<Scenario, Tried>>>;
}

/** The first scenario that has not been tried; null where all have. */
export const nextScenario = ({ tried }: Pick<RecipientCheck, 'tried'>): Scenario | null =>
  SCENARIOS.find((scenario) => tried[scenario] === undefined) ?? null;
