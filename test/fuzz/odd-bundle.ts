import fc from 'fast-check';
import { AMBULANCE, type Caller, OPERATOR, POLICE, TRUST } from '../http/open-door.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { mutated, type Mutated, type Mutation, mutatedResource, mutation, resourceOf } from './mutation.ts';
import { oddHeaders } from './odd-headers.ts';
import { FHIR, headersOf, ids, mangling, type Sent, text } from './sent.ts';
import { VALID } from './valid-resources.ts';

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

/** A Bundle of any type: batches and transactions most. */
export const bundle: fc.Arbitrary<Sent> = fc
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
