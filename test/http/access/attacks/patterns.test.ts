import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Pool } from 'undici';
import * as body from '../../../support/bodies.ts';
import { AMBER, approvePlan, example, NHS_NUMBER_SYSTEM, type OpenDoor, openDoor, TRUST } from '../../open-door.ts';

let door: OpenDoor;
let pool: Pool;
let headers: Record<string, string> = {};
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  pool = new Pool(door.origin, { connections: 1 });
  headers = { ...(await door.tokens.headersOf(TRUST, '/$approve')) };
}, 60_000);
afterAll(async () => {
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await pool.close();
  await door.close();
});

interface Asked {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const FHIR = { 'content-type': 'application/fhir+json' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** The best of several times that an input takes, in milliseconds: what else the machine does is none of it. */
const timeOf = async (asked: Asked, turns = 3): Promise<number> => {
  let best = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < turns; turn += 1) {
    const startedAt = performance.now();
    const answer = await pool.request({
      method: asked.method ?? (asked.body === undefined ? 'GET' : 'POST'),
      path: asked.path,
      headers: { ...headers, ...asked.headers },
      body: asked.body ?? null,
    });
    await answer.body.dump();
    if (answer.statusCode >= 500) throw new Error(`${answer.statusCode} to ${asked.path.slice(0, 200)}`);
    best = Math.min(best, performance.now() - startedAt);
  }
  return best;
};

/** Ten times the input takes ten times as long where each character is looked at a few times, and a hundred where each is held against all. */
const TIMES = 10;
const MOST_TIMES = 40;
/** What a request takes that says nothing: below it there is no telling. */
const LEAST_MS = 8;

const expectGrowth = async (small: Asked, large: Asked): Promise<void> => {
  await timeOf(small); // compiled, and its definitions read
  const least = Math.max(LEAST_MS, await timeOf(small));
  const most = await timeOf(large);
  expect(most / least).toBeLessThan(MOST_TIMES);
};

type Make = (n: number) => string;
const of =
  (text: string, end = ''): Make =>
  (n) =>
    `${text.repeat(Math.ceil(n / text.length))}${end}`;

describe('ReDoS by headers', () => {
  const N = 1_200;
  const cases: readonly [string, string, Make][] = [
    ['Accept of commas', 'accept', of(',', 'x')],
    ['Accept of spaces', 'accept', (n) => `a${' '.repeat(n)}b`],
    ['Accept of types', 'accept', of('application/,')],
    ['Accept of parameters', 'accept', of('a/b;q=0.0;')],
    ['Content-Type of spaces', 'content-type', (n) => `application/fhir+json${' '.repeat(n)}x`],
    ['Content-Type of charsets', 'content-type', (n) => `application/fhir+json${'; charset'.repeat(n / 9)}`],
    ['Content-Type of quotes', 'content-type', (n) => `application/fhir+json; charset=${'"'.repeat(n)}`],
    ['If-Match of quotes', 'if-match', (n) => `W/"${'"'.repeat(n)}`],
    ['If-Match without an end', 'if-match', (n) => `W/"${'1'.repeat(n)}`],
    ['If-None-Match of commas', 'if-none-match', of(',')],
    ['If-None-Match of tags', 'if-none-match', of('W/"1",')],
    ['Prefer of returns', 'prefer', of(' return')],
    ['Prefer of spaces', 'prefer', (n) => `return${' '.repeat(n)}x`],
    ['Prefer of handlings', 'prefer', of('handling =;')],
    ['Authorization of signs', 'authorization', (n) => `Bearer ${'='.repeat(n)}a`],
    ['Authorization of spaces', 'authorization', (n) => `Bearer a${' '.repeat(n)}b`],
    ['a token of dots', 'authorization', (n) => `Bearer ${'.'.repeat(n)}`],
    ['a token of short parts', 'authorization', (n) => `Bearer ${'a.'.repeat(n / 2)}`],
    ['a token of one long part', 'authorization', (n) => `Bearer ${'a'.repeat(n / 2)}.${'b'.repeat(n / 2)}.c`],
    ['X-User-Identity of dots', 'x-user-identity', of('.')],
    ['X-User-Identity of parts', 'x-user-identity', (n) => `${'a'.repeat(n / 2)}.${'b'.repeat(n / 2)}.c`],
    ['the organisation of spaces', 'nhsd-end-user-organisation-ods', (n) => `Z${' '.repeat(n)}Z`],
    ['X-Request-ID of hyphens', 'x-request-id', of('0-')],
    ['If-None-Exist of names', 'if-none-exist', of('identifier=a&')],
    ['If-None-Exist of escapes', 'if-none-exist', (n) => `identifier=${'%5c'.repeat(n / 3)}`],
  ];
  test.each(cases)('tries %s', async (_, name, make) => {
    const asked = (n: number): Asked => ({
      method: 'POST',
      path: '/fhir/Practitioner',
      headers: { ...FHIR, [name]: make(n) },
      body: '{"resourceType":"Practitioner","gender":"x"}',
    });
    await expectGrowth(asked(N), asked(N * TIMES));
  });
});

describe('ReDoS by the address and by searches', () => {
  const paths: readonly [string, Make][] = [
    ['slashes', of('/')],
    ['escaped slashes', of('%2f')],
    ['dots', of('../')],
    ['an id without an end', (n) => `Patient/${'a'.repeat(n)}`],
    ['a version without an end', (n) => `Patient/amber/_history/${'1'.repeat(n)}`],
    ['questions', (n) => `Patient?${'?'.repeat(n)}`],
    ['a page token', (n) => `Patient?_page=${'A'.repeat(n)}`],
    ['elements', (n) => `Patient?_elements=${'a,'.repeat(n / 2)}`],
    ['sorts', (n) => `Patient?_sort=${'-'.repeat(n)}`],
    ['includes', (n) => `Patient?_include=${'a:'.repeat(n / 2)}`],
    ['formats', (n) => `Patient?_format=${'json;'.repeat(n / 5)}`],
  ];
  test.each(paths)('tries an address of %s', async (_, make) => {
    await expectGrowth({ path: `/fhir/${make(700)}` }, { path: `/fhir/${make(7_000)}` });
  });

  const values: readonly [string, string, Make][] = [
    ['a token of backslashes', 'identifier', of('\\')],
    ['a token of escaped bars', 'identifier', of('\\|')],
    ['a token of bars', 'identifier', of('|')],
    ['a string of commas', 'name', of('\\,')],
    ['a string of combining marks', 'name', (n) => `a${'\u0301'.repeat(n)}`],
    ['a string of blanks', 'name', (n) => `a${' '.repeat(n)}b`],
    ['a date of prefixes', 'birthdate', of('ge')],
    ['a date of digits', 'birthdate', of('2')],
    ['a date of fractions', '_lastUpdated', (n) => `2026-01-01T00:00:00.${'0'.repeat(n)}`],
    ['a date of zones', '_lastUpdated', of('+00:00')],
    ['a reference of slashes', 'general-practitioner', of('A/')],
    ['a reference of names', 'general-practitioner', of('Patient/a/')],
    ['a reference of versions', 'general-practitioner', (n) => `Practitioner/a${'/_history/a'.repeat(n / 11)}`],
    ['a reference of an address', 'general-practitioner', (n) => `http://${'a/'.repeat(n / 2)}`],
    ['ids', '_id', of('a,')],
  ];
  test.each(values)('tries %s', async (_, name, make) => {
    const asked = (n: number): Asked => ({
      path: '/fhir/Patient/_search',
      headers: FORM,
      body: new URLSearchParams({ [name]: make(n) }).toString(),
    });
    await expectGrowth(asked(100), asked(1_000));
    await expectGrowth(asked(600), asked(6_000));
  });

  const names: readonly [string, Make][] = [
    ['_has', of('_has:CarePlan:patient:')],
    ['dots', of('patient.')],
    ['colons', (n) => `name${':'.repeat(n)}`],
    ['modifiers', of('patient:Patient.')],
    ['brackets', of('[a]')],
    ['escapes', of('%25')],
  ];
  test.each(names)('tries a parameter named by %s', async (_, make) => {
    const asked = (n: number): Asked => ({ path: '/fhir/CarePlan/_search', headers: FORM, body: `${encodeURIComponent(make(n))}=a` });
    await expectGrowth(asked(600), asked(6_000));
  });

  test.each<[string, Make]>([
    ['fields', of('a=1&')],
    ['signs', of('=')],
    ['ampersands', of('&')],
    ['escapes', of('%41')],
    ['escapes that are none', of('%')],
  ])('tries a form of %s', async (_, make) => {
    const asked = (n: number): Asked => ({ path: '/fhir/Patient/_search', headers: FORM, body: make(n) });
    await expectGrowth(asked(6_000), asked(60_000));
  });

  test.each<[string, Make]>([
    ['an assertion of dots', (n) => `client_assertion=${'.'.repeat(n)}`],
    ['an assertion of parts', (n) => `client_assertion=${'a'.repeat(n / 2)}.${'b'.repeat(n / 2)}.c`],
    ['scopes', (n) => `scope=${'system/*.cruds+'.repeat(n / 15)}`],
    ['fields', of('a=1&')],
  ])('tries %s at the token endpoint', async (_, make) => {
    const asked = (n: number): Asked => ({
      path: '/oauth/token',
      headers: { ...FORM, authorization: '' },
      body: `grant_type=client_credentials&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&${make(n)}`,
    });
    await expectGrowth(asked(1_500), asked(15_000));
  });
});

describe('ReDoS by what stands in a body', () => {
  const div = (inside: string): string => `<div xmlns="http://www.w3.org/1999/xhtml">${inside}</div>`;
  const narrative =
    (make: Make): Make =>
    (n) =>
      JSON.stringify({ resourceType: 'Practitioner', text: { status: 'generated', div: div(make(n)) } });
  const inIdentifier =
    (make: Make): Make =>
    (n) =>
      JSON.stringify({ resourceType: 'Practitioner', identifier: [{ value: make(n) }] });
  const inElement =
    (element: (text: string) => object, make: Make): Make =>
    (n) =>
      JSON.stringify({ resourceType: 'Practitioner', ...element(make(n)) });
  const extension = (name: string) => (text: string) => ({ extension: [{ url: 'https://example.org/x', [name]: text }] });

  const cases: readonly [string, Make, number][] = [
    ['XHTML of open tags', narrative(of('<p')), 5_000],
    ['XHTML of comments without an end', narrative(of('<!--')), 5_000],
    ['XHTML of attributes', narrative((n) => `<p ${'a="" '.repeat(n / 5)}>`), 5_000],
    ['XHTML of attributes without an end', narrative((n) => `<p ${'class="'.repeat(n / 7)}`), 5_000],
    ['XHTML of blanks in a tag', narrative((n) => `<p${' '.repeat(n)}`), 5_000],
    ['XHTML of entities', narrative(of('&amp')), 5_000],
    ['XHTML of numbers', narrative(of('&#')), 5_000],
    ['XHTML of elements in elements', narrative((n) => `${'<b>'.repeat(n / 7)}${'</b>'.repeat(n / 7)}`), 5_000],
    ['XHTML of elements', narrative(of('<br/>')), 5_000],
    ['XHTML of signs', narrative(of('<')), 5_000],
    ['XHTML of styles', narrative((n) => `<p style="${'a:b;'.repeat(n / 4)}"></p>`), 5_000],
    ['a link of blanks', narrative((n) => `<a href="${' '.repeat(n)}javascript:x">x</a>`), 5_000],
    ['a text of blanks', inIdentifier((n) => `a${' '.repeat(n)}`), 20_000],
    ['a text of combining marks', inIdentifier((n) => `a${'\u0301'.repeat(n)}`), 20_000],
    [
      'a code of blanks',
      inElement(
        (gender) => ({ gender }),
        (n) => `${'a '.repeat(n / 2)} `,
      ),
      20_000,
    ],
    ['base64 with a wrong end', inElement(extension('valueBase64Binary'), (n) => `${'AAAA'.repeat(n / 4)}!`), 20_000],
    ['base64 of blanks', inElement(extension('valueBase64Binary'), (n) => `${' '.repeat(n)}!`), 20_000],
    ['base64 with blanks between', inElement(extension('valueBase64Binary'), (n) => `${'AAAA '.repeat(n / 5)}!`), 20_000],
    ['an OID of parts', inElement(extension('valueOid'), (n) => `urn:oid:1${'.1'.repeat(n / 2)}x`), 20_000],
    ['a URI of blanks', inElement(extension('valueUri'), (n) => `a${' '.repeat(n)}b`), 20_000],
    ['a date of digits', inElement((birthDate) => ({ birthDate }), of('2')), 20_000],
    ['a time of fractions', inElement(extension('valueInstant'), (n) => `2026-01-01T00:00:00.${'0'.repeat(n)}x`), 20_000],
    ['a decimal of digits', (n) => `{"resourceType":"Practitioner","extension":[{"url":"x","valueDecimal":${'1'.repeat(n)}}]}`, 20_000],
    ['an id of hyphens', inElement((id) => ({ id }), of('-', '!')), 20_000],
    ['a canonical of bars', inElement(extension('valueCanonical'), of('|')), 20_000],
    ['markdown of stars', inElement(extension('valueMarkdown'), of('*')), 20_000],
    [
      'an NHS number of digits',
      (n) => JSON.stringify({ resourceType: 'Practitioner', identifier: [{ system: NHS_NUMBER_SYSTEM, value: '9'.repeat(n) }] }),
      20_000,
    ],
    ['a reference of slashes', inElement((reference) => ({ qualification: [{ issuer: { reference } }] }), of('Organization/')), 20_000],
    ['a reference of fragments', inElement((reference) => ({ qualification: [{ issuer: { reference } }] }), of('#')), 20_000],
    ['a phone of signs', inElement((value) => ({ telecom: [{ system: 'phone', value }] }), of('(0)')), 20_000],
    ['JSON of blanks', (n) => `{"resourceType":"Practitioner"${' '.repeat(n)}`, 60_000],
    ['JSON of escapes', inIdentifier(of('\\')), 60_000],
    ['JSON of brackets', of('['), 60_000],
    ['JSON of lists in objects', of('{"a":['), 60_000],
    ['JSON of commas', (n) => `{"a":[1${','.repeat(n)}]}`, 60_000],
    ['JSON of one name again and again', (n) => `{${'"a":1,'.repeat(n / 6)}"a":1}`, 60_000],
    ['JSON of many names', (n) => `{${Array.from({ length: n / 10 }, (_each, at) => `"n${at}":1`).join(',')}}`, 20_000],
    ['JSON of a number without an end', (n) => `{"a":${'9'.repeat(n)}}`, 60_000],
    ['JSON of an exponent without an end', (n) => `{"a":1e${'9'.repeat(n)}}`, 60_000],
    ['JSON that breaks off in an escape', (n) => `{"a":"${'\\u0041'.repeat(n / 6)}\\u00`, 60_000],
    [
      'many of one element',
      (n) =>
        JSON.stringify({ resourceType: 'Practitioner', identifier: Array.from({ length: n / 20 }, (_each, at) => ({ value: `v${at}` })) }),
      4_000,
    ],
    [
      'many extensions',
      (n) =>
        JSON.stringify({
          resourceType: 'Practitioner',
          extension: Array.from({ length: n / 40 }, (_each, at) => ({ url: `https://example.org/${at}`, valueCode: 'a' })),
        }),
      4_000,
    ],
    [
      'many ids of elements',
      (n) =>
        JSON.stringify({
          resourceType: 'Practitioner',
          name: Array.from({ length: n / 20 }, (_each, at) => ({ id: `n${at}`, text: 'a' })),
        }),
      4_000,
    ],
    [
      'many that are contained',
      (n) =>
        JSON.stringify({
          resourceType: 'Practitioner',
          contained: Array.from({ length: n / 60 }, (_each, at) => ({ resourceType: 'Organization', id: `o${at}`, name: 'a' })),
          qualification: Array.from({ length: n / 60 }, (_each, at) => ({ code: { text: 'a' }, issuer: { reference: `#o${at}` } })),
        }),
      6_000,
    ],
  ];

  test.each(cases)(
    'tries %s',
    async (_, make, n) => {
      const asked = (size: number): Asked => ({ path: '/fhir/Practitioner/$validate', headers: FHIR, body: make(size) });
      await expectGrowth(asked(n), asked(n * TIMES));
    },
    60_000,
  );

  test.each<[string, (n: number) => object]>([
    ['a pointer of slashes', (n) => [{ op: 'add', path: '/a'.repeat(n / 2), value: 1 }]],
    ['a pointer of escapes', (n) => [{ op: 'add', path: `/${'~1~0'.repeat(n / 4)}`, value: 1 }]],
    ['a pointer of tildes', (n) => [{ op: 'add', path: `/${'~'.repeat(n)}`, value: 1 }]],
    ['an index of digits', (n) => [{ op: 'add', path: `/name/${'0'.repeat(n)}`, value: 1 }]],
    ['many operations', (n) => Array.from({ length: n / 50 }, () => ({ op: 'test', path: '/resourceType', value: 'Practitioner' }))],
  ])('tries a patch with %s', async (_, make) => {
    const asked = (n: number): Asked => ({
      method: 'PATCH',
      path: '/fhir/Practitioner/nurse',
      headers: { 'content-type': 'application/json-patch+json' },
      body: JSON.stringify(make(n)),
    });
    await expectGrowth(asked(5_000), asked(50_000));
  });

  test('tries names of ten thousand letters and marks in a match', async () => {
    const asked = (n: number): Asked => {
      const name = [{ family: `O'${'-a\u0301'.repeat(n / 3)}`, given: ['x'.repeat(n)] }];
      const resource = {
        resourceType: 'Patient',
        name,
        birthDate: '1990-04-01',
        telecom: [{ system: 'phone', value: '(0)'.repeat(n / 3) }],
      };
      const parameters = { resourceType: 'Parameters', parameter: [{ name: 'resource', resource }] };
      return { path: '/fhir/Patient/$match', headers: FHIR, body: JSON.stringify(parameters) };
    };
    await expectGrowth(asked(2_000), asked(20_000));
  });

  test('tries a message of long addresses', async () => {
    const { incident } = await import('../../../inbound/incident.ts');
    const asked = (n: number): Asked => {
      const bundle = incident({ caseNumber: 'x'.repeat(n), second: 1, sender: 'ZZ1' });
      const entry = (bundle.entry ?? []).map((each) => ({ ...each, fullUrl: `${each.fullUrl}${'-0'.repeat(n / 2)}` }));
      return { path: '/fhir/$process-message', headers: FHIR, body: JSON.stringify({ ...bundle, entry }) };
    };
    await expectGrowth(asked(5_000), asked(50_000));
  });

  test.each<[string, Make]>([
    ['words', of('do not convey ')],
    ['blanks', (n) => `do${' '.repeat(n)}not`],
    ['nots', of('not ')],
    ['digits', of('01632 ')],
    ['hyphens', of('- ')],
  ])('tries the guardrails with a plan of %s', async (_, make) => {
    const prepare = async (n: number): Promise<Asked> => {
      const id = `long-${n}-${make(20).length}-${Math.random().toString(36).slice(2)}`;
      for (const resource of [
        body.composition(id, 'amber', { 'please-do': make(n), 'who-to-ring': 'The team, day and night: 01632 960002' }),
        body.carePlan(id, 'amber', id, { reach: [], identifier: id }),
      ])
        expect((await door.put(TRUST, { ...resource } as unknown as Record<string, unknown>)).status).toBe(201);
      const parameter = [
        { name: 'version', valueString: '1' },
        { name: 'provenance', resource: { ...example('plan-approval', 'valid-approve'), target: [{ reference: `CarePlan/${id}` }] } },
      ];
      return { path: `/fhir/CarePlan/${id}/$approve`, headers: FHIR, body: JSON.stringify({ resourceType: 'Parameters', parameter }) };
    };
    // A plan is approved once: each time is that of a plan of its own.
    const bestOf = async (n: number): Promise<number> =>
      Math.min(await timeOf(await prepare(n), 1), await timeOf(await prepare(n), 1), await timeOf(await prepare(n), 1));
    await bestOf(3_000);
    const least = Math.max(LEAST_MS, await bestOf(3_000));
    expect((await bestOf(30_000)) / least).toBeLessThan(MOST_TIMES);
  });

  test('the searches above find nobody, and time nothing else', async () => {
    expect((await door.search(TRUST, 'Patient', `identifier=${encodeURIComponent(`${NHS_NUMBER_SYSTEM}|${AMBER}`)}`)).body.total).toBe(1);
  });
});
