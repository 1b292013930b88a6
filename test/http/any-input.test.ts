import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Caller, OpenDoor } from './open-door.ts';
import { AMBULANCE, approvePlan, example, OPERATOR, openDoor, POLICE, TRUST } from './open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
});
afterAll(() => door.close());

const PROFILES = [
  ['Patient', 'plan-patient', TRUST],
  ['CarePlan', 'crisis-plan', TRUST],
  ['Composition', 'plan-words', TRUST],
  ['Consent', 'sharing-consent', TRUST],
  ['Contract', 'sharing-agreement', OPERATOR],
  ['HealthcareService', 'recipient-service', OPERATOR],
  ['Endpoint', 'destination-endpoint', OPERATOR],
  ['Subscription', 'plan-subscription', POLICE],
  ['Encounter', 'crisis-contact', AMBULANCE],
  ['Provenance', 'plan-approval', TRUST],
] as const;

/** Every place in a value, as the way that leads there. */
const placesOf = (value: unknown, way: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] => {
  if (typeof value !== 'object' || value === null) return [way];
  const inside = Array.isArray(value) ? value.map((each, index) => [index, each] as const) : Object.entries(value);
  return [way, ...inside.flatMap(([name, each]) => placesOf(each, [...way, name]))];
};

const replaced = (value: unknown, [first, ...rest]: readonly (string | number)[], by: unknown): unknown => {
  if (first === undefined) return by;
  if (Array.isArray(value)) return value.map((each, index) => (index === first ? replaced(each, rest, by) : each));
  return { ...(value as Record<string, unknown>), [first]: replaced((value as Record<string, unknown>)[first], rest, by) };
};

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    ' ',
    0,
    -1,
    1e308,
    true,
    [],
    {},
    [null],
    [[]],
    'urn:x',
    '9999-99-99',
    '0000',
    '2026-11-22T25:00:00Z',
    '\u0000',
    '\ud800',
    '__proto__',
    'x'.repeat(70_000),
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

const isFault = (status: number): boolean => status >= 500;

test('no resource that is one place wrong makes a 5xx', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...PROFILES), fc.nat(), odd, fc.boolean(), async ([type, profile, caller], pick, by, create) => {
      const whole = example(profile);
      const places = placesOf(whole);
      const broken = replaced(whole, places[pick % places.length] ?? [], by);
      const answer = create
        ? await door.post(caller, `/fhir/${type}`, broken)
        : await door
            .as(door.agent.put(`/fhir/${type}/${String(whole['id'])}`), caller)
            .set('Content-Type', 'application/fhir+json')
            .send(JSON.stringify(broken));
      if (isFault(answer.status)) throw new Error(`${answer.status}: ${door.lines.at(-1)}`);
      expect(answer.body.resourceType).toBeDefined();
    }),
    { numRuns: 400 },
  );
}, 120_000);

test('no search makes a 5xx, or answers with what was searched for', async () => {
  const name = fc.constantFrom(
    'patient.identifier',
    'subject:identifier',
    'identifier',
    'patient',
    '_id',
    '_lastUpdated',
    '_count',
    '_page',
    'status',
    'code',
    'owner',
    'focus',
    '_format',
    'x',
  );
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '9990012342',
      'https://fhir.nhs.uk/Id/nhs-number|9990012342',
      'a,b\\,c|d',
      ',',
      '\\',
      'ge2026',
      'Patient/x',
      '|',
      '||',
      "' OR 1=1 --",
    ),
  );
  const caller = fc.constantFrom<Caller>(AMBULANCE, TRUST, POLICE, OPERATOR);
  await fc.assert(
    fc.asyncProperty(
      caller,
      fc.constantFrom('Flag', 'Patient', 'CarePlan', 'Task', 'Encounter', 'Organization'),
      fc.array(fc.tuple(name, value), { maxLength: 4 }),
      async (who, type, pairs) => {
        const answer = await door.search(
          who,
          type,
          pairs.map(([each, text]) => `${each}=${encodeURIComponent(text.isWellFormed() ? text : '')}`).join('&'),
        );
        if (isFault(answer.status)) throw new Error(`${answer.status}: ${door.lines.at(-1)}`);
        expect(JSON.stringify(answer.body.link ?? [])).not.toContain('9990012342');
        if (answer.status !== 200) expect(answer.text).not.toContain('9990012342');
      },
    ),
    { numRuns: 300 },
  );
}, 120_000);
