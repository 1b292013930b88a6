import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BASE, Extension, Profile, System } from '../../profiles/canonicals.ts';
import { errorsOf, validate as validateAll } from '../../src/validate/validate.ts';
import type { ValidateOptions } from '../../src/validate/validate.ts';

type Json = Record<string, unknown>;
/** What forbids: warnings have a test of their own. */
const validate = (resource: unknown, options: ValidateOptions = {}) => errorsOf(validateAll(resource, options));
const example = (name: string): Json =>
  JSON.parse(readFileSync(new URL(`../../profiles/examples/${name}/valid-full.json`, import.meta.url), 'utf8'));
const places = (resource: unknown, profile?: string): (string | null)[] =>
  validate(resource, profile === undefined ? {} : { profile }).map(({ at }) => at);

const MARK = 'Zzyzx';
/** The tree with the value at one of its leaves (or branches) replaced. */
const withReplaced = (value: unknown, nth: { left: number }, by: unknown): unknown => {
  if (nth.left-- === 0) return by;
  if (Array.isArray(value)) return value.map((each) => withReplaced(each, nth, by));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withReplaced(each, nth, by)]));
};

describe('I10: input that is no resource is answered, never thrown on', () => {
  const deep = (levels: number, wrap: (inner: unknown) => unknown): unknown => {
    let value: unknown = 'x';
    for (let level = 0; level < levels; level++) value = wrap(value);
    return value;
  };

  test.each<[string, unknown]>([
    ['null', null],
    ['undefined', undefined],
    ['a text', 'Patient'],
    ['a number', 7],
    ['a list', [{ resourceType: 'Patient' }]],
    ['nothing', {}],
    ['a type that is no text', { resourceType: 7 }],
    ['an unknown type', { resourceType: 'Plan' }],
    ['a datatype', { resourceType: 'HumanName' }],
    ['an abstract type', { resourceType: 'DomainResource' }],
    ['an inherited name as type', { resourceType: 'constructor' }],
    ['a very deep object', { resourceType: 'Patient', contact: deep(100_000, (inner) => ({ contact: inner })) }],
    ['a very deep list', { resourceType: 'Patient', contact: deep(100_000, (inner) => [inner]) }],
    ['a huge list', { resourceType: 'Patient', name: Array.from({ length: 100_000 }, () => ({})) }],
    [
      'very many elements',
      {
        resourceType: 'Bundle',
        type: 'collection',
        entry: Array.from({ length: 1_900 }, () => ({
          resource: { resourceType: 'Patient', name: Array.from({ length: 40 }, () => ({ family: 'x' })) },
        })),
      },
    ],
    ['an inherited property', JSON.parse('{"resourceType":"Patient","__proto__":{"active":true}}')],
    ['a property called constructor', JSON.parse('{"resourceType":"Patient","constructor":1}')],
    ['a number past the end', JSON.parse('{"resourceType":"Location","position":{"latitude":1e999,"longitude":0}}')],
    ['half a surrogate pair', JSON.parse('{"resourceType":"Organization","name":"\\ud800"}')],
    ['a zero byte', JSON.parse('{"resourceType":"Organization","name":"a\\u0000"}')],
    ['an unknown type inside', { resourceType: 'Bundle', type: 'collection', entry: [{ resource: { resourceType: 'Plan' } }] }],
    ['resources where none belong', { resourceType: 'Patient', name: [{ resourceType: 'Patient' }] }],
  ])('%s', (_, input) => {
    expect(validate(input).length).toBeGreaterThan(0);
  });

  test('whatever stands in place of one element, places come back and hold none of it', () => {
    const names = [
      'crisis-plan',
      'plan-words',
      'plan-patient',
      'sharing-consent',
      'sharing-agreement',
      'recipient-service',
      'crisis-contact',
      'disclosure',
    ];
    const junk = fc.oneof(
      fc.constantFrom<unknown>(
        null,
        true,
        0,
        -1.5,
        '',
        [],
        {},
        [[]],
        [null],
        { [MARK]: 1 },
        { resourceType: MARK },
        { reference: MARK },
        { coding: MARK },
      ),
      fc.constant<unknown>(MARK),
      fc.constant<unknown>([MARK, { value: MARK, system: MARK }]),
      fc.constant<unknown>({ url: `${BASE}/StructureDefinition/${MARK}`, valueString: MARK, div: `<${MARK}>`, start: MARK, end: MARK }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat({ max: 60 }), junk, (name, nth, value) => {
        const issues = validate(withReplaced(example(name), { left: nth + 1 }, value), { profile: `${BASE}/StructureDefinition/${name}` });
        expect(issues.map(({ at, help }) => `${at} ${help}`).filter((line) => line.includes(MARK) && !line.includes(`.${MARK}`))).toEqual(
          [],
        );
      }),
      { numRuns: 400 },
    );
  });

  test('a property name that may be a number of a person is not repeated', () => {
    const [issue] = validate({ resourceType: 'Patient', n9990012342: { div: 'x' } });
    expect(JSON.stringify(issue)).not.toContain('9990012342');
  });
});

