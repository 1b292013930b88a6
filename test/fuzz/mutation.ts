import fc from 'fast-check';
import { changedAt, isObject, type Json, type JsonObject, placesOf, valueAt, type Way } from './json.ts';
import { VALID } from './valid-resources.ts';

/** Names that an object of JavaScript has already, or that FHIR means something else by. */
const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'then',
  'toJSON',
  'length',
  'resourceType',
  'id',
  'meta',
  'contained',
  'extension',
  'modifierExtension',
  '_id',
  '_status',
  'value',
  'valueString',
  'valueReference',
  'reference',
  'identifier',
  'name',
  'status',
  'subject',
  'implicitRules',
  'fhir_comments',
  '',
  '$ref',
  'nächste',
  '\u0000',
  'a.b[0]',
];

const TEXTS = [
  '',
  ' ',
  '\t\n',
  '\u0000',
  '\u0001',
  '\ud800',
  'a\udfffb',
  '\u202eabc',
  '\ufeff',
  '\ufffe',
  '😀'.repeat(40),
  'é'.normalize('NFD'),
  'İ',
  '١٢٣',
  '__proto__',
  'constructor',
  "' OR 1=1 --",
  '%00',
  '${7*7}',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '<div xmlns="http://www.w3.org/1999/xhtml"><p onclick="x">a</p></div>',
  `<div xmlns="http://www.w3.org/1999/xhtml">${'<b>'.repeat(500)}</div>`,
  '&lt;&#0;&unknown;',
  'Patient/amber',
  'Patient/nobody',
  'Patient/',
  'Patient/amber/_history/999999999999',
  'Patient?identifier=9990012342',
  '#nowhere',
  '#',
  'urn:uuid:nonsense',
  'urn:uuid:00000000-0000-4000-8000-000000000000',
  'https://other.example/fhir/Patient/1',
  'javascript:alert(1)',
  'http://[::1',
  '2026-02-30',
  '2026-13',
  '0000',
  '9999-12-31T23:59:60.999999999999+14:00',
  '2026-01-01T24:00:00Z',
  '+275760-09-14',
  '-000001',
  '24:00:00',
  '9990012342',
  '999 001 2342',
  '9990012343',
  'active',
  'draft',
  'entered-in-error',
  'http://hl7.org/fhir/StructureDefinition/data-absent-reason',
  'https://crisis-plan-broker.example/fhir/StructureDefinition/serves',
  'https://fhir.nhs.uk/Id/nhs-number',
  'https://fhir.nhs.uk/Id/ods-organization-code',
  'a|b|c',
  'a'.repeat(65),
  'x'.repeat(5_000),
  '(((((a+)+)+)+)+)!',
  `${'a'.repeat(300)}!`,
  '1'.repeat(400),
  `${' '.repeat(2_000)}x`,
];

const NUMBERS = [0, -0, -1, 1, 0.1, 1e-320, 1e308, -1e308, 2 ** 31, 2 ** 53, 2 ** 63, 1e21, 12345678.125, 64, 65_536];

const deep = (levels: number, of: 'list' | 'object'): Json => {
  let value: Json = 'deep';
  for (let level = 0; level < levels; level += 1)
    value = of === 'list' ? [value] : { extension: [{ url: 'https://example.org/x', valueString: 'a' }], item: value };
  return value;
};

const REFERENCES: readonly Json[] = [
  { reference: 'Patient/amber' },
  { reference: 'Patient/nobody', identifier: { system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990012342' } },
  { reference: '#self' },
  { identifier: { value: 'ZZ9' } },
  { type: 'Patient', display: 'nobody' },
  { reference: 'http://127.0.0.1:1/fhir/Patient/1' },
  { reference: ['Patient/amber'] },
];

/** One value that may stand anywhere. */
const oddValue: fc.Arbitrary<Json> = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom<Json>(...TEXTS) },
  { weight: 5, arbitrary: fc.constantFrom<Json>(...NUMBERS) },
  { weight: 5, arbitrary: fc.constantFrom<Json>(null, true, false, [], {}, [null], [[]], [{}], [null, null], { '': '' }) },
  { weight: 3, arbitrary: fc.constantFrom<Json>(...REFERENCES) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }).map((value) => value as Json) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Json>(deep(20, 'list'), deep(62, 'list'), deep(70, 'list'), deep(15, 'object'), deep(40, 'object')),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Json>(
      'x'.repeat(70_000),
      Array.from({ length: 3_000 }, () => 'x'),
      Array.from({ length: 500 }, () => ({ text: 'x' })),
    ),
  },
);

