import type { Issue } from '../../model/anomaly.ts';
import type { Rule } from '../rule.ts';
import { walk } from '../walk.ts';

const KEYS: ReadonlySet<string> = new Set(
  'start end date dateTime recorded timestamp authoredOn lastModified created issued sent deceasedDateTime effectiveDateTime valueDateTime'.split(
    ' ',
  ),
);
/** The structure check takes `T10` and a day with a zone; R4 wants seconds and a zone with every time, and none without. */
const WHOLE = /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?)?)?$/;

/** A time has seconds and a zone (R4 datatypes, dateTime). */
export const dateTimes: Rule = (resource, at) => {
  const issues: Issue[] = [];
  walk(resource, at, (object, here) => {
    for (const [name, value] of Object.entries(object))
      if (KEYS.has(name) && typeof value === 'string' && /^\d{4}-\d\d-\d\d./.test(value) && !WHOLE.test(value))
        issues.push({ at: `${here}.${name}`, code: 'value', help: 'a time has hours, minutes, seconds and a zone' });
  });
  return issues;
};
