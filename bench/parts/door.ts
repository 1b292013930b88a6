import { sixKilobytes, twentyEntries } from '../ground/door-bodies.ts';
import type { Broker } from '../ground/broker.ts';
import { startBare, withDoor } from '../ground/door.ts';
import { flagLoad } from '../load/flag-load.ts';
import type { Compared, Question } from '../measure/beside-floors.ts';
import { besideFloors } from '../measure/beside-floors.ts';
import type { Part } from './part.ts';

/** Numbers from here on belong to no person that is filled. */
const NEW_NUMBERS = 20_000;

/** Three times what Medplum 5.0.10 reached on such a machine, on another day. */
const threeTimes = (rate: number, inFlight: number): Compared['aim'] => ({
  rate: 3 * rate,
  inFlight,
  from: `three times Medplum's ${rate}/s`,
});

const publishes = ({ tokens }: Broker, body: object, status: number, text: string): Question => ({
  headers: { 'content-type': 'application/fhir+json' },
  caller: () => tokens.headersOf({ ods: 'TRUST1', kind: 'publisher' }),
  body: JSON.stringify(body),
  numbers: { onceFrom: NEW_NUMBERS },
  answer: { status, text },
});

/** `POST CarePlan` of 6 KB, validated in full, against the bare INSERTs of the same rows. */
export const create: Part = (bench) =>
  withDoor(bench, async ({ base, broker, floorUrl }, generator) => {
    const bare = await startBare('create-server', [floorUrl]);
    const compared: Compared = {
      name: 'CarePlan create',
      question: publishes(broker, sixKilobytes(), 201, '"CarePlan"'),
      url: `${base}/CarePlan`,
      floors: [{ name: 'bare INSERTs', url: bare.url }],
      aim: threeTimes(68, 8),
    };
    return bare.during(() => besideFloors(compared, generator, bench.say));
  });

/** `POST Flag/_search` by NHS number and status, with its audit row, against the bare look-up of the same rows. */
export const search: Part = (bench) =>
  withDoor(bench, async ({ base, broker, url, persons }, generator) => {
    const bare = await startBare('lookup-server', [url, 'facts']);
    const load = flagLoad(persons, broker);
    const compared: Compared = {
      name: 'flag search',
      question: { ...load, body: `${load.body}&status=active` },
      url: `${base}/Flag/_search`,
      floors: [{ name: 'the bare look-up', url: bare.url }],
      aim: threeTimes(929, 16),
    };
    return bare.during(() => besideFloors(compared, generator, bench.say));
  });

/** `CarePlan/$validate` of the same 6 KB, against the library's own check of the base type, and of the profile. */
export const validate: Part = (bench) =>
  withDoor(bench, async ({ base, broker }, generator) => {
    const ofBase = await startBare('validate-server', ['base']);
    const ofProfile = await startBare('validate-server', ['profile']);
    const compared: Compared = {
      name: 'CarePlan/$validate',
      question: publishes(broker, sixKilobytes(), 200, '"information"'),
      url: `${base}/CarePlan/$validate`,
      floors: [
        { name: 'the bare base check', url: ofBase.url },
        { name: 'the bare profile check', url: ofProfile.url },
      ],
      aim: threeTimes(133, 8),
    };
    return ofBase.during(() => ofProfile.during(() => besideFloors(compared, generator, bench.say)));
  });

/** A transaction of twenty entries (a person who is new to a trust), against one bare transaction of the same rows. */
export const transaction: Part = (bench) =>
  withDoor(bench, async ({ base, broker, url, floorUrl }, generator) => {
    const bare = await startBare('transaction-server', [floorUrl, url]);
    const compared: Compared = {
      name: 'transaction of 20',
      question: publishes(broker, twentyEntries(), 200, '"201'),
      url: base,
      floors: [{ name: 'bare INSERTs', url: bare.url }],
      aim: null,
    };
    return bare.during(() => besideFloors(compared, generator, bench.say));
  });