describe('profiles', () => {
  test('a profile of another type, or of nobody, is refused', () => {
    expect(places(example('plan-patient'), Profile.crisisPlan)).toEqual(['resourceType']);
    expect(places(example('plan-patient'), 'https://elsewhere.example/profile')).toEqual(['Patient']);
  });

  test('base R4 can be asked for', () => {
    expect(validate({ resourceType: 'Patient' }, { profile: 'http://hl7.org/fhir/StructureDefinition/Patient' })).toEqual([]);
    expect(validate({ resourceType: 'Patient' }).length).toBeGreaterThan(0);
  });

  test('contained resources are held against base R4, and their codes are checked', () => {
    const plan = {
      ...example('crisis-plan'),
      contained: [{ resourceType: 'Patient', id: 'p', gender: 'banana' }],
      subject: { reference: '#p' },
    };
    expect(places(plan)).toEqual(['CarePlan.contained[0].gender']);
  });

  test.each<[string, Json, string]>([
    [
      'two contained of one id',
      {
        contained: [
          { resourceType: 'Practitioner', id: 'a' },
          { resourceType: 'Practitioner', id: 'a' },
        ],
      },
      'CarePlan.contained[1].id',
    ],
    ['a contained without a type', { contained: [{ id: 'a' }] }, 'CarePlan.contained[0].resourceType'],
    ['an id with a space', { id: 'a b' }, 'CarePlan.id'],
    ['a reference that is a search', { author: { reference: 'Practitioner?identifier=1' } }, 'CarePlan.author.reference'],
    ['a reference to a type that is not', { author: { reference: 'Doctor/1' } }, 'CarePlan.author.reference'],
    ['rules of elsewhere', { implicitRules: 'https://elsewhere.example' }, 'CarePlan.implicitRules'],
    ['a time without a zone', { created: '2026-11-01T10:00:00' }, 'CarePlan.created'],
    ['a time of hours only', { created: '2026-11-01T10' }, 'CarePlan.created'],
    ['a day that is not', { created: '2026-02-30' }, 'CarePlan.created'],
  ])('%s', (_, change, at) => {
    expect(places({ ...example('crisis-plan'), ...change })).toContain(at);
  });

  test.each(['urn:uuid:6f1b2c3d-0000-4000-8000-000000000001', 'https://trust.example/fhir/Practitioner/1', 'Practitioner/1/_history/2'])(
    'takes the reference %s',
    (reference) => {
      expect(validate({ ...example('crisis-plan'), author: { reference } })).toEqual([]);
    },
  );

  test('one of our extensions on the wrong element is refused', () => {
    const plan = example('crisis-plan');
    expect(
      places({
        ...plan,
        activity: [
          {
            extension: [{ url: Extension.reviewDate, valueDate: '2027-01-01' }],
            detail: { status: 'scheduled', code: { coding: [{ system: System.heading, code: 'coping' }] }, description: 'x' },
          },
        ],
      }),
    ).toEqual(['CarePlan.activity[0].extension[0]']);
  });

  test.each<[string, string, boolean]>([
    ['2026-11-01', '2026-11-01', true],
    ['2026-11-01', '2026', true],
    ['2027', '2026', false],
    ['2026-11', '2026-10-31', false],
    ['2026-11-02', '2026-11-01T23:00:00Z', false],
    ['2026-11-01T10:00:00Z', '2026-11-01', true],
    ['2026-11-01T10:00:00+01:00', '2026-11-01T09:00:00Z', true],
    ['2026-11-01T10:00:00Z', '2026-11-01T10:59:59+01:00', false],
  ])('a period from %s to %s: %s', (start, end, taken) => {
    expect(places({ ...example('crisis-plan'), period: { start, end } })).toEqual(taken ? [] : ['CarePlan.period']);
  });

  test('a position in the United Kingdom is taken, one with its numbers swapped is not', () => {
    const location = (latitude: number, longitude: number): Json => ({ resourceType: 'Location', position: { latitude, longitude } });
    expect(validate(location(53.79, -1.54))).toEqual([]);
    expect(validate(location(-1.54, 53.79))).toEqual([
      expect.objectContaining({ at: 'Location.position', help: 'latitude and longitude are swapped' }),
    ]);
    expect(places(location(40.7, -74))).toEqual(['Location.position']);
  });
});
