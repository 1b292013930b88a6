import fc from 'fast-check';
import type { Json } from './json.ts';

/** The one that a number picks; undefined of an empty list. */
export const pickFrom = <T>(list: readonly T[], pick: number): T | undefined => list[pick % Math.max(list.length, 1)];

/** Names that an object of JavaScript has already, or that FHIR means something else by. */
export const NAMES = [
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
  '{{7*7}}',
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
export const oddValue: fc.Arbitrary<Json> = fc.oneof(
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
      'x'.repeat(900_000),
      Array.from({ length: 3_000 }, () => 'x'),
      Array.from({ length: 500 }, () => ({ text: 'x' })),
    ),
  },
);

/** What no index can make shorter: the same at each run. */
const dense = (length: number): string => {
  let state = 1;
  return Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return String.fromCharCode(97 + (state % 26));
  }).join('');
};
const DENSE = dense(4_000);

/** Values of the same sort as what stands at a place: what is still valid goes deepest. */
const KIN: readonly (readonly [RegExp, readonly string[]])[] = [
  [
    /^\d{4}(?:-\d\d(?:-\d\d(?:T.*)?)?)?$/,
    [
      '0001',
      '0001-01-01T00:00:00+14:00',
      '1582-10-10',
      '1900-02-28',
      '1969-12-31T23:59:59.999Z',
      '2000-02-29',
      '2026-03-29T01:30:00+00:00',
      '2026-10-25T01:30:00+01:00',
      '2026',
      '2026-06',
      '2026-01-01T10:00:00.123456789Z',
      '2016-12-31T23:59:60Z',
      '2038-01-19T03:14:08Z',
      '9999-12-31',
      '9999-12-31T23:59:59-12:00',
      `2026-01-01T10:00:00.${'1234567890271828'.repeat(250)}Z`,
    ],
  ],
  [
    /^[A-Z][A-Za-z]+\/[A-Za-z0-9\-.]+$/,
    [
      'Patient/amber',
      'Patient/f1',
      'Practitioner/nurse',
      'Organization/trust',
      'Organization/ambulance-trust',
      'HealthcareService/ambulance',
      'HealthcareService/police',
      'CarePlan/plan-1',
      'Composition/words-1',
      'Consent/consent-1',
      'Consent/f2',
      'CareTeam/crisis-team',
      'Encounter/f0',
      'Task/f0',
      'Contract/agreement-1',
      'RelatedPerson/f3',
      'Group/f1',
      'Patient/amber/_history/1',
    ],
  ],
  [
    /^https?:|^urn:/,
    [
      'https://example.org/x',
      'urn:oid:1.2.3',
      'urn:uuid:00000000-0000-4000-8000-000000000000',
      'http://snomed.info/sct',
      'https://fhir.nhs.uk/Id/nhs-number',
      'https://fhir.nhs.uk/Id/ods-organization-code',
      `https://example.org/${'x'.repeat(1_500)}`,
      `https://example.org/${DENSE}`,
    ],
  ],
  [/^\d{10}$/, ['9990012342', '9990000018', '9990000026', '9999999999']],
  [
    /^[a-z][a-z-]*$/,
    [
      'active',
      'draft',
      'off',
      'revoked',
      'requested',
      'permit',
      'deny',
      'proposed',
      'executed',
      'terminated',
      'entered-in-error',
      'finished',
      'in-progress',
      'planned',
      'cancelled',
      'inactive',
      'order',
      'plan',
      'male',
      'unknown',
      'official',
      'old',
      'temp',
      'phone',
      'email',
      'publisher',
      'ambulance',
      'police',
      'epr',
      'ed',
    ],
  ],
  [/./s, ['Other words', 'é', '😀', 'x'.repeat(3_000), DENSE, 'a\nb', "O'Invented", 'ﬃ', '\u00a0', 'İI', '%_\\']],
];

/** Another value of the same sort. */
export const kinOf = (at: Json, pick: number): Json => {
  if (typeof at === 'boolean') return !at;
  if (typeof at === 'number') return pickFrom(NUMBERS, pick) ?? 0;
  if (typeof at !== 'string') return at;
  const [, values = []] = KIN.find(([pattern]) => pattern.test(at)) ?? [];
  return pickFrom(values, pick) ?? at;
};
