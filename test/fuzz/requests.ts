import fc from 'fast-check';
import { AMBULANCE, type Caller, OPERATOR, OTHER_TRUST, POLICE, TRUST } from '../http/open-door.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { mutated, type Mutated, type Mutation, mutatedResource, mutation, resourceOf } from './mutation.ts';
import { oddHeaders } from './odd-headers.ts';
import { queryOf, someType } from './odd-search.ts';
import { VALID, writerOf } from './valid-resources.ts';

/** One request as it is sent. */
export interface Sent {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** After the origin. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

const callers: fc.Arbitrary<Caller | null> = fc.oneof(
  { weight: 12, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constantFrom<Caller>(TRUST, OTHER_TRUST, OPERATOR, AMBULANCE, POLICE, { ods: 'ZZ8', kind: 'evaluator' }) },
);

const FHIR = 'application/fhir+json';
const headersOf = (
  { ods, kind }: Caller,
  type: string | null,
  odd: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> => ({
  'nhsd-end-user-organisation-ods': ods,
  'x-service-kind': kind,
  ...(type === null ? {} : { 'content-type': type }),
  ...odd,
});

/** Ids of the run's own, of what was there before, and of what is no id. */
const ids: fc.Arbitrary<string> = fc.oneof(
  { weight: 12, arbitrary: fc.nat({ max: 4 }).map((n) => `f${n}`) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'amber',
      'nurse',
      'consultant',
      'plan-1',
      'words-1',
      'trust',
      'ambulance',
      'consent-1',
      'agreement-1',
      'crisis-team',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '.',
      '..',
      '%2e%2e',
      'a%2Fb',
      'a b'.replace(' ', '%20'),
      'x'.repeat(64),
      'x'.repeat(65),
      '__proto__',
      'constructor',
      '%00',
      '%ff',
      '%',
      'é'.normalize('NFD').replace(/./gu, encodeURIComponent),
      '$x',
      '_history',
      '-',
      '%F0%9F%98%80',
    ),
  },
);

const text = (value: Json): string => JSON.stringify(value);

/** Texts that are not, or are no longer, the JSON of one value. */
const mangled = fc
  .tuple(fc.nat(), fc.constantFrom('cut', 'doubled', 'letter', 'name twice', 'comment', 'bom', 'number'))
  .map(([pick, how]) => (json: string): string => {
    const at = pick % Math.max(json.length, 1);
    switch (how) {
      case 'cut':
        return json.slice(0, at);
      case 'doubled':
        return json + json;
      case 'letter':
        return `${json.slice(0, at)}${String.fromCharCode(pick % 0x250)}${json.slice(at + 1)}`;
      case 'name twice':
        return json.replace('{', '{"id":"x","id":"y",');
      case 'comment':
        return json.replace('{', '{/* x */');
      case 'bom':
        return `\ufeff${json}`;
      default:
        return json.replace(/\d+/, '1e999');
    }
  });
const asItIs = (json: string): string => json;
const mangling = fc.oneof({ weight: 25, arbitrary: fc.constant(asItIs) }, { weight: 1, arbitrary: mangled });

/** A resource that is sent to be written, or only validated. */
const write: fc.Arbitrary<Sent> = fc
  .record({
    how: fc.constantFrom('create', 'create', 'put', 'put', 'put', 'validate', 'put where', 'approve'),
    what: mutatedResource,
    id: ids,
    caller: callers,
    odd: oddHeaders,
    mangle: mangling,
    elsewhere: fc.oneof({ weight: 25, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: someType }),
  })
  .chain((asked) =>
    (asked.how === 'put where' ? queryOf(VALID[asked.what.of]?.type ?? '') : fc.constant('')).map((query) => ({ ...asked, query })),
  )
  .map(({ how, what, id, caller, odd, mangle, elsewhere, query }): Sent => {
    const type = elsewhere ?? VALID[what.of]?.type ?? '';
    const headers = headersOf(caller ?? writerOf(type), FHIR, odd);
    const body = (named: string | null): string => mangle(text(resourceOf(what, named)));
    switch (how) {
      case 'create':
        return { method: 'POST', path: `/fhir/${type}`, headers, body: body(null) };
      case 'validate':
        return { method: 'POST', path: `/fhir/${type}/$validate`, headers, body: body(null) };
      case 'put where':
        return { method: 'PUT', path: `/fhir/${type}?${query}`, headers, body: body(null) };
      case 'approve':
        return { method: 'POST', path: '/fhir/CarePlan/plan-1/$approve', headers: headersOf(TRUST, FHIR, odd), body: body(null) };
      default:
        return { method: 'PUT', path: `/fhir/${type}/${id}`, headers, body: body(decodeURIComponentOr(id)) };
    }
  });

const decodeURIComponentOr = (id: string): string => {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
};

/** One entry of a Bundle: what it asks for, and how odd it is. */
interface Asked {
  readonly method: string;
  readonly what: Mutated;
  readonly id: string;
  readonly isNew: boolean;
  readonly refersTo: number;
}

const asked: fc.Arbitrary<Asked> = fc.record({
  method: fc.constantFrom('POST', 'POST', 'PUT', 'PUT', 'PUT', 'DELETE', 'GET', 'PATCH', 'HEAD', 'OPTIONS'),
  what: mutatedResource,
  id: ids,
  isNew: fc.boolean(),
  refersTo: fc.nat({ max: 6 }),
});

const uuid = (n: number): string => `urn:uuid:00000000-0000-4000-8000-00000000000${n}`;

const toEntry = ({ method, what, id, isNew, refersTo }: Asked, index: number): JsonObject => {
  const type = VALID[what.of]?.type ?? 'Patient';
  const resource = resourceOf(what, method === 'PUT' ? id : null);
  const linked =
    refersTo < 4 && isObject(resource) && 'subject' in resource ? { ...resource, subject: { reference: uuid(refersTo) } } : resource;
  const url = method === 'POST' ? type : isNew ? `${type}?identifier=${id}` : `${type}/${id}`;
  return {
    fullUrl: uuid(index),
    ...(method === 'POST' || method === 'PUT' ? { resource: linked } : {}),
    ...(method === 'PATCH'
      ? {
          resource: {
            resourceType: 'Binary',
            contentType: 'application/json-patch+json',
            data: Buffer.from('[{"op":"test","path":"/id","value":"x"}]').toString('base64'),
          },
        }
      : {}),
    request: { method, url, ...(method === 'POST' && isNew ? { ifNoneExist: `identifier=${id}` } : {}) },
  };
};

const bundle: fc.Arbitrary<Sent> = fc
  .record({
    type: fc.constantFrom('batch', 'batch', 'transaction', 'transaction', 'message', 'document', 'searchset'),
    entries: fc.array(asked, { minLength: 1, maxLength: 6 }),
    mutations: fc.oneof(
      { weight: 2, arbitrary: fc.constant<Mutation[]>([]) },
      { weight: 1, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 3 }) },
    ),
    caller: fc.constantFrom<Caller>(TRUST, TRUST, OPERATOR, AMBULANCE, POLICE),
    odd: oddHeaders,
    mangle: mangling,
    toMessages: fc.boolean(),
  })
  .map(({ type, entries, mutations, caller, odd, mangle, toMessages }): Sent => {
    const header = {
      fullUrl: uuid(9),
      resource: {
        resourceType: 'MessageHeader',
        eventCoding: { system: 'https://example.org/events', code: 'x' },
        source: { endpoint: 'https://example.org/x' },
        focus: [{ reference: uuid(0) }],
      },
    };
    const whole: Json = {
      resourceType: 'Bundle',
      type,
      ...(type === 'message' ? { id: 'm', timestamp: '2026-01-01T10:00:00Z' } : {}),
      entry: [...(type === 'message' ? [header] : []), ...entries.map(toEntry)],
    };
    return {
      method: 'POST',
      path: type === 'message' && toMessages ? '/fhir/$process-message' : '/fhir',
      headers: headersOf(type === 'message' ? AMBULANCE : caller, FHIR, odd),
      body: mangle(text(mutations.reduce<Json>(mutated, whole))),
    };
  });

