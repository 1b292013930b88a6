import { sixKilobytes, twentyEntries } from '../ground/door-bodies.ts';
import { startBare, withDoor } from '../ground/door.ts';
import type { DoorGround } from '../ground/door.ts';
import { flagLoad } from '../load/flag-load.ts';
import type { Generator, Load } from '../load/load.ts';
import { inRounds } from '../measure/in-rounds.ts';
import { spread } from '../measure/figures.ts';
import type { Verdict } from '../measure/verdict.ts';
import { aim, means, ratios, tell } from '../measure/verdict.ts';
import type { Bench, Part } from './part.ts';

const ROUNDS = 5;
const MILLIS = 1_200;
/** Numbers from here on belong to no person that is filled. */
const NEW_NUMBERS = 20_000;

/** Medplum 5.0.10's own figures on such a machine, a second, and how many were in flight: three times as many are aimed at. */
const MEDPLUM = { search: [929, 16], create: [68, 8], validate: [133, 8] } as const;

const PUBLISHES = {
  'nhsd-end-user-organisation-ods': 'TRUST1',
  'x-service-kind': 'publisher',
  'content-type': 'application/fhir+json',
};

/** What is asked of broker and floor alike. */
type Question = Omit<Load, 'url' | 'inFlight' | 'millis'>;

interface Compared {
  readonly name: string;
  readonly question: Question;
  readonly path: string;
  /** The bare floors, the first of which is also run again after the broker (A/A). */
  readonly floors: readonly [Floor, ...Floor[]];
  readonly aim: readonly [number, number] | null;
}

interface Floor {
  readonly name: string;
  readonly url: string;
}

/** Broker and floors at some counts in flight, in turn: a line for each floor, and one for the aim at the count that it was taken at. */
const compare = async (
  { name, question, path, floors, aim: goal }: Compared,
  ground: DoorGround,
  generator: Generator,
  say: Bench['say'],
): Promise<readonly Verdict[]> => {
  const verdicts: Verdict[] = [];
  const counts = [...new Set([16, ...(goal === null ? [] : [goal[1]]), 1])];
  for (const inFlight of counts) {
    const at = (url: string) => async (): Promise<number> => (await generator.run({ ...question, url, inFlight, millis: MILLIS })).rate;
    const [floor, ...more] = floors;
    const rates = await inRounds(
      ROUNDS,
      [
        [floor.name, at(floor.url)],
        ['broker', at(path === '' ? ground.base : `${ground.base}/${path}`)],
        ['again', at(floor.url)],
        ...more.map(({ name: other, url }) => [other, at(url)] as const),
      ],
      (target, rate) => say(`${name} at ${inFlight}: ${target} ${Math.round(rate)}/s`),
    );
    const of = (target: string): readonly number[] => rates.get(target) ?? [];
    const broker = of('broker');
    const floorRates = means(of(floor.name), of('again'));
    const where = `${name} at ${inFlight} in flight`;
    const from = `broker ${spread(broker, '/s')}, ${floor.name} ${spread(of(floor.name), '/s')}, A/A ${spread(ratios(of('again'), of(floor.name)))}`;
    verdicts.push(tell(`${where}, of ${floor.name}`, ratios(broker, floorRates), from));
    for (const { name: other } of more)
      verdicts.push(tell(`${where}, of ${other}`, ratios(broker, of(other)), `${other} ${spread(of(other), '/s')}`));
    if (goal !== null && goal[1] === inFlight)
      verdicts.push(aim(where, broker, 3 * goal[0], '/s', `three times Medplum's ${goal[0]}/s on another day`));
  }
  return verdicts;
};

const publishes = (body: object, status: number, text: string): Question => ({
  headers: PUBLISHES,
  body: JSON.stringify(body),
  numbers: { onceFrom: NEW_NUMBERS },
  answer: { status, text },
});

/** `POST CarePlan` of 6 KB, validated in full, against the bare INSERTs of the same rows. */
export const create: Part = (bench) =>
  withDoor(bench, async (ground, generator) => {
    const bare = await startBare('create-server', [ground.floorUrl]);
    return bare.during(() =>
      compare(
        {
          name: 'CarePlan create',
          question: publishes(sixKilobytes(), 201, '"CarePlan"'),
          path: 'CarePlan',
          floors: [{ name: 'bare INSERTs', url: bare.url }],
          aim: MEDPLUM.create,
        },
        ground,
        generator,
        bench.say,
      ),
    );
  });

/** `POST Flag/_search` by NHS number and status, with its audit row, against the bare look-up of the same rows. */
export const search: Part = (bench) =>
  withDoor(bench, async (ground, generator) => {
    const bare = await startBare('lookup-server', [ground.url, 'facts']);
    const load = flagLoad(ground.persons);
    return bare.during(() =>
      compare(
        {
          name: 'flag search',
          question: { ...load, body: `${load.body}&status=active` },
          path: 'Flag/_search',
          floors: [{ name: 'the bare look-up', url: bare.url }],
          aim: MEDPLUM.search,
        },
        ground,
        generator,
        bench.say,
      ),
    );
  });

/** `CarePlan/$validate` of the same 6 KB, against the library's own check of the base type, and of the profile. */
export const validate: Part = (bench) =>
  withDoor(bench, async (ground, generator) => {
    const base = await startBare('validate-server', ['base']);
    const profile = await startBare('validate-server', ['profile']);
    return base.during(() =>
      profile.during(() =>
        compare(
          {
            name: 'CarePlan/$validate',
            question: publishes(sixKilobytes(), 200, '"information"'),
            path: 'CarePlan/$validate',
            floors: [
              { name: 'the bare base check', url: base.url },
              { name: 'the bare profile check', url: profile.url },
            ],
            aim: MEDPLUM.validate,
          },
          ground,
          generator,
          bench.say,
        ),
      ),
    );
  });

/** A transaction of twenty entries (a person who is new to a trust), against one bare transaction of the same rows. */
export const transaction: Part = (bench) =>
  withDoor(bench, async (ground, generator) => {
    const bare = await startBare('transaction-server', [ground.floorUrl, ground.url]);
    return bare.during(() =>
      compare(
        {
          name: 'transaction of 20',
          question: publishes(twentyEntries(), 200, '"201'),
          path: '',
          floors: [{ name: 'bare INSERTs', url: bare.url }],
          aim: null,
        },
        ground,
        generator,
        bench.say,
      ),
    );
  });
