import fc from 'fast-check';
import { AMBULANCE, type Caller, OPERATOR, POLICE, TRUST } from '../http/open-door.ts';
import { isObject, type Json } from './json.ts';
import { mutated, mutation, type Mutation } from './mutation.ts';
import { oddHeaders } from './odd-headers.ts';
import { queryOf } from './odd-search.ts';
import { aStep } from './odd-step.ts';
import { FHIR, headersOf, ids, mangling, type Sent, text } from './sent.ts';
import { VALID } from './valid-resources.ts';

const PATIENTS = VALID.filter(({ type }) => type === 'Patient').map(({ resource }) => resource);
const callers = fc.constantFrom<Caller>(TRUST, AMBULANCE, POLICE, OPERATOR, { ods: 'ZZ3', kind: 'ed' });
const mutations = fc.oneof(
  { weight: 1, arbitrary: fc.constant<Mutation[]>([]) },
  { weight: 3, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 3 }) },
);

/** `Patient/$match`: what is known of a person, and what confirms a match. */
const match: fc.Arbitrary<Sent> = fc
  .record({
    of: fc.nat(),
    keep: fc.array(fc.constantFrom('identifier', 'name', 'birthDate', 'telecom', 'address', 'gender', 'meta', 'extension'), {
      minLength: 1,
      maxLength: 6,
    }),
    more: fc.array(
      fc.constantFrom<Json>(
        { name: 'onlyCertainMatches', valueBoolean: true },
        { name: 'onlyCertainMatches', valueBoolean: false },
        { name: 'count', valueInteger: 3 },
        { name: 'count', valueInteger: -1 },
        { name: 'confirm', valueString: 'b3BhcXVl' },
        { name: 'confirm', valueString: 'A'.repeat(300) },
        { name: '__proto__', valueString: 'x' },
      ),
      { maxLength: 3 },
    ),
    mutations,
    caller: callers,
    odd: oddHeaders,
    mangle: mangling,
  })
  .map(({ of, keep, more, mutations: changes, caller, odd, mangle }): Sent => {
    const patient = PATIENTS[of % Math.max(PATIENTS.length, 1)] ?? {};
    const known = Object.fromEntries(
      Object.entries(patient).filter(([name]) => name === 'resourceType' || keep.some((each) => each === name)),
    );
    const asked: Json = { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: isObject(known) ? known : {} }, ...more] };
    return {
      method: 'POST',
      path: '/fhir/Patient/$match',
      headers: headersOf(caller, FHIR, odd),
      body: mangle(text(changes.reduce<Json>(mutated, asked))),
    };
  });

/** Operations on one resource, by GET and by POST, with parameters that may be another's. */
const onOne: fc.Arbitrary<Sent> = fc
  .record({
    path: fc.constantFrom(
      'Patient/:id/$everything',
      'Patient/:id/$everything',
      'Composition/:id/$document',
      'CarePlan/:id/$withdraw',
      'CarePlan/:id/$approve',
      'Patient/:id/$validate',
      'Patient/:id/$nothing',
    ),
    id: ids,
    query: queryOf('Patient'),
    byPost: fc.boolean(),
    mutations,
    caller: callers,
    odd: oddHeaders,
  })
  .map(({ path, id, query, byPost, mutations: changes, caller, odd }): Sent => {
    const at = `/fhir/${path.replace(':id', id)}`;
    if (!byPost) return { method: 'GET', path: `${at}?${query}`, headers: headersOf(caller, null, odd), body: null };
    const asked: Json = {
      resourceType: 'Parameters',
      parameter: [
        { name: 'start', valueDate: '2026-01-01' },
        { name: '_type', valueString: 'CarePlan,Consent' },
        { name: '_count', valueInteger: 2 },
        { name: 'version', valueString: '7' },
      ],
    };
    return { method: 'POST', path: at, headers: headersOf(caller, FHIR, odd), body: text(changes.reduce<Json>(mutated, asked)) };
  });

/** An operation of the broker. */
export const anOperation: fc.Arbitrary<Sent> = fc.oneof(
  { weight: 3, arbitrary: match },
  { weight: 2, arbitrary: onOne },
  { weight: 5, arbitrary: aStep },
);
