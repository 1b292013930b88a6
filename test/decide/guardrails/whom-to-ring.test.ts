import { describe, expect, test } from '@jest/globals';
import type { Composition } from '@medplum/fhirtypes';
import { WHOM_TO_RING } from '../../../src/decide/guardrails/whom-to-ring.ts';
import { draft, saying, section } from './drafts.ts';

describe('G21: whom to ring', () => {
  /** Which of the four sentences stop it: a number, a service, no machine, and when. */
  const stops = (words: string, code = 'who-to-ring'): readonly string[] =>
    ['number', 'service', 'machine', 'when'].filter((_, index) => {
      const found = WHOM_TO_RING[index]?.check(saying(code, words)) ?? [];
      if (found.length > 0) expect(found).toEqual([{ at: 'Composition.section', stops: true }]);
      return found.length > 0;
    });

  test('is read under its own heading, and in no other system', () => {
    expect(stops('The team, day and night: 01632 960002')).toEqual([]);
    expect(stops('The team, day and night: 01632 960002', 'support')).toEqual(['number']);
    const other = {
      ...section('who-to-ring', 'The team, day and night: 111'),
      code: { coding: [{ system: 'http://other.example', code: 'who-to-ring' }] },
    };
    expect(WHOM_TO_RING[0]?.check(draft({ composition: { section: [other, {}] } as Composition }))).toHaveLength(1);
    expect(WHOM_TO_RING[0]?.check(draft())).toHaveLength(1);
  });

  test('is read beside other codes, and where a section has no code or no words', () => {
    const said = section('who-to-ring', 'The team, day and night: 01632 960002');
    const coding = [{ system: 'http://snomed.info/sct', code: '1' }, ...said.code.coding];
    const composition = { section: [{ code: {} }, { code: said.code }, { ...said, code: { coding } }] } as unknown as Composition;
    expect(WHOM_TO_RING.flatMap(({ check }) => check(draft({ composition })))).toEqual([]);
  });

  test.each<[string, readonly string[]]>([
    ['any time: 111', []],
    ['any time: 11', ['number']],
    ['any time: 1 or 2 or 3', ['number']],
    ['any time: (01632) 960-002', []],
    ['any time: +44 1632 960002', []],
    ['any time: 07700 900123', ['service']],
    ['any time: 0 77 00 90 01 23', ['service']],
    ['any time: (07700) 900-123', ['service']],
    ['any time: +447700900123', ['service']],
    ['any time: 447700900123', ['service']],
    ['any time: 07700 900123 or 07700 900124', ['service']],
    ['any time: 07700 900123 or 01632 960002', []],
    ['any time: 07000 900123', []],
    ['any time: 1 07700 900123', []],
    ['any time: 07700 9001234', []],
    ['any time: 07700 90012', []],
  ])('the number in "%s"', (words, expected) => {
    expect(stops(words)).toEqual(expected);
  });

  test.each([
    'voicemail',
    'voice mail',
    'answerphone',
    'answeringphone',
    'answer phone',
    'answering machine',
    'answermachine',
    'leave message',
    'leave a message',
    'leave your message',
    'VOICEMAIL',
  ])('"%s" is a machine', (words) => {
    expect(stops(`any time: 01632 960002, ${words}`)).toEqual(['machine']);
  });
  test.each(['messages', 'an answer', 'a machine', 'invoicemails', 'leave the message'])('"%s" is none', (words) => {
    expect(stops(`any time: 01632 960002, ${words}`)).toEqual([]);
  });

  test.each([
    '24/7',
    '24 / 7',
    '24 hours',
    '24 hour',
    '24-hour',
    'day and night',
    'day or night',
    'night and day',
    'at any time',
    'at any hour',
    'any time',
    'round the clock',
    'always open',
    'ANY TIME',
  ])('"%s" is always', (words) => {
    expect(stops(`01632 960002, ${words}`)).toEqual([]);
  });

  const HOURS = [
    '9am',
    '10 pm',
    '9.30am',
    '9:30 am',
    '08:00',
    'nine to five',
    '9-5',
    '9 to 5',
    '9 until 5',
    '9to5',
    'office hours',
    'working hours',
    'weekday',
    'weekdays',
    'weekend',
    'weekends',
    'evening',
    'evenings',
    'Monday',
    'Mondays',
    'from Tuesday to Friday',
    'from Tuesday until Friday',
  ];
  const OTHERWISE = [
    'out of hours',
    'out-of-hours',
    'at night',
    'overnight',
    'at other times',
    'at all other times',
    'otherwise',
    'after that',
    'outside these hours',
    'outside of these hours',
    'outside those hours',
    'when closed',
    'when it is closed',
  ];
  test.each(HOURS)('"%s" are hours, and say nothing of the rest', (words) => {
    expect(stops(`01632 960002, ${words}`)).toEqual(['when']);
    expect(stops(`01632 960002, ${words}</p><p>otherwise nobody`)).toEqual([]);
  });
  test.each(OTHERWISE)('"%s" is the rest, of hours that must be said', (words) => {
    expect(stops(`01632 960002, ${words}`)).toEqual(['when']);
    expect(stops(`01632 960002, weekdays</p><p>${words} nobody`)).toEqual([]);
  });
  test.each(['soon', 'in 24 minutes', 'daylong', 'inside these hours', 'a tomorrowday'])('"%s" says nothing of when', (words) => {
    expect(stops(`01632 960002, ${words}`)).toEqual(['when']);
    expect(stops(`01632 960002, ${words}</p><p>otherwise nobody`)).toEqual(['when']);
    expect(stops(`01632 960002, weekdays</p><p>${words}`)).toEqual(['when']);
  });
});
