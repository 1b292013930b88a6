import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

/** The structure check takes `T10` and a day with a zone; R4 wants seconds and a zone with every time, and none without. */
const WHOLE = /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?)?)?$/;
const DAY_AND_MORE = /^\d{4}-\d\d-\d\d./;

/** A time has seconds and a zone (R4 datatypes, dateTime). */
export const dateTimes: Rule = {
  primitive: ({ value, at, type }) =>
    (type === 'dateTime' || type === 'instant') && typeof value === 'string' && DAY_AND_MORE.test(value) && !WHOLE.test(value)
      ? [{ at, code: 'value', help: 'a time has hours, minutes, seconds and a zone' }]
      : NONE,
};
