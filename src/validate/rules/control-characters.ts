import type { Issue } from '../../model/anomaly.ts';
import { listOf } from '../json.ts';
import type { Rule } from '../rule.ts';
import { walk } from '../walk.ts';

/** C0 but tab and line ends, delete, C1, non-characters, and the marks that turn the reading direction round: text must read as it is stored. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const REFUSED = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/;

const refused = (value: unknown): boolean => typeof value === 'string' && (REFUSED.test(value) || !value.isWellFormed());

/** Control characters, and halves of surrogate pairs, in any text. */
export const controlCharacters: Rule = (resource, at) => {
  const issues: Issue[] = [];
  const help = 'holds a control character';
  walk(resource, at, (object, here) => {
    for (const [name, value] of Object.entries(object)) {
      if (refused(value)) issues.push({ at: `${here}.${name}`, code: 'value', help });
      listOf(value).forEach((each, index) => {
        if (refused(each)) issues.push({ at: `${here}.${name}[${index}]`, code: 'value', help });
      });
    }
  });
  return issues;
};
