import type { Issue } from '../../model/anomaly.ts';
import type { Rule } from '../rule.ts';
import { walk } from '../walk.ts';
import { xhtmlProblem } from '../xhtml.ts';

/** Each `text.div` is well-formed XHTML of the narrative's subset, and runs, loads and sends nothing (R4 narrative, txt-1 and txt-2). */
export const narrative: Rule = (resource, at) => {
  const issues: Issue[] = [];
  walk(resource, at, ({ div }, here, key) => {
    if (key !== 'text' || typeof div !== 'string') return;
    const help = xhtmlProblem(div);
    if (help !== null) issues.push({ at: `${here}.div`, code: 'value', help });
  });
  return issues;
};
