import fc from 'fast-check';
import { CDS_BASE, CDS_SERVICE } from '../../src/http/cds/cds-door.ts';
import { NRL_BASE, NRL_CONTENT } from '../../src/http/nrl/nrl-routes.ts';
import { AMBER, AMBULANCE, type Caller, NHS_NUMBER_SYSTEM, NOBODY, OPERATOR, OTHER_TRUST, POLICE, TRUST } from '../http/open-door.ts';
import type { Json } from './json.ts';
import { mutated, mutation, type Mutation } from './mutation.ts';
import { oddHeaders } from './odd-headers.ts';
import { queryOf } from './odd-search.ts';
import { headersOf, ids, mangling, type Sent, text } from './sent.ts';

/** The doors beside FHIR's own: the card, and pointers as at the NRL with what they point to. */

/** Stands for the id under which the ambulance service knows the plan: the sender puts it there. */
export const KNOWN_PLAN = '-known-plan-';

const FORM = 'application/x-www-form-urlencoded';
const asker = fc.oneof(
  { weight: 5, arbitrary: fc.constant(AMBULANCE) },
  { weight: 1, arbitrary: fc.constantFrom<Caller>(TRUST, OTHER_TRUST, OPERATOR, POLICE, { ods: 'ZZ7', kind: 'person' }) },
);
const mutations = fc.oneof(
  { weight: 1, arbitrary: fc.constant<Mutation[]>([]) },
  { weight: 3, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 3 }) },
);

const callOf = (hookInstance: string, nhsNumber: string): Json => ({
  hook: 'crisis-call',
  hookInstance,
  fhirServer: 'https://dispatch.example/fhir',
  context: { nhsNumber, userId: 'Practitioner/example' },
  prefetch: { patient: { resourceType: 'Patient', id: 'example' } },
});

/** A call of CDS Hooks, or a question which services there are; sometimes at an address or by a method that there is not. */
const card: fc.Arbitrary<Sent> = fc
  .record({
    method: fc.oneof(
      { weight: 9, arbitrary: fc.constant<Sent['method']>('POST') },
      { weight: 1, arbitrary: fc.constantFrom<Sent['method']>('GET', 'HEAD', 'PUT', 'PATCH', 'DELETE') },
    ),
    service: fc.oneof(
      { weight: 12, arbitrary: fc.constant(`/${CDS_SERVICE}`) },
      { weight: 1, arbitrary: fc.constantFrom('', '/', `/${CDS_SERVICE}/`, `/${CDS_SERVICE}/feedback`) },
      { weight: 1, arbitrary: ids.map((id) => `/${id}`) },
    ),
    query: fc.oneof({ weight: 9, arbitrary: fc.constant('') }, { weight: 1, arbitrary: queryOf('Flag').map((query) => `?${query}`) }),
    instance: fc.uuid(),
    number: fc.constantFrom(AMBER, AMBER, NOBODY, '9990012343'),
    mutations,
    caller: asker,
    odd: oddHeaders,
    mangle: mangling,
  })
  .map(({ method, service, query, instance, number, mutations: changes, caller, odd, mangle }): Sent => {
    const hasBody = method !== 'GET' && method !== 'HEAD';
    return {
      method,
      path: `${CDS_BASE}${service}${query}`,
      headers: headersOf(caller, hasBody ? 'application/json' : null, odd),
      body: hasBody ? mangle(text(changes.reduce<Json>(mutated, callOf(instance, number)))) : null,
    };
  });

