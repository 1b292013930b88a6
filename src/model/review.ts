/** Where a draft stands. Of these R4's CarePlan.status knows the first only, and stays `draft` through all of them. */
export const REVIEW_STATES = ['draft', 'in-review', 'changes-requested'] as const;
export type ReviewState = (typeof REVIEW_STATES)[number];

/** What a reviewer may say of a draft: something to know, or something to be changed before it is approved. */
export const COMMENT_KINDS = ['comment', 'change-request'] as const;
export type CommentKind = (typeof COMMENT_KINDS)[number];
export const isCommentKind = (value: string): value is CommentKind => (COMMENT_KINDS as readonly string[]).includes(value);

/** How a heading of a draft stands to the same heading of the version in force. */
export const HEADING_CHANGES = ['added', 'removed', 'changed', 'same'] as const;
export type HeadingChange = (typeof HEADING_CHANGES)[number];

/** Statuses of a change request that nobody waits for: made, or considered and not made. One that failed still waits. */
export const RESOLVED: readonly string[] = ['completed', 'rejected', 'cancelled', 'entered-in-error'];
