import fc from 'fast-check';
import { RESOURCE_TYPES } from '../../profiles/resource-types.ts';
import { SEARCH_PARAMETERS } from '../../profiles/search-parameters.ts';

/** Types of the table, definitions, and what is no type. */
export const TYPES: readonly string[] = RESOURCE_TYPES.map(({ type }) => type);
export const someType: fc.Arbitrary<string> = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(...TYPES) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'Observation',
      'StructureDefinition',
      'ValueSet',
      '__proto__',
      'constructor',
      'patient',
      'Resource',
      'DomainResource',
      '$x',
      '_x',
      '%',
      '%zz',
      '%00',
    ),
  },
);

const codesOf = (type: string): readonly string[] => [
  '_id',
  '_lastUpdated',
  ...(SEARCH_PARAMETERS.get(type) ?? []).map(({ code }) => code),
];

const MODIFIERS = [
  '',
  '',
  '',
  '',
  ':exact',
  ':contains',
  ':not',
  ':missing',
  ':identifier',
  ':text',
  ':in',
  ':of-type',
  ':Patient',
  ':Nonsense',
  ':',
  ':__proto__',
  ':iterate',
  '.',
  '.name',
  '.identifier',
  ':Patient.identifier',
  '.subject.identifier',
  '.subject:Patient.general-practitioner.name',
  '.x'.repeat(20),
];

const VALUES = [
  '',
  'a',
  'active',
  'draft,active',
  'true',
  'false',
  'amber',
  'Patient/amber',
  'Patient/amber/_history/1',
  'Nonsense/amber',
  'http://127.0.0.1/fhir/Patient/amber',
  'urn:uuid:x',
  '9990012342',
  'https://fhir.nhs.uk/Id/nhs-number|9990012342',
  'https://fhir.nhs.uk/Id/nhs-number|9990012343',
  'http://snomed.info/sct|',
  '|x',
  '|',
  '||',
  'a|b|c',
  ',',
  ',,,',
  '\\',
  '\\,',
  '\\\\,a\\|b\\$c',
  '$',
  'a$b',
  '2026',
  'ge2026-01-01',
  'sa2026-13',
  'ap2026-01-01T10:00:00Z',
  'lt0000',
  'gt9999-12-31T23:59:59.999Z',
  'zz2026',
  'ne2026-02-30',
  '2026-01-01T10:00:00+14:00',
  '-1',
  '0',
  '1e999',
  '99999999999999999999',
  'name',
  '-name,_id',
  '_lastUpdated',
  'Patient:link',
  'CarePlan:subject',
  'CarePlan:subject:Patient',
  'Task:focus',
  'Provenance:target:CarePlan',
  '*',
  '*:*',
  'Patient:*',
  'count',
  'text',
  'data',
  'id,status,subject',
  '__proto__',
  'none',
  'accurate',
  'json',
  'application/fhir+json',
  'xml',
  '\u0000',
  '\ufffd😀',
  'é',
  'İSTANBUL',
  '%',
  '_',
  '%_%',
  "' OR 1=1 --",
  '; DROP TABLE resource',
  'x'.repeat(300),
  'x'.repeat(1_100),
  Array.from({ length: 60 }, (_each, n) => n).join(','),
  '(((a+)+)+)+!',
];

const RESULTS = [
  '_count',
  '_summary',
  '_elements',
  '_sort',
  '_total',
  '_include',
  '_revinclude',
  '_include:iterate',
  '_revinclude:iterate',
  '_include:x',
  '_format',
  '_pretty',
  '_page',
  '_contained',
  '_since',
  '_at',
  '_list',
  '_text',
  '_content',
  '_filter',
  '_query',
  '_type',
  '_tag',
  '_profile',
  '_security',
  '_source',
];

/** What stands well for the result parameters, so that a search is not always refused. */
const FITTING: Readonly<Record<string, readonly string[]>> = {
  _count: ['0', '1', '3', '100', '1000'],
  _summary: ['true', 'text', 'data', 'count', 'false'],
  _elements: ['id', 'status,subject', 'name'],
  _total: ['none', 'estimate', 'accurate'],
  _include: ['*'],
  _revinclude: ['*'],
};

/** One name of a parameter, of the type or of another. */
const nameOf = (type: string): fc.Arbitrary<string> => {
  const codes = codesOf(type);
  const plain = fc.tuple(fc.constantFrom(...codes), fc.constantFrom(...MODIFIERS)).map(([code, modifier]) => code + modifier);
  const has = fc
    .tuple(
      fc.constantFrom(...TYPES, 'Nonsense'),
      fc.nat(),
      fc.constantFrom(...codes, 'x', '_has:Task:focus:status', '_has:CarePlan:subject:_has:Task:focus:status'),
    )
    .map(([source, pick, rest]) => {
      const references = (SEARCH_PARAMETERS.get(source) ?? []).filter(({ is }) => is === 'reference');
      return `_has:${source}:${references[pick % Math.max(references.length, 1)]?.code ?? 'x'}:${rest}`;
    });
  const chain = fc.tuple(fc.nat(), fc.constantFrom(...TYPES), fc.nat()).map(([pick, to, other]) => {
    const references = (SEARCH_PARAMETERS.get(type) ?? []).filter(({ is }) => is === 'reference');
    const inner = codesOf(to);
    return `${references[pick % Math.max(references.length, 1)]?.code ?? 'subject'}:${to}.${inner[other % inner.length] ?? '_id'}`;
  });
  return fc.oneof(
    { weight: 10, arbitrary: plain },
    { weight: 2, arbitrary: has },
    { weight: 2, arbitrary: chain },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '',
        '__proto__',
        'constructor',
        'toString',
        '_has',
        '_has:',
        '_has:::',
        ':',
        '.',
        'a:b:c',
        'x'.repeat(500),
        '\u0000',
        'é',
        'patient:Patient.identifier',
      ),
    },
  );
};

const someValue = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...VALUES) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
);

const resultPair = fc
  .tuple(fc.constantFrom(...RESULTS), fc.nat(), someValue, fc.boolean())
  .map(([name, pick, odd, fits]): readonly [string, string] => {
    const fitting = FITTING[name] ?? [];
    return [name, fits && fitting.length > 0 ? (fitting[pick % fitting.length] ?? odd) : odd];
  });

const encoded = (text: string): string => encodeURIComponent(text.toWellFormed());

/** A query string of a type. Colons and bars stand as they are in half of them; a few are cut in the middle of an escape. */
export const queryOf = (type: string): fc.Arbitrary<string> =>
  fc
    .record({
      pairs: fc.array(fc.oneof({ weight: 3, arbitrary: fc.tuple(nameOf(type), someValue) }, { weight: 2, arbitrary: resultPair }), {
        minLength: 0,
        maxLength: 4,
      }),
      isPlain: fc.boolean(),
      end: fc.oneof(
        { weight: 20, arbitrary: fc.constant('') },
        { weight: 1, arbitrary: fc.constantFrom('%', '%f', '%ff', '&', '&&', '=', '?', '&=&', '%ed%a0%80', '%00') },
      ),
    })
    .map(({ pairs, isPlain, end }) => {
      const text = pairs.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&');
      return (isPlain ? text.replaceAll('%3A', ':').replaceAll('%7C', '|') : text) + end;
    });