const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  'subject:identifier': [`${NHS_NUMBER_SYSTEM}|${AMBER}`, `${NHS_NUMBER_SYSTEM}|${NOBODY}`, `${NHS_NUMBER_SYSTEM}|1`, AMBER, '|', ''],
  type: ['http://snomed.info/sct|736253002', 'http://snomed.info/sct|1,http://snomed.info/sct|736253002', 'x|y', '|', ''],
  category: ['http://snomed.info/sct|734163000', 'http://snomed.info/sct|', '\u0000'],
  'custodian:identifier': [
    'https://fhir.nhs.uk/Id/ods-organization-code|ZZ1',
    'ZZ1',
    'https://fhir.nhs.uk/Id/ods-organization-code|\u00e9',
  ],
  _summary: ['count', 'true', '__proto__'],
  'next-page-token': ['x', ''],
};
const parameter = fc
  .constantFrom(...Object.keys(PARAMETERS))
  .chain((name) => fc.constantFrom(...(PARAMETERS[name] ?? [])).map((value): readonly [string, string] => [name, value]));
const SUBJECT: readonly [string, string] = ['subject:identifier', `${NHS_NUMBER_SYSTEM}|${AMBER}`];

/** What a consumer of pointers asks, with its headers unless it leaves one out. */
const pointers: fc.Arbitrary<Sent> = fc
  .record({
    how: fc.constantFrom('find', 'find', 'post', 'post', 'read', 'plan', 'contact', 'pointed', 'nowhere', 'other'),
    id: fc.oneof({ weight: 3, arbitrary: fc.constant(KNOWN_PLAN) }, { weight: 2, arbitrary: ids }),
    given: fc.array(parameter, { maxLength: 3 }),
    isNamed: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
    more: fc.oneof({ weight: 4, arbitrary: fc.constant('') }, { weight: 1, arbitrary: queryOf('DocumentReference') }),
    leftOut: fc.oneof(
      { weight: 8, arbitrary: fc.constant('') },
      { weight: 1, arbitrary: fc.constantFrom('nhsd-end-user-organisation-ods', 'x-request-id') },
    ),
    request: fc.uuid(),
    method: fc.constantFrom<Sent['method']>('HEAD', 'PUT', 'PATCH', 'DELETE', 'POST'),
    caller: asker,
    odd: oddHeaders,
  })
  .map(({ how, id, given, isNamed, more, leftOut, request, method, caller, odd }): Sent => {
    const query = `${new URLSearchParams([...(isNamed ? [SUBJECT] : []), ...given].map(([name, value]): [string, string] => [name, value]))}${more === '' ? '' : `&${more}`}`;
    const own = { 'nhsd-end-user-organisation-ods': caller.ods, 'x-request-id': request };
    const kept = Object.fromEntries(Object.entries(own).filter(([name]) => name !== leftOut));
    const dressed = (type: string | null) => headersOf(caller, type, { ...kept, ...odd });
    const get = (path: string): Sent => ({ method: 'GET', path, headers: dressed(null), body: null });
    switch (how) {
      case 'find':
        return get(`${NRL_BASE}/DocumentReference?${query}`);
      case 'post':
        return { method: 'POST', path: `${NRL_BASE}/DocumentReference/_search`, headers: dressed(FORM), body: query };
      case 'read':
        return get(`${NRL_BASE}/DocumentReference/${TRUST.ods}-${id}`);
      case 'pointed':
        return get(`${NRL_CONTENT}/pointer/${id}/plan${more === '' ? '' : `?${more}`}`);
      case 'nowhere':
        return get(`/nrl/${id}`);
      case 'other':
        return { method, path: `${NRL_CONTENT}/${id}/plan`, headers: dressed(null), body: null };
      default:
        return get(`${NRL_CONTENT}/${id}/${how}`);
    }
  });

/** A request at a door that is not FHIR's own. */
export const atAnotherDoor: fc.Arbitrary<Sent> = fc.oneof({ weight: 1, arbitrary: card }, { weight: 1, arbitrary: pointers });

/** Whether what was answered well is what that door answers with. */
export const isOfDoor = (path: string, body: string): boolean => {
  if (path.startsWith(NRL_CONTENT)) return body.startsWith('%PDF-') || body.startsWith('<!DOCTYPE html>');
  if (path.startsWith(CDS_BASE)) return /^\{"(?:cards|services)":\[/.test(body);
  return !path.startsWith('/nrl') || /^\{"resourceType":"(?:Bundle|DocumentReference)"/.test(body);
};
