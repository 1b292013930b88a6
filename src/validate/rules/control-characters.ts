import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

/** C0 but tab and line ends, delete, C1, non-characters, and the marks that turn the reading direction round: text must read as it is stored. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const REFUSED = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/;

/** Control characters, and halves of surrogate pairs, in any text. */
export const controlCharacters: Rule = {
  primitive: ({ value, at }) =>
    typeof value === 'string' && (REFUSED.test(value) || !value.isWellFormed())
      ? [{ at, code: 'value', help: 'holds a control character' }]
      : NONE,
};
