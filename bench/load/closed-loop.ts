import { Client } from 'undici';
import { quantile } from '../measure/figures.ts';
import { testNumbers } from '../ground/nhs-numbers.ts';
import { flagForm } from '../ground/template.ts';
import type { Load, Loaded } from './load.ts';

const numbers = testNumbers(909_000);

const ask = async (client: Client, path: string, headers: Load['headers'], person: string): Promise<void> => {
  const { statusCode, body } = await client.request({ method: 'POST', path, headers, body: flagForm(person) });
  const text = await body.text();
  if (statusCode !== 200 || !text.includes('"total":1')) throw new Error(`the load was answered ${statusCode}`);
};

const run = async ({ url, headers, persons, inFlight, millis }: Load): Promise<Loaded> => {
  const { origin, pathname } = new URL(url);
  const times: number[] = [];
  const startedAt = performance.now();
  const endsAt = startedAt + millis;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      const client = new Client(origin);
      for (let now = performance.now(); now < endsAt; ) {
        await ask(client, pathname, headers, numbers[Math.floor(Math.random() * persons)] ?? '');
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
