import type { Bundle } from '@medplum/fhirtypes';
import { callerOf } from '../ground/caller.ts';
import { fill } from '../ground/fill.ts';
import { openPool } from '../ground/keys.ts';
import { startBroker } from '../ground/broker.ts';
import { startBare } from '../ground/door.ts';
import { testNumbers } from '../ground/nhs-numbers.ts';
import { flagForm, setTemplate } from '../ground/template.ts';
import { flagLoad } from '../load/flag-load.ts';
import { startGenerator } from '../load/load.ts';
import { besideFloors } from '../measure/beside-floors.ts';
import { spread } from '../measure/figures.ts';
import { inRounds } from '../measure/in-rounds.ts';
import { ratios, tell, type Verdict } from '../measure/verdict.ts';
import type { Part } from './part.ts';

const PERSONS = 2_000;
/** Persons whose plans are read again and again: by their ids, with and without what is known of them. */
const KNOWN = 200;
const ROUNDS = 5;
const MILLIS = 1_200;
const IN_FLIGHT = 16;
const AMBULANCE = { ods: 'AMB', kind: 'ambulance' } as const;

/**
 * A dispatch desk's own requests: Flag, plan and words in one `POST Flag/_search`, at 1, 16 and 64 in flight, against the bare look-up of the facts; and a plan read again by its
 * id, where nothing has changed (304), against the same read that answers it whole.
 */
export const dispatch: Part = async ({ cluster, say }) => {
  const url = await cluster.database('bench_dispatch');
  const broker = await startBroker(url, cluster.folder);
  await setTemplate(broker, [{ name: 'amb', kind: 'ambulance', address: null }]);
  const pool = await openPool(url, 2);
  await fill(pool, { count: PERSONS, from: 0, words: true, reach: ['svc-amb'], likeKeyAt: 'pull:svc-amb', keysAt: [] });
  await pool.query('CHECKPOINT');
  const bare = await startBare('lookup-server', [url, 'facts']);
  const generator = startGenerator();
  const load = flagLoad(PERSONS, broker);
  const include = '&_include=Flag%3Adetail&_include%3Aiterate=CarePlan%3Asupporting-info';
  try {
    return await bare.during(async (): Promise<readonly Verdict[]> => {
      const whole = await besideFloors(
        {
          name: 'Flag, plan and words in one search',
          question: { ...load, body: `${load.body}${include}`, answer: { status: 200, text: '"total":1' } },
          url: `${broker.base}/Flag/_search`,
          floors: [{ name: 'the bare look-up', url: bare.url }],
          inFlight: [1, 16, 64],
          aim: null,
        },
        generator,
        say,
      );
      const caller = callerOf(broker, AMBULANCE.ods, AMBULANCE.kind);
      const plans: { readonly path: string; readonly etag: string }[] = [];
      const { pathname } = new URL(broker.base);
      for (const number of testNumbers(KNOWN)) {
        const found = (await caller.search('Flag', `${flagForm(number)}&_include=Flag%3Adetail`)) as Bundle;
        const plan = found.entry?.find(({ resource }) => resource?.resourceType === 'CarePlan')?.resource;
        plans.push({ path: `${pathname}/CarePlan/${plan?.id}`, etag: `W/"${plan?.meta?.versionId}"` });
      }
      await caller.close();
      const question = {
        headers: {},
        caller: () => broker.tokens.headersOf(AMBULANCE),
        body: '',
        numbers: { among: PERSONS },
        url: `${broker.base}/CarePlan`,
        inFlight: IN_FLIGHT,
        millis: MILLIS,
      } as const;
      const read = (status: number, text: string, known: boolean) => async (): Promise<number> => {
        const gets = plans.map(({ path, etag }) => ({ path, headers: known ? { 'if-none-match': etag } : ({} as Record<string, string>) }));
        return (await generator.run({ ...question, gets, answer: { status, text } })).rate;
      };
      const rates = await inRounds(
        ROUNDS,
        [
          ['whole', read(200, '"CarePlan"', false)],
          ['unchanged', read(304, '', true)],
          ['again', read(200, '"CarePlan"', false)],
        ],
        (name, rate) => say(`304: ${name} ${Math.round(rate)}/s`),
      );
      const of = (name: string): readonly number[] => rates.get(name) ?? [];
      const from = `304 ${spread(of('unchanged'), '/s')}, 200 ${spread(of('whole'), '/s')}, A/A ${spread(ratios(of('again'), of('whole')))}`;
      return [
        ...whole,
        tell(
          `a plan read again unchanged (304) at ${IN_FLIGHT} in flight, of the read that answers it`,
          ratios(of('unchanged'), of('whole')),
          from,
        ),
      ];
    });
  } finally {
    generator.stop();
    await broker.stop();
    await pool.end();
    await cluster.drop('bench_dispatch');
  }
};
