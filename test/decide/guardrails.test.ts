import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { CarePlan, Composition, CompositionSection } from '@medplum/fhirtypes';
import { GUARDRAILS, guardrails, guardrailWarnings } from '../../src/decide/guardrails.ts';
import type { Draft, Hand } from '../../src/decide/guardrails/rule.ts';
import { WORD_RULES } from '../../src/decide/guardrails/word-rules.ts';
import { linesOf } from '../../src/decide/guardrails/words-of.ts';

const example = <T>(profile: string): T =>
  JSON.parse(readFileSync(new URL(`../../profiles/examples/${profile}/valid-full.json`, import.meta.url), 'utf8')) as T;
const heading = 'https://crisis-plan-broker.example/fhir/CodeSystem/plan-heading';
const div = (text: string): string => `<div xmlns="http://www.w3.org/1999/xhtml"><p>${text}</p></div>`;

const hand = (as: Hand['as'], reference: string, kinds: Hand['kinds'] = ['publisher']): Hand => ({
  as,
  at: `here.${as}`,
  reference,
  kinds,
});
const HANDS: readonly Hand[] = [
  hand('author', 'Practitioner/nurse'),
  hand('approver', 'Practitioner/consultant'),
  hand('care-team', 'Practitioner/nurse'),
];
const sound: Draft = {
  carePlan: example<CarePlan>('crisis-plan'),
  composition: example<Composition>('plan-words'),
  hands: HANDS,
  agreement: { agreed: true, reason: null, secondClinician: null },
};

/** The sound draft with one more section of words. */
const saying = (text: string, code = 'crisis-steps', author?: string): Draft => {
  const section: CompositionSection = {
    code: { coding: [{ system: heading, code }] },
    text: { status: 'additional', div: div(text) },
    ...(author === undefined ? {} : { author: [{ reference: author }] }),
  };
  return { ...sound, composition: { ...sound.composition, section: [...(sound.composition.section ?? []), section] } };
};
const idsOf = (draft: Draft): readonly string[] => guardrails(draft).map(({ help }) => help.split(':')[0] ?? '');

test('a sound draft passes every guardrail', () => {
  expect(guardrails(sound)).toEqual([]);
  expect(guardrailWarnings(sound)).toEqual([]);
});

test('each rule has an id and a sentence for the user', () => {
  for (const { id, sentence } of GUARDRAILS) {
    expect(id).toMatch(/^G\d+$/);
    expect(sentence).toMatch(/^[A-Z].*\.$/);
  }
});

