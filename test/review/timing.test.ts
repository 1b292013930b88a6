import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Encounter } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { Ground } from '../store/ground.ts';
import { caller, layGround } from '../store/ground.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await layGround();
}, 60_000);
afterAll(() => ground?.close());

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;

test('I6: a service that is told nothing cannot learn from the time of its Encounters that there is a plan', async () => {
  const { number } = await ground.person('timed', []);
  const stranger = ground.numbers.next();
  const times = { known: [] as number[], unknown: [] as number[] };
  for (let round = 0; round < 60; round++) {
    for (const [who, value] of [
      ['known', number],
      ['unknown', stranger],
    ] as const) {
      const encounter: Encounter = {
        resourceType: 'Encounter',
        identifier: [{ system: 'https://sender.example/contact', value: `${who}-${round}` }],
        status: 'finished',
        class: { system: System.actCode, code: 'EMER' },
        subject: { identifier: { system: System.nhsNumber, value } },
      };
      const startedAt = performance.now();
      await ground.put(caller('XNOBODY', 'ed'), encounter);
      times[who].push(performance.now() - startedAt);
    }
  }
  expect(Math.abs(median(times.known) - median(times.unknown))).toBeLessThan(1);
}, 60_000);
