import { NEVER_STOPS_CARE } from '../../profiles/canonicals.ts';
import type { Disclosure } from '../../src/model/disclosure.ts';
import type { Instant } from '../../src/model/instant.ts';

const UK_TIME = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', dateStyle: 'long', timeStyle: 'short' });
const viewed = (until: Instant): string =>
  `Emergency access until ${UK_TIME.format(until)}. Read this now and do not store it. The person and the privacy officers are told who read it.`;

/** The sentences that stand before the plan's words in every shape: domain.md G3 first, then the plan's own state. */
export const banners = (
  disclosure: Pick<Disclosure, 'reviewOverdue' | 'reviewDate' | 'contactCardOnly' | 'viewUntil'>,
): readonly string[] => [
  NEVER_STOPS_CARE,
  ...(disclosure.viewUntil === undefined ? [] : [viewed(disclosure.viewUntil)]),
  ...(disclosure.reviewOverdue ? [`This plan was due for review on ${disclosure.reviewDate}. Check with the team that wrote it.`] : []),
  ...(disclosure.contactCardOnly ? ['This plan has run out. Only whom to ring is shown.'] : []),
];
