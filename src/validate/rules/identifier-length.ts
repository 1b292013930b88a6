import { System } from '../../../profiles/canonicals.ts';
import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

/** Together, at three bytes a character, within the 2,704 bytes that a row of an index of PostgreSQL has at most. */
const MOST = { system: 500, value: 255 } as const;
const MOST_CODE = 100;

const within = (text: unknown, most: number): boolean => typeof text !== 'string' || text.length <= most;

/** Contacts and plans are told apart by their identifiers, and found by the codes of areas: none is longer than an index takes. */
export const identifierLength: Rule = {
  object: ({ value, at, type }) => {
    if (type === 'Coding' && value['system'] === System.area && !within(value['code'], MOST_CODE))
      return [{ at: `${at}.code`, code: 'too-long', help: `has at most ${MOST_CODE} characters` }];
    if (type !== 'Identifier') return NONE;
    return (['system', 'value'] as const).flatMap((name) =>
      within(value[name], MOST[name]) ? [] : [{ at: `${at}.${name}`, code: 'too-long', help: `has at most ${MOST[name]} characters` }],
    );
  },
};
