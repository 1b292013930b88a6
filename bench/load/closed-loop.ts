import { Client } from 'undici';
import { quantile } from '../measure/figures.ts';
import { testNumbers } from '../ground/nhs-numbers.ts';
import { NUMBER, ONE, type Load, type Loaded } from './load.ts';

const numbers = testNumbers(909_000);
let sent = 0;

const numberOf = (wanted: Load['numbers']): string => {
  const at = 'among' in wanted ? Math.floor(Math.random() * wanted.among) : wanted.onceFrom + sent;
  const number = numbers[at];
  if (number === undefined) throw new Error('there are no more test numbers');
  return number;
};

const ask = async (client: Client, path: string, { headers, body: template, numbers: wanted, answer }: Load): Promise<void> => {
  const body = template.replaceAll(NUMBER, numberOf(wanted)).replaceAll(ONE, String(sent));
  sent += 1;
  const { statusCode, body: answered } = await client.request({ method: 'POST', path, headers, body });
  const text = await answered.text();
  if (statusCode !== answer.status || !text.includes(answer.text)) throw new Error(`the load was answered ${statusCode}`);
};

const run = async (load: Load): Promise<Loaded> => {
  const { origin, pathname } = new URL(load.url);
  const times: number[] = [];
  const startedAt = performance.now();
  const endsAt = startedAt + load.millis;
  await Promise.all(
    Array.from({ length: load.inFlight }, async () => {
      const client = new Client(origin);
      for (let now = performance.now(); now < endsAt; ) {
        await ask(client, pathname, load);
        const answeredAt = performance.now();
        times.push(answeredAt - now);
        now = answeredAt;
      }
      await client.close();
    }),
  );
  return { rate: (times.length * 1_000) / (performance.now() - startedAt), p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
};

process.on('message', (load: Load) => {
  run(load).then(
    (loaded) => process.send?.(loaded),
    (error: unknown) => process.send?.({ failed: error instanceof Error ? error.message : 'unknown' }),
  );
});