/** One change of a value: what is done, at which of its places. */
export interface Mutation {
  readonly how: 'replace' | 'remove' | 'double' | 'wrap' | 'unwrap' | 'rename' | 'insert' | 'graft' | 'append' | 'refer' | 'shuffle';
  readonly pick: number;
  readonly other: number;
  readonly name: string;
  readonly value: Json;
}

export const mutation: fc.Arbitrary<Mutation> = fc.record({
  how: fc.constantFrom(
    ...([
      'replace',
      'replace',
      'replace',
      'remove',
      'remove',
      'double',
      'wrap',
      'unwrap',
      'rename',
      'insert',
      'graft',
      'append',
      'refer',
      'shuffle',
    ] as const),
  ),
  pick: fc.nat(),
  other: fc.nat(),
  name: fc.constantFrom(...NAMES),
  value: oddValue,
});

const pickFrom = <T>(list: readonly T[], pick: number): T | undefined => list[pick % Math.max(list.length, 1)];

/** A part of another valid resource. */
const grafted = (pick: number): Json => {
  const from = pickFrom(VALID, pick)?.resource ?? {};
  return valueAt(from, pickFrom(placesOf(from), Math.floor(pick / 7)) ?? []);
};

const doubled = (at: Json, pick: number): Json => {
  if (Array.isArray(at)) return Array.from({ length: 1 + (pick % 3 === 0 ? 30 : 1) }, () => at as readonly Json[]).flat();
  return typeof at === 'string' ? at + at : [at, at];
};

const isReferring = (way: Way): boolean => way.at(-1) === 'reference' || way.at(-1) === 'url' || way.at(-1) === 'system';

/** A value with one change. */
export const mutated = (whole: Json, { how, pick, other, name, value }: Mutation): Json => {
  const all = placesOf(whole);
  const places =
    how === 'refer'
      ? all.filter(isReferring)
      : how === 'insert' || how === 'rename'
        ? all.filter((way) => isObject(valueAt(whole, way)))
        : all;
  const way = pickFrom(places, pick);
  if (way === undefined) return whole;
  const change = (at: Json): Json | undefined => {
    switch (how) {
      case 'replace':
        return value;
      case 'remove':
        return undefined;
      case 'double':
        return doubled(at, other);
      case 'wrap':
        return other % 2 === 0 ? [at] : { [name]: at };
      case 'unwrap':
        return Array.isArray(at) ? (at[0] ?? null) : isObject(at) ? (Object.values(at)[0] ?? null) : value;
      case 'rename': {
        if (!isObject(at)) return at;
        const entries = Object.entries(at);
        return Object.fromEntries(
          entries.map(([each, inner], index) => [index === other % Math.max(entries.length, 1) ? name : each, inner]),
        );
      }
      case 'insert':
        return isObject(at) ? Object.fromEntries([...Object.entries(at), [name, value]]) : at;
      case 'graft':
        return grafted(other);
      case 'append':
        return typeof at === 'string' ? at + String(typeof value === 'string' ? value : name) : value;
      case 'refer':
        return typeof value === 'string' ? value : `Patient/${name}`;
      case 'shuffle':
        return Array.isArray(at)
          ? [...(at as readonly Json[])].reverse()
          : isObject(at)
            ? Object.fromEntries(Object.entries(at).reverse())
            : at;
      default:
        return how satisfies never;
    }
  };
  return changedAt(whole, way, change) ?? null;
};

/** A valid resource with its changes, and which it was. */
export interface Mutated {
  readonly of: number;
  readonly mutations: readonly Mutation[];
}

/** None for one in six: what is valid must be taken, and the rest of the request is odd then. */
export const mutatedResource: fc.Arbitrary<Mutated> = fc.record({
  of: fc.nat({ max: VALID.length - 1 }),
  mutations: fc.oneof(
    { weight: 1, arbitrary: fc.constant<Mutation[]>([]) },
    { weight: 4, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(mutation, { minLength: 2, maxLength: 5 }) },
  ),
});

/** The resource that a description stands for, under an id. */
export const resourceOf = ({ of, mutations }: Mutated, id: string | null): Json => {
  const { resource } = VALID[of] ?? { resource: {} };
  const named: JsonObject = id === null ? resource : { ...resource, id };
  return mutations.reduce<Json>(mutated, named);
};
