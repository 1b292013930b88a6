import { NEVER_STOPS_CARE } from '../../profiles/canonicals.ts';
import type { Disclosure } from '../../src/model/disclosure.ts';

/** The sentences that stand before the plan's words in every shape: domain.md G3 first, then the plan's own state. */
export const banners = (disclosure: Pick<Disclosure, 'reviewOverdue' | 'reviewDate' | 'contactCardOnly'>): readonly string[] => [
  NEVER_STOPS_CARE,
  ...(disclosure.reviewOverdue ? [`This plan was due for review on ${disclosure.reviewDate}. Check with the team that wrote it.`] : []),
  ...(disclosure.contactCardOnly ? ['This plan has run out. Only whom to ring is shown.'] : []),
];
