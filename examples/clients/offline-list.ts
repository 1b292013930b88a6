import { scryptSync } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import type { Parameters } from '@medplum/fhirtypes';
import { tokensFrom } from './token.ts';

/**
 * A dispatch desk that must match without a connection, written from docs/dispatch.md alone. It fetches a list, and then each line of its input is an NHS
 * number, or `refresh`. The list stays in memory, and is dropped when its time is over. It prints "there is a plan" or "no flag".
 *
 *   BROKER=http://127.0.0.1:8080/fhir CLIENT_ID=… KEY_FILE=client.key.pem node examples/clients/offline-list.ts
 */
const { BROKER = '', CLIENT_ID = '', KEY_FILE = '' } = process.env;
const token = tokensFrom(BROKER, CLIENT_ID, KEY_FILE, 'system/Flag.s');

let list: Parameters = { resourceType: 'Parameters' };
let etag = '';

const refresh = async (): Promise<string> => {
  for (;;) {
    const answer = await fetch(`${BROKER}/Flag/$list`, { headers: { Authorization: `Bearer ${await token()}`, 'If-None-Match': etag } });
    if (answer.status === 304) return 'unchanged';
    if (answer.status !== 200 && answer.status !== 202) throw new Error(`${answer.status}`);
    if (answer.status === 200) {
      list = (await answer.json()) as Parameters;
      etag = answer.headers.get('etag') ?? '';
      return 'fetched';
    }
    await wait(Number(answer.headers.get('retry-after')) * 1_000);
  }
};

const named = (wanted: string) => list.parameter?.filter(({ name }) => name === wanted) ?? [];
const isFlagged = (nhsNumber: string): boolean | null => {
  const until = Date.parse(named('until')[0]?.valueInstant ?? '');
  if (!(Date.now() < until)) list = { resourceType: 'Parameters' };
  const part = (name: string) => named('function')[0]?.part?.find((each) => each.name === name);
  const [N = 0, r = 0, p = 0, length = 0] = ['cost', 'blockSize', 'parallelization', 'length'].map((name) => part(name)?.valuePositiveInt);
  if (N === 0) return null;
  const salt = Buffer.from(part('salt')?.valueBase64Binary ?? '', 'base64');
  const entry = scryptSync(nhsNumber, salt, length, { N, r, p, maxmem: 256 * N * r }).toString('hex');
  return named('entry').some(({ valueString }) => valueString === entry);
};

const SAYS = new Map([
  [true, 'there is a plan: look it up once connected, or ring the crisis line. Assess, convey and treat as always.'],
  [false, 'no flag: that is not to say that there is no plan.'],
  [null, 'no list: ring the crisis line.'],
]);
process.stdout.write(`${await refresh()}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const said =
    line === 'refresh'
      ? await refresh().catch(() => 'not connected: the list that is here stays until its end')
      : SAYS.get(isFlagged(line));
  process.stdout.write(`${said}\n`);
}
