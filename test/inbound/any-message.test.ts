import { expect, test } from '@jest/globals';
import type { Bundle } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { readMessage } from '../../mappings/inbound/read-message.ts';
import { withoutComments } from '../../mappings/inbound/without-comments.ts';
import { Anomaly } from '../../src/model/anomaly.ts';
import { emptyValues } from '../../src/http/read/empty-values.ts';
import { errorsOf, validate } from '../../src/validate/validate.ts';
import { encounterMessage, incident } from './incident.ts';

type Path = readonly (string | number)[];

/** Every place in a JSON value. */
const placesIn = (value: unknown, at: Path = []): readonly Path[] => {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([name, each]) => placesIn(each, [...at, Array.isArray(value) ? Number(name) : name]))];
};

/** The value with another in one place; undefined takes the place away. */
const changed = (value: unknown, [first, ...rest]: Path, to: unknown): unknown => {
  if (first === undefined) return to;
  if (Array.isArray(value))
    return value.flatMap((each, index) => (index === first ? [changed(each, rest, to)].filter((one) => one !== undefined) : [each]));
  return Object.fromEntries(
    Object.entries(value as object).flatMap(([name, each]) => {
      const next = name === first ? changed(each, rest, to) : each;
      return next === undefined ? [] : [[name, next]];
    }),
  );
};

const SAMPLES: readonly unknown[] = JSON.parse(
  JSON.stringify([
    incident({ caseNumber: 'any', second: 0, number: '9990012342', receiver: 'other' }),
    encounterMessage({ caseNumber: 'any', second: 0, number: '9990012342' }),
  ]),
);
const OTHER = fc.oneof(
  fc.constantFrom(
    undefined,
    null,
    0,
    -1,
    1e21,
    true,
    '',
    'x',
    'urn:uuid:x',
    '2026',
    [],
    {},
    [null],
    [{}],
    { resourceType: 'Patient' },
    { reference: 5 },
    { coding: 'x' },
    { '9strange': 1 },
    { fhir_comments: ['x'] },
    ['x'],
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

const errorsIn = (bundle: Bundle) => errorsOf(validate(bundle));

test('I10: whatever is broken in a message, it is read or refused with a place, and never stumbled over', () => {
  fc.assert(
    fc.property(fc.constantFrom(...SAMPLES), fc.array(fc.tuple(fc.nat(), OTHER), { minLength: 1, maxLength: 3 }), (sample, changes) => {
      const broken = changes.reduce<unknown>((value, [index, to]) => {
        const places = placesIn(value).filter(({ length }) => length > 0);
        return changed(value, places[index % places.length] ?? [], to);
      }, sample);
      // The door has seen that it is a Bundle, and refuses what is empty.
      const sent = { ...(withoutComments(broken) as object), resourceType: 'Bundle' } as Bundle;
      if (emptyValues(broken, 'Bundle').length + emptyValues(sent, 'Bundle').length > 0) return;
      try {
        readMessage(sent, errorsIn);
      } catch (error) {
        if (!(error instanceof Anomaly)) throw error;
        expect(error.category).toBe('incorrect');
        for (const { at, help } of error.issues) expect([at, help]).toEqual([expect.stringMatching(/^Bundle/), expect.stringMatching(/./)]);
      }
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 500) },
  );
}, 600_000);
