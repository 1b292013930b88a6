import type { Instant } from '../../src/model/instant.ts';

const moment = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', dateStyle: 'long', timeStyle: 'long' });

/** The stamp on what was computed for one service: true at that instant, not to be kept. */
export const validAt = (now: Instant, ods: string): string =>
  `Shown to ${ods}, and right, on ${moment.format(now)}. It may have changed since: do not keep it, open it again.`;