describe('words that an agency may not write', () => {
  test.each([
    ['G1', 'If she rings again, a Criminal Behaviour Order will be sought'],
    ['G1', 'Police will prosecute'],
    ['G1', 'Arrest if she is found on the bridge'],
    ['G1', 'She has signed a behaviour contract'],
    ['G1', 'This counts as wasting police time'],
    ['G1', 'I understand that there will be consequences'],
    ['G2', 'Do not convey to hospital'],
    ['G2', 'Don’t admit'],
    ['G2', 'She is not to be admitted'],
    ['G2', 'Never send an ambulance'],
    ['G2', 'Do not treat self-harm wounds'],
    ['G2', 'Staff should not assess under the Act'],
    ['G3', 'This plan overrides clinical judgement'],
    ['G14', 'Known high intensity user'],
    ['G14', 'Attention-seeking behaviour is common'],
    ['G14', 'Can be manipulative'],
    ['G15', 'Risk: high'],
    ['G15', 'A low-risk patient'],
  ])('%s stops "%s" and says where', (id, text) => {
    const draft = saying(text);
    expect(idsOf(draft)).toContain(id);
    expect(guardrails(draft)[0]?.at).toBe('Composition.section[2].text.div');
  });

  test.each([
    'Please don’t treat me like a child',
    'Do not touch me from behind',
    'Ring my CPN in the morning',
    'I would rather not be admitted to the old ward',
    'Assess as you would anyone',
    'Take me to hospital if I ask',
    'I am afraid of police, and of being arrested',
    'There is a risk that I run into the road',
  ])('"%s" passes', (text) => {
    expect(guardrails(saying(text))).toEqual([]);
  });

  test('the person’s own words are warned on, never blocked', () => {
    const own = saying('They said they would prosecute', 'please-do', 'Patient/amber');
    expect(guardrails(own)).toEqual([]);
    expect(guardrailWarnings(own).map(({ severity, at }) => [severity, at])).toEqual([['warning', 'Composition.section[2].text.div']]);
    const asked = saying('Please do not call me manipulative', 'please-do');
    expect(guardrails(asked)).toEqual([]);
    expect(guardrailWarnings(asked)).toHaveLength(1);
  });

  test('a line that breaks no rule is no find at all, nor is a lawful refusal', () => {
    const finds = (draft: Draft) => WORD_RULES.flatMap(({ check }) => check(draft));
    expect(finds(saying('Let me hold the cat'))).toEqual([]);
    expect(finds(saying('Do not treat with the medicine that I refused in 2024', 'advance-statement'))).toEqual([]);
  });

  test('a lawful refusal may say what must not be done', () => {
    expect(guardrails(saying('Do not treat with the medicine that I refused in 2024', 'refusals'))).toEqual([]);
  });

  test('markup, entities and look-alike letters hide no word', () => {
    expect(idsOf(saying('Do&#32;n<b>ot</b> con<i></i>vey'))).toContain('G2');
    expect(idsOf(saying('pro\u00adse\u200bcute'))).toContain('G1');
    expect(idsOf(saying('ｍａｎｉｐｕｌａｔｉｖｅ'))).toContain('G14');
    expect(linesOf('<div><p>a<br/>b</p><ul><li>c &amp; d</li></ul></div>')).toEqual(['a', 'b', 'c & d']);
  });

  test('an action is agency text', () => {
    const activity = [{ detail: { status: 'not-started' as const, description: 'Do not convey' } }];
    expect(guardrails({ ...sound, carePlan: { ...sound.carePlan, activity } })[0]?.at).toBe('CarePlan.activity[0].detail.description');
  });

  test('no issue quotes the plan', () => {
    expect(JSON.stringify(guardrails(saying('Zebra says: do not convey')))).not.toContain('Zebra');
  });
});

