import { describe, expect, test } from '@jest/globals';
import { ask, signs } from './builders.ts';
import { VECTORS } from './vectors.ts';

describe('consents that anybody may have written', () => {
  test.each(VECTORS.map((vector) => [vector.id, vector.why, vector] as const))('%s: %s', (_id, _why, { ask: question, expected }) => {
    expect(signs(ask(question))).toBe(expected);
  });

  test('I11 of what is undecidable in one part nothing is permitted', () => {
    for (const { id, ask: question, expected } of VECTORS) {
      const { decision } = ask(question);
      expect([id, decision]).toEqual([id, expected.includes('?') ? 'undecidable' : expected.includes('+') ? 'permit' : 'deny']);
    }
  });

  test('the order of consents changes nothing', () => {
    for (const { id, ask: question, expected } of VECTORS)
      expect([id, signs(ask({ ...question, consents: question.consents.toReversed() }))]).toEqual([id, expected]);
  });
});