const POINTERS = [
  '',
  '/',
  '/name',
  '/name/0',
  '/name/0/family',
  '/name/-',
  '/name/999999',
  '/name/-1',
  '/name/1e2',
  '/id',
  '/resourceType',
  '/meta/versionId',
  '/__proto__/x',
  '/constructor/prototype/x',
  '/active',
  '/status',
  '/a~0b',
  '/a~1b',
  '/a~2b',
  'name',
  '/identifier',
  '/identifier/0/value',
  '/text/div',
  '/é',
  '/x'.repeat(200),
];
const operation = fc.record(
  {
    op: fc.constantFrom<Json>('add', 'add', 'replace', 'replace', 'remove', 'move', 'copy', 'test', 'x', null, 5),
    path: fc.constantFrom<Json>(...POINTERS, null),
    from: fc.constantFrom<Json>(...POINTERS),
    value: mutation.map(({ value }) => value),
  },
  { requiredKeys: ['op', 'path'] },
);

const patch: fc.Arbitrary<Sent> = fc
  .record({
    of: fc.nat({ max: VALID.length - 1 }),
    id: ids,
    operations: fc.array(operation, { minLength: 0, maxLength: 4 }),
    mutations: fc.oneof(
      { weight: 4, arbitrary: fc.constant<Mutation[]>([]) },
      { weight: 1, arbitrary: fc.array(mutation, { maxLength: 2 }) },
    ),
    caller: callers,
    odd: oddHeaders,
    isUseful: fc.boolean(),
  })
  .map(({ of, id, operations, mutations, caller, odd, isUseful }): Sent => {
    const type = VALID[of]?.type ?? '';
    const own: Json[] = isUseful ? [{ op: 'add', path: '/language', value: 'en-GB' }] : [];
    return {
      method: 'PATCH',
      path: `/fhir/${type}/${id}`,
      headers: headersOf(caller ?? writerOf(type), 'application/json-patch+json', odd),
      body: text(mutations.reduce<Json>(mutated, [...own, ...(operations as Json[])])),
    };
  });

