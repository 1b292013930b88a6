import { describe, expect, test } from '@jest/globals';
import { all, any, type Applies, type Sense, speaks, speaksOf } from '../../../src/decide/consent/rule-applies.ts';
import type { Coded, ConsentQuestion, ConsentRule, Datum } from '../../../src/model/consent-rules.ts';
import { datum, question, rule } from './rules.ts';

const coded = (code: string, system = 's'): Coded => ({ system, code });
const level = (code: string): Coded => coded(code, 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality');

describe('several that may not be told', () => {
  test.each<[readonly Applies[], Applies, Applies]>([
    [[], true, false],
    [[true, true], true, true],
    [[true, null], null, true],
    [[true, false], false, true],
    [[null, false], false, null],
    [[false, false], false, false],
  ])('%j: all of them %j, any of them %j', (each, ofAll, ofAny) => {
    expect(all(each)).toBe(ofAll);
    expect(any(each)).toBe(ofAny);
  });
});

describe('whether a provision speaks to who asks', () => {
  const of = (change: Partial<ConsentRule>, sense: Sense, ask: Partial<ConsentQuestion> = {}) => speaks(rule(change), question(ask), sense);
  const named = (names: readonly string[], resolved: boolean) => ({ actors: [{ names, resolved }] });

  test.each<[string, Partial<ConsentRule>, Partial<ConsentQuestion>, Applies, Applies]>([
    // what, provision, question, as a permit, as a deny
    ['limited by nothing', {}, {}, true, true],
    ['before it begins', { period: { start: 101, end: null } }, {}, false, false],
    ['as it begins', { period: { start: 100, end: null } }, {}, true, true],
    ['as it ends: a deny stands', { period: { start: null, end: 100 } }, {}, false, true],
    ['for one of its purposes', { purposes: [coded('a'), coded('TREAT')] }, {}, true, true],
    ['for another purpose', { purposes: [coded('a')] }, {}, false, false],
    ['for the same code of another system', { purposes: [coded('TREAT', 'other')] }, {}, false, false],
    ['for whatever purpose', { purposes: [coded('a')] }, { purpose: null }, false, true],
    ['for whatever purpose, limited to none', {}, { purpose: null }, true, true],
    ['of an action that is none', { discloses: false }, {}, false, false],
    ['of an action that is not known', { discloses: null }, {}, null, null],
    ['to one by name', named(['Organization/b', 'Organization/a'], true), {}, true, true],
    ['to somebody else who is known', named(['Organization/b'], true), {}, false, false],
    ['to somebody of whom nothing can be compared', named(['Organization/b'], false), {}, null, null],
    ['to another identifier of a system in which the asker is known', named(['ods|ZZB'], false), {}, false, false],
    ['to an identifier of a system in which nobody knows the asker', named(['gmc|1'], false), {}, null, null],
    [
      'to names without a system, which compare with nothing',
      named(['Organization/ods'], false),
      { actor: ['Organization/a'] },
      null,
      null,
    ],
    ['to an identifier of a system that only begins the same', named(['other|1', '|1'], false), {}, null, null],
    ['to nobody who can be told', named([], false), {}, null, null],
  ])('%s', (_, change, ask, permits, denies) => {
    expect([of(change, 'permit', ask), of(change, 'deny', ask)]).toEqual([permits, denies]);
  });
});

describe('whether a provision speaks of a datum', () => {
  const of = (change: Partial<ConsentRule>, what: Partial<Datum> = {}, others: readonly Datum[] = []) =>
    speaksOf(rule(change), datum(what), question({ data: [...others, datum(what)] }));

  test.each<[string, Partial<ConsentRule>, Partial<Datum>, Applies]>([
    ['limited by nothing', {}, {}, true],
    ['one of its classes', { classes: [coded('a'), coded('b')] }, { classes: [coded('b'), coded('c')] }, true],
    ['another class', { classes: [coded('a')] }, { classes: [coded('b')] }, false],
    ['one of its codes', { codes: [coded('a'), coded('b')] }, { codes: [coded('b'), coded('c')] }, true],
    ['the code of another system', { codes: [coded('a')] }, { codes: [coded('a', 'other')] }, false],
    ['one of its labels', { labels: [coded('a'), coded('b')] }, { labels: [coded('b'), coded('c')] }, true],
    ['no label', { labels: [coded('a')] }, {}, false],
    ['one element of two', { codes: [coded('a')], classes: [coded('b')] }, { codes: [coded('a')], classes: [coded('c')] }, false],
  ])('%s', (_, change, what, expected) => {
    expect(of(change, what)).toBe(expected);
  });

  const LEVELS = ['U', 'L', 'M', 'N', 'R', 'V'];
  test.each(LEVELS)('confidentiality %s: a permit covers it and less, a deny it and more', (said) => {
    for (const has of LEVELS) {
      const [limit, is] = [LEVELS.indexOf(said), LEVELS.indexOf(has)];
      const covers = (type: 'permit' | 'deny') => of({ type, labels: [level(said)] }, { labels: [level(has)] });
      expect([has, covers('permit'), covers('deny')]).toEqual([has, is <= limit, is >= limit]);
    }
  });
  test('what is no level of that system is compared exactly', () => {
    for (const type of ['permit', 'deny'] as const) {
      expect(of({ type, labels: [coded('N')] }, { labels: [coded('N')] })).toBe(true);
      expect(of({ type, labels: [coded('N')] }, { labels: [coded('U'), coded('V')] })).toBe(false);
      expect(of({ type, labels: [level('N')] }, { labels: [coded('HIV')] })).toBe(false);
      expect(of({ type, labels: [coded('HIV')] }, { labels: [level('N')] })).toBe(false);
      expect(of({ type, labels: [level('')] }, { labels: [level('U')] })).toBe(false);
    }
  });

  const data = (meaning: ConsentRule['data'][number]['meaning'], reference: string | null = 'Observation/1') => ({ meaning, reference });
  const named = datum({ ids: ['Encounter/1'], refers: ['Patient/p', 'Observation/1'] });
  test.each<[string, readonly ConsentRule['data'][number][], Partial<Datum>, Applies]>([
    ['instance: it', [data('instance')], {}, true],
    ['instance: another', [data('instance', 'Observation/2')], { refers: ['Observation/2'] }, false],
    ['of which nobody knows what it is', [data('instance', null)], {}, null],
    ['dependents: it', [data('dependents')], {}, true],
    ['dependents: what refers to it', [data('dependents', 'Encounter/1')], { refers: ['Patient/p', 'Encounter/1'] }, true],
    ['dependents: what does not', [data('dependents', 'Encounter/1')], {}, false],
    ['related: it', [data('related')], {}, true],
    ['related: what it refers to', [data('related', 'Encounter/1')], { ids: ['x|1', 'Observation/1'] }, true],
    ['related: what it does not refer to', [data('related', 'Encounter/1')], { ids: ['Observation/2'] }, false],
    ['related: what nobody sent along', [data('related', 'Encounter/2')], {}, null],
    ['authoredby: one of its authors', [data('authoredby', 'Practitioner/x')], { authors: ['Practitioner/y', 'Practitioner/x'] }, true],
    ['authoredby: none of them', [data('authoredby', 'Practitioner/x')], { authors: ['Practitioner/y'] }, false],
    ['authoredby: of what says nobody', [data('authoredby', 'Practitioner/x')], { authors: null }, null],
    ['one of several', [data('instance', 'Observation/2'), data('instance')], {}, true],
    ['none of several', [data('instance', 'Observation/2'), data('instance', 'Observation/3')], {}, false],
    ['none of several of which one cannot be told', [data('instance', null), data('instance', 'Observation/3')], {}, null],
  ])('data by %s', (_, said, what, expected) => {
    expect(of({ data: said }, what, [named])).toBe(expected);
  });

  test.each<[string, number | null, number | null, Applies]>([
    ['before', 0, 5, false],
    ['until it starts', 0, 10, false],
    ['into it', 0, 11, true],
    ['from its end on', 20, 30, false],
    ['from its last instant', 19, 30, true],
    ['a time before', 9, 9, false],
    ['a time at its start', 10, 10, true],
    ['a time within', 15, 15, true],
    ['a time at its end', 20, 20, false],
    ['since ever, until it starts', null, 10, false],
    ['since ever, into it', null, 11, true],
    ['from its end for ever', 20, null, false],
    ['from before it, for ever', 5, null, true],
    ['always', null, null, true],
  ])('data of a period: %s', (_, start, end, expected) => {
    expect(of({ dataPeriod: { start: 10, end: 20 } }, { when: { start, end } })).toBe(expected);
  });
  test('a period that is open reaches for ever, and of what says no time it cannot be told', () => {
    const when = { start: 5, end: 6 };
    expect(of({ dataPeriod: { start: null, end: 20 } }, { when })).toBe(true);
    expect(of({ dataPeriod: { start: null, end: 5 } }, { when })).toBe(false);
    expect(of({ dataPeriod: { start: 1, end: null } }, { when })).toBe(true);
    expect(of({ dataPeriod: { start: 6, end: null } }, { when })).toBe(false);
    expect(of({ dataPeriod: { start: -5, end: null } }, { when: { start: -9, end: null } })).toBe(true);
    expect(of({ dataPeriod: { start: null, end: -5 } }, { when: { start: null, end: 9 } })).toBe(true);
    expect(of({ dataPeriod: { start: null, end: 5 } }, { when: { start: -9, end: -5 } })).toBe(true);
    expect(of({ dataPeriod: { start: 1, end: 2 } }, { when: null })).toBeNull();
  });

  const LIMITS: readonly (readonly [string, Partial<ConsentRule>])[] = [
    ['classes', { classes: [coded('a')] }],
    ['codes', { codes: [coded('a')] }],
    ['labels', { labels: [coded('a')] }],
    ['data', { data: [data('instance')] }],
    ['a period of data', { dataPeriod: { start: null, end: null } }],
    ['labels and data', { labels: [coded('a')], data: [data('instance')] }],
    ['classes and codes', { classes: [coded('a')], codes: [coded('a')] }],
    ['classes and labels', { classes: [coded('a')], labels: [coded('a')] }],
  ];
  test.each(LIMITS)('asked of nothing in particular, what is limited by %s does not speak', (_, change) => {
    expect(of(change, { is: 'anything' })).toBe(false);
    expect(of({}, { is: 'anything' })).toBe(true);
  });

  test('of what is not there yet it cannot be told how it will be labelled, by whom it is or when it is of', () => {
    for (const is of ['heading', 'class'] as const) {
      const codes = { codes: [coded('a')], classes: [coded('a')] };
      expect(of({ labels: [coded('a')] }, { is, ...codes })).toBeNull();
      expect(of({ data: [data('instance')] }, { is, ...codes })).toBeNull();
      expect(of({ labels: [coded('a')], data: [data('instance')] }, { is, ...codes })).toBeNull();
      expect(of({ dataPeriod: { start: null, end: null } }, { is, when: { start: 1, end: 2 } })).toBeNull();
      expect(of({}, { is })).toBe(true);
    }
  });

  test('a heading has a code and no class, a class no code', () => {
    expect(of({ codes: [coded('a')] }, { is: 'heading', codes: [coded('a')] })).toBe(true);
    expect(of({ codes: [coded('b')] }, { is: 'heading', codes: [coded('a')] })).toBe(false);
    expect(of({ classes: [coded('a')] }, { is: 'heading' })).toBeNull();
    expect(of({ classes: [coded('a')] }, { is: 'class', classes: [coded('a')] })).toBe(true);
    expect(of({ classes: [coded('b')] }, { is: 'class', classes: [coded('a')] })).toBe(false);
    expect(of({ codes: [coded('a')] }, { is: 'class' })).toBeNull();
  });
});
