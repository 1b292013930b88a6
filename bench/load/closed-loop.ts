import { Client } from 'undici';
import { quantile } from '../measure/figures.ts';
import { testNumbers } from '../ground/nhs-numbers.ts';
import { NUMBER, ONE, type ToldLoad, type Loaded } from './load.ts';

const numbers = testNumbers(909_000);
let sent = 0;

const numberOf = (wanted: ToldLoad['numbers']): string => {
  const at = 'among' in wanted ? Math.floor(Math.random() * wanted.among) : wanted.onceFrom + sent;
  const number = numbers[at];
  if (number === undefined) throw new Error('there are no more test numbers');
  return number;
};

const enough = (): never => {
  throw new Error('there is no more to send');
};

const ask = async (
  client: Client,
  path: string,
  { headers, bearers, gets, body: template, numbers: wanted, answer }: ToldLoad,
): Promise<void> => {
  const get = gets?.[sent % gets.length];
  if (get !== undefined) {
    sent += 1;
    const { statusCode, body: answered } = await client.request({ method: 'GET', path: get.path, headers: { ...headers, ...get.headers } });
    return check(statusCode, await answered.text(), answer);
  }
  const text = typeof template === 'string' ? template : (template[sent] ?? enough());
  const bearer = bearers === undefined ? {} : { authorization: `Bearer ${bearers[sent % bearers.length]}` };
  const body = text.replaceAll(NUMBER, numberOf(wanted)).replaceAll(ONE, String(sent));
  sent += 1;
  const { statusCode, body: answered } = await client.request({ method: 'POST', path, headers: { ...headers, ...bearer }, body });
  check(statusCode, await answered.text(), answer);
};

const check = (status: number, said: string, wanted: ToldLoad['answer']): void => {
  if (status !== wanted.status || !said.includes(wanted.text)) throw new Error(`the load was answered ${status}`);
};

const run = async (load: ToldLoad): Promise<Loaded> => {
  const { origin, pathname } = new URL(load.url);
  const times: number[] = [];
  if (typeof load.body !== 'string') sent = 0;
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

process.on('message', (load: ToldLoad) => {
  run(load).then(
    (loaded) => process.send?.(loaded),
    (error: unknown) => process.send?.({ failed: error instanceof Error ? error.message : 'unknown' }),
  );
});
