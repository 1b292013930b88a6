import fc from 'fast-check';
import { TRUST } from '../http/open-door.ts';
import type { Json } from './json.ts';
import { mutated, type Mutation, mutatedResource, mutation, resourceOf } from './mutation.ts';
import { bundle } from './odd-bundle.ts';
import { atAnotherDoor } from './odd-door.ts';
import { message } from './odd-message.ts';
import { anOperation } from './odd-operation.ts';
import { oddHeaders } from './odd-headers.ts';
import { queryOf, someType } from './odd-search.ts';
import { callers, FHIR, headersOf, ids, mangling, type Sent, text } from './sent.ts';
import { VALID, writerOf } from './valid-resources.ts';

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

/** A list that is copied into itself grows with each operation. */
const BOMB: readonly Json[] = Array.from({ length: 40 }, () => ({ op: 'copy', from: '/name', path: '/name/-' }));

const patch: fc.Arbitrary<Sent> = fc
  .record({
    of: fc.nat({ max: VALID.length - 1 }),
    id: ids,
    operations: fc.oneof(
      { weight: 30, arbitrary: fc.array(operation, { minLength: 0, maxLength: 4 }) },
      { weight: 1, arbitrary: fc.constant(BOMB) },
    ),
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
  { weight: 40, arbitrary: write },
  { weight: 12, arbitrary: anOperation },
  { weight: 5, arbitrary: message },
  { weight: 12, arbitrary: bundle },
  { weight: 10, arbitrary: patch },
  { weight: 23, arbitrary: search },
  { weight: 10, arbitrary: look },
  { weight: 8, arbitrary: atAnotherDoor },
);
