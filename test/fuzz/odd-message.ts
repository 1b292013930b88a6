import fc from 'fast-check';
import type { Caller } from '../http/open-door.ts';
import { encounterMessage, incident } from '../inbound/incident.ts';
import type { Json } from './json.ts';
import { mutated, mutation, type Mutation } from './mutation.ts';
import { oddHeaders } from './odd-headers.ts';
import { FHIR, headersOf, mangling, type Sent, text } from './sent.ts';

/** Who sends the messages of the fuzzing, and nothing else: what is stored for it, a message told of. */
export const MESSENGER: Caller = { ods: 'ZZ6', kind: 'ambulance' };

/** The messages of a few incidents, of both events, each of which may come again, later or earlier than another of its incident. */
const told = fc.record({
  caseNumber: fc.constantFrom('1', '2', '3'),
  second: fc.nat({ max: 30 }),
  isGeneral: fc.boolean(),
  isSame: fc.boolean(),
});

/** A message that tells of a crisis contact, with something wrong in most. */
export const message: fc.Arbitrary<Sent> = fc
  .record({
    told,
    mutations: fc.oneof(
      { weight: 1, arbitrary: fc.constant<Mutation[]>([]) },
      { weight: 4, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 3 }) },
    ),
    odd: oddHeaders,
    mangle: mangling,
    request: fc.uuid(),
  })
  .map(({ told: { caseNumber, second, isGeneral, isSame }, mutations, odd, mangle, request }): Sent => {
    const asked = {
      caseNumber: `fuzz-${caseNumber}`,
      second,
      sender: MESSENGER.ods,
      number: '9990012342',
      ...(isSame ? {} : { id: request }),
    };
    const whole = (isGeneral ? encounterMessage(asked) : incident(asked)) as unknown as Json;
    const { 'nhsd-end-user-organisation-ods': _mine, ...others } = odd;
    return {
      method: 'POST',
      path: '/fhir/$process-message',
      headers: headersOf(MESSENGER, FHIR, { 'x-request-id': request, 'x-correlation-id': request, ...others }),
      body: mangle(text(mutations.reduce<Json>(mutated, whole))),
    };
  });
