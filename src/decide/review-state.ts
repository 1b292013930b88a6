import type { ReviewState } from '../model/review.ts';

/**
 * Where a draft stands. A review is of bytes: once either the draft or its words are written again it is a draft as before, whoever wrote them and
 * whether or not anything was told of it. What was asked to be changed waits all the same.
 */
export const reviewState = (now: {
  /** Hash of the bytes that would be signed. */
  readonly bytes: string;
  /** The same of what was submitted; null where no review is open. */
  readonly reviewed: string | null;
  readonly openRequests: number;
}): ReviewState => {
  if (now.reviewed !== now.bytes) return 'draft';
  return now.openRequests > 0 ? 'changes-requested' : 'in-review';
};
