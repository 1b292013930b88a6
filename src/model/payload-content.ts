import type { RecipientKind } from './kind.ts';

/** How much of a plan a notification carries (Subscriptions R5 Backport, backport-payload-content), the least first. */
export const PAYLOAD_CONTENTS = ['empty', 'id-only', 'full-resource'] as const;
export type PayloadContent = (typeof PAYLOAD_CONTENTS)[number];

/** The most that each kind is ever told in a notification or an answer about one: police are told ids, and read. */
export const MOST_CONTENT: Readonly<Record<RecipientKind, PayloadContent>> = {
  publisher: 'full-resource',
  epr: 'full-resource',
  ed: 'full-resource',
  ambulance: 'full-resource',
  police: 'id-only',
  'crisis-line': 'full-resource',
};

/** The least of several levels. */
export const leastContent = (...levels: readonly [PayloadContent, ...PayloadContent[]]): PayloadContent =>
  PAYLOAD_CONTENTS.find((each) => levels.includes(each)) ?? 'empty';
