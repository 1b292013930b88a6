import { describe, expect, test } from '@jest/globals';
import type { CarePlan, Composition } from '@medplum/fhirtypes';
import { System } from '../../../profiles/canonicals.ts';
import { noHiddenWords } from '../../../src/decide/guardrails/no-hidden-words.ts';
import { ownWords } from '../../../src/decide/guardrails/own-words.ts';
import type { Draft } from '../../../src/decide/guardrails/rule.ts';
import { draft, saying, section } from './drafts.ts';

describe('G10: each place for words that the person would not read', () => {
  const places = (change: Partial<Draft>) => noHiddenWords.check(draft(change)).map(({ at, stops }) => (stops ? at : `${at} passes`));

  test('is named, one by one', () => {
    const carePlan = {
      note: [{ text: 'a' }, { text: 'b' }],
      activity: [{}, { progress: [] }, { progress: [{ text: 'c' }] }],
    } as unknown as CarePlan;
    expect(places({ carePlan })).toEqual(['CarePlan.note[0]', 'CarePlan.note[1]', 'CarePlan.activity[2].progress']);
    expect(places({})).toEqual([]);
  });

  test.each<[string, string, boolean]>([
    ['a comment', 'a<!-- b -->', true],
    ['display:none', '<span style="display:none">a</span>', true],
    ['display : none, in capital letters', '<span style="DISPLAY : NONE">a</span>', true],
    ['visibility:hidden', '<span style="visibility:hidden">a</span>', true],
    ['visibility : hidden', '<span style="visibility : hidden">a</span>', true],
    ['words that only sound like it', 'the redisplay nones, an invisibility hiddenly', false],
    ['a display that shows', '<span style="display:block">a</span>', false],
    ['nothing', '', false],
  ])('by %s', (_, words, isFound) => {
    const composition = { section: [{}, section('support', words)] } as Composition;
    expect(places({ composition })).toEqual(isFound ? ['Composition.section[1].text.div'] : []);
  });
});

describe('G12: words that are the person’s own', () => {
  const isOwn = (given: Draft): boolean => {
    const found = ownWords.check(given);
    if (found.length > 0) expect(found).toEqual([{ at: 'Composition.section', stops: true }]);
    return found.length === 0;
  };

  test.each([
    'who-i-am',
    'please-do',
    'communication',
    'support',
    'important-to-me',
    'wellness',
    'triggers',
    'early-warning-signs',
    'coping',
    'advance-statement',
  ])('may stand under %s', (code) => {
    expect(isOwn(saying(code, 'Let me hold the cat'))).toBe(true);
  });

  test.each(['crisis-steps', 'medicines', 'who-to-ring', 'safety', ''])('are not what stands under "%s"', (code) => {
    expect(isOwn(saying(code, 'Let me hold the cat'))).toBe(false);
  });

  test('are not a title, nor an action', () => {
    const titled = { ...section('support', ''), title: 'Let me hold the cat' };
    expect(isOwn(draft({ composition: { title: 'My plan', author: [], section: [titled] } as unknown as Composition }))).toBe(false);
    const detail = { status: 'not-started', code: { coding: [{ system: System.heading, code: 'coping' }] }, description: 'I hold the cat' };
    expect(isOwn(draft({ carePlan: { activity: [{ detail }] } as CarePlan }))).toBe(false);
  });

  test.each([
    'As per care plan',
    'Be calm',
    'Be kind',
    'Call the crisis team',
    'Contact the crisis team',
    'Contact GP',
    'Contact your GP',
    'Engage with services',
    'Go to A&amp;E',
    'Listen to me',
    'N/A',
    'None',
    'None known',
    'Not applicable',
    'Not known',
    'Remain calm',
    'See above',
    'See care plan',
    'Stay calm',
    'Take medication as prescribed',
    'TBC',
    'To be completed',
    'Unknown',
    'Use coping strategies',
    'Use distraction techniques',
  ])('are not "%s", which stands in every plan, with or without points and bullets', (words) => {
    for (const written of [
      words,
      `${words}.`,
      `${words} !;,. `,
      `• ${words}`,
      `- ${words}`,
      `** ${words}`,
      words.toUpperCase().replace('&AMP;', '&amp;'),
    ])
      expect([written, isOwn(saying('support', written))]).toEqual([written, false]);
    expect(isOwn(saying('support', `${words} with my cat`))).toBe(true);
    expect(isOwn(saying('support', `My cat: ${words}`))).toBe(true);
  });
});