const search: fc.Arbitrary<Sent> = fc
  .record({
    type: someType,
    caller: callers,
    odd: oddHeaders,
    how: fc.constantFrom('GET', 'GET', 'POST', 'HEAD', 'DELETE', 'PATCH', 'history'),
  })
  .chain((whole) => queryOf(whole.type).map((query) => ({ ...whole, query })))
  .map(({ type, caller, odd, how, query }): Sent => {
    const who = caller ?? writerOf(type);
    if (how === 'POST')
      return {
        method: 'POST',
        path: `/fhir/${type}/_search`,
        headers: headersOf(who, 'application/x-www-form-urlencoded', odd),
        body: query,
      };
    if (how === 'PATCH')
      return {
        method: 'PATCH',
        path: `/fhir/${type}?${query}`,
        headers: headersOf(who, 'application/json-patch+json', odd),
        body: '[{"op":"add","path":"/language","value":"en"}]',
      };
    if (how === 'history')
      return { method: 'GET', path: `/fhir/${type}/_history?${query}`, headers: headersOf(who, null, odd), body: null };
    return {
      method: how === 'HEAD' || how === 'DELETE' ? how : 'GET',
      path: `/fhir/${type}?${query}`,
      headers: headersOf(who, null, odd),
      body: null,
    };
  });

const look: fc.Arbitrary<Sent> = fc
  .record({
    type: someType,
    id: ids,
    version: fc.constantFrom('1', '2', '0', '-1', '99999999999', 'x', '', '%00', '1.0'),
    how: fc.constantFrom('read', 'read', 'vread', 'history', 'delete', 'delete', 'everything', 'document', 'nowhere'),
    caller: callers,
    odd: oddHeaders,
  })
  .map(({ type, id, version, how, caller, odd }): Sent => {
    const headers = headersOf(caller ?? writerOf(type), null, odd);
    const at = `/fhir/${type}/${id}`;
    const paths = {
      read: at,
      delete: at,
      vread: `${at}/_history/${version}`,
      history: `${at}/_history?_count=${version}`,
      everything: `${at}/$everything`,
      document: `${at}/$document`,
      nowhere: `/fhir/${type}/${id}/${version}`,
    };
    return { method: how === 'delete' ? 'DELETE' : 'GET', path: paths[how], headers, body: null };
  });

/** Any request of the run. */
export const request: fc.Arbitrary<Sent> = fc.oneof(
  { weight: 45, arbitrary: write },
  { weight: 12, arbitrary: bundle },
  { weight: 10, arbitrary: patch },
  { weight: 23, arbitrary: search },
  { weight: 10, arbitrary: look },
);