describe('hands, agreement, and somebody to ring', () => {
  test('G2 an activity forbids nothing', () => {
    const activity = [{ detail: { status: 'not-started' as const, doNotPerform: true, description: 'Anything' } }];
    expect(guardrails({ ...sound, carePlan: { ...sound.carePlan, activity } }).map(({ at }) => at)).toEqual([
      'CarePlan.activity[0].detail.doNotPerform',
    ]);
  });

  test.each(['author', 'approver', 'care-team'] as const)('G4 no police %s, also where the organisation is more than police', (as) => {
    expect(idsOf({ ...sound, hands: [...HANDS, hand(as, 'Practitioner/officer', ['publisher', 'police'])] })).toEqual(['G4']);
  });

  test('G4 a hand whose organisation is not known is refused', () => {
    expect(idsOf({ ...sound, hands: [...HANDS, hand('author', 'Practitioner/stranger', null)] })).toEqual(['G4']);
  });

  test.each([
    ['agreed', { agreed: true, reason: null, secondClinician: null }, []],
    ['not agreed, and nothing said', { agreed: false, reason: null, secondClinician: null }, ['G12']],
    ['not agreed, with a reason alone', { agreed: false, reason: 'Lacks capacity now', secondClinician: null }, ['G12']],
    ['not agreed, with a blank reason', { agreed: false, reason: ' ', secondClinician: 'Practitioner/second' }, ['G12']],
    [
      'not agreed, and the second is the approver',
      { agreed: false, reason: 'Lacks capacity now', secondClinician: 'Practitioner/consultant' },
      ['G12'],
    ],
    [
      'the same by another address',
      { agreed: false, reason: 'x', secondClinician: 'https://b.example/fhir/Practitioner/consultant/_history/2' },
      ['G12'],
    ],
    ['not agreed, with a reason and a second', { agreed: false, reason: 'Lacks capacity now', secondClinician: 'Practitioner/second' }, []],
  ])('G12 %s', (_, agreement, ids) => {
    expect(idsOf({ ...sound, agreement })).toEqual(ids);
  });

  test('G12 somebody approves', () => {
    expect(idsOf({ ...sound, hands: [hand('author', 'Practitioner/nurse')] })).toEqual(['G12']);
  });

  const others = (sound.composition.section ?? []).filter(({ code }) => code?.coding?.[0]?.code !== 'who-to-ring');
  const section = (code: string, text: string) => ({
    code: { coding: [{ system: heading, code }] },
    text: { status: 'additional' as const, div: div(text) },
  });
  const ringing = (text: string): Draft => ({
    ...sound,
    composition: { ...sound.composition, section: [...others, section('who-to-ring', text)] },
  });

  test('G21 a plan that nobody can ring about is refused', () => {
    expect(idsOf({ ...sound, composition: { ...sound.composition, section: others } })).toEqual(['G21']);
    expect(idsOf(ringing('The team'))).toEqual(['G21']);
  });

  test.each([
    'The team, day and night: 01632 960002',
    'The team, 24/7: 01632 960002, or my nurse on 07700 900123',
    'NHS 111, at any time',
    'The team, 9am to 5pm: 01632 960002. At other times: 111.',
    'Weekdays nine to five: 01632 960002. Out of hours there is nobody; ring 999.',
    'Mondays to Fridays 01632 960002</p><p>Outside these hours 01632 960003',
  ])('G21 %s can be rung', (text) => {
    expect(idsOf(ringing(text))).toEqual([]);
  });

  test.each([
    ['only mobiles', 'My nurse, day and night: 07700 900123'],
    ['only mobiles, written otherwise', 'My nurse, day and night: +44 7700 900 123'],
    ['a voicemail', 'The team, day and night: 01632 960002; leave a message on the voicemail'],
    ['no hours', 'The team: 01632 960002'],
    ['hours, and nothing said of the rest', 'The team, weekdays nine to five: 01632 960002'],
  ])('G21 %s cannot', (_what, text) => {
    expect(idsOf(ringing(text))).toEqual(['G21']);
  });

  const owning = (...sections: readonly CompositionSection[]): Draft => ({
    ...sound,
    composition: { ...sound.composition, section: [...sections, section('who-to-ring', 'The team, day and night: 01632 960002')] },
  });

  test('G12 a plan without the words of the person, or with words that stand in every plan, is refused', () => {
    expect(idsOf(owning())).toEqual(['G12']);
    expect(idsOf(owning(section('crisis-steps', 'Ring the team')))).toEqual(['G12']);
    expect(idsOf(owning(section('coping', 'Use coping strategies.'), section('support', 'Stay calm</p><p>N/A')))).toEqual(['G12']);
    expect(idsOf(owning(section('coping', 'Use coping strategies.'), section('support', 'Stay calm, and let me hold the cat')))).toEqual(
      [],
    );
  });

  test('G10 a plan with notes, with progress, or with words that do not show, is refused', () => {
    const { carePlan } = sound;
    const [first = {}] = carePlan.activity ?? [];
    expect(idsOf({ ...sound, carePlan: { ...carePlan, note: [{ text: 'For staff' }] } })).toEqual(['G10']);
    expect(idsOf({ ...sound, carePlan: { ...carePlan, activity: [{ ...first, progress: [{ text: 'For staff' }] }] } })).toEqual(['G10']);
    expect(idsOf(owning(section('support', 'Let me hold the cat<!-- for staff -->')))).toEqual(['G10']);
    expect(idsOf(owning(section('support', 'Let me hold the cat<span style="display:none">for staff</span>')))).toEqual(['G10']);
  });
});
