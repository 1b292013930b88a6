import { spread } from './figures.ts';
import { inRounds } from './in-rounds.ts';
import { aim, means, ratios, tell, type Verdict } from './verdict.ts';
import type { Generator, Load } from '../load/load.ts';

const ROUNDS = 5;
const MILLIS = 1_200;

/** What is asked of broker and floor alike. */
export type Question = Omit<Load, 'url' | 'inFlight' | 'millis'>;

/** One measure: what is asked, of whom, and beside what. */
export interface Compared {
  readonly name: string;
  readonly question: Question;
  /** Address at the broker. */
  readonly url: string;
  /** The bare floors, the first of which is also run again after the broker (A/A). */
  readonly floors: readonly [Floor, ...Floor[]];
  /** Requests in flight, one count after another; 16 and 1 where nothing is said. */
  readonly inFlight?: readonly number[];
  /** Answers a second, and the count in flight at which they are aimed at; null for no aim. */
  readonly aim: { readonly rate: number; readonly inFlight: number; readonly from: string } | null;
}

/** A bare server that does no more than it must. */
export interface Floor {
  readonly name: string;
  readonly url: string;
}

/** Broker and floors at some counts in flight, in turn: a line for each floor, and one for the aim at the count that it was taken at. */
export const besideFloors = async (
  { name, question, url, floors, inFlight: asked = [16, 1], aim: goal }: Compared,
  generator: Generator,
  say: (line: string) => void,
): Promise<readonly Verdict[]> => {
  const verdicts: Verdict[] = [];
  const counts = [...new Set([...asked, ...(goal === null ? [] : [goal.inFlight])])];
  for (const inFlight of counts) {
    const at = (target: string) => async (): Promise<number> =>
      (await generator.run({ ...question, url: target, inFlight, millis: MILLIS })).rate;
    const [floor, ...more] = floors;
    const rates = await inRounds(
      ROUNDS,
      [
        [floor.name, at(floor.url)],
        ['broker', at(url)],
        ['again', at(floor.url)],
        ...more.map((other) => [other.name, at(other.url)] as const),
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
    if (goal?.inFlight === inFlight) verdicts.push(aim(where, broker, goal.rate, '/s', goal.from));
  }
  return verdicts;
};
