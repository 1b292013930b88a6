import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';
import { xhtmlProblem } from '../xhtml.ts';

/** Each `text.div` is well-formed XHTML of the narrative's subset, and runs, loads and sends nothing (R4 narrative, txt-1 and txt-2). */
export const narrative: Rule = {
  primitive: ({ value, at, key }) => {
    if (key !== 'div' || typeof value !== 'string') return NONE;
    const help = xhtmlProblem(value);
    return help === null ? NONE : [{ at, code: 'value', help }];
  },
};
