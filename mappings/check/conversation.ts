import type { Part, Scenario } from '../../src/model/recipient-check.ts';

/** One message to be sent. Documents are named by a word, of which each run of a scenario makes ids of its own. */
export interface Line {
  readonly part: Part;
  readonly action: 'update' | 'recall';
  /** The document that it carries; for a recall those that it names. */
  readonly documents: readonly string[];
  /** The document that it replaces. */
  readonly parent: string | null;
  /** Place of its sequence in the run: a `late` message has a lower one than what was said before it. */
  readonly count: number;
}

const update = (part: Part, document: string, count: number, parent: string | null = null): Line => ({
  part,
  action: 'update',
  documents: [document],
  parent,
  count,
});
const recall = (document: string, count: number): Line => ({
  part: 'recall',
  action: 'recall',
  documents: [document],
  parent: null,
  count,
});

/** More than any scenario has lines: sequences of two runs never meet. */
export const LINES_OF_A_RUN = 10;

/**
 * What is said in each scenario (delivery.md section 3a and 3b, the test matrices). Each stands by itself, so that one that was cut short is begun anew.
 * What is cleaned up last is known by then: it names no document here.
 */
export const CONVERSATION: Readonly<Record<Scenario, readonly Line[]>> = {
  new: [update('first', 'a', 1)],
  replace: [update('first', 'a', 1), update('second', 'b', 2, 'a')],
  recall: [update('first', 'a', 1), recall('a', 2)],
  'unknown-recall': [recall('never-sent', 1)],
  duplicate: [update('first', 'a', 1), update('repeat', 'a', 1)],
  reordered: [recall('a', 2), update('late', 'a', 1)],
  'dropped-answer': [update('dropped', 'a', 1), update('repeat', 'a', 1)],
  'slow-answer': [update('dropped', 'a', 1), update('second', 'b', 2)],
  'bad-message': [update('broken', 'a', 1)],
  'clean-up': [{ part: 'recall', action: 'recall', documents: [], parent: null, count: 1 }],
};

/** Scenarios that are nothing where no message takes content back. */
export const NEEDS_RECALL: readonly Scenario[] = ['recall', 'unknown-recall', 'reordered', 'clean-up'];
