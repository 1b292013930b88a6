import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { System } from '../../profiles/canonicals.ts';
import { ROUTES } from '../../src/http/routes.ts';
import { createApp } from '../../src/http/app.ts';
import { listen } from '../../src/http/listen.ts';
import { createLog } from '../../src/log.ts';
import { validate } from '../../src/validate/validate.ts';
import { accessParts, type Tokens, tokensAt } from '../support/access.ts';
import * as body from '../support/bodies.ts';
import { alterFunction } from './altered-function.ts';
import type { Ground } from './ground.ts';
import { layGround, publisher } from './ground.ts';
import { workOnce } from './work-once.ts';
import { tellByClock } from '../support/tell-by-clock.ts';

/** How many pairs of questions the clock is given; of reads fewer, for whom wider bounds are as certain. */
const PAIRS = 100;
const READ_PAIRS = 50;

let ground: Ground;
let origin = '';
let stop: () => Promise<unknown> = async () => {};
/** A person with a plan, in reach of police, under an agreement with them, who has consented for care and not for police. */
let refused = '';
/** Known to police from the time when they were allowed. */
let disclosure = '';

interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly text: string;
  readonly ms: number;
}

let tokens: Tokens;
const POLICE = { ods: 'XFORCE', kind: 'police' } as const;
const form = (number: string, name = 'patient.identifier'): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({ [name]: `${System.nhsNumber}|${number}` }).toString(),
});
/** A call of CDS Hooks, at a door of its own. */
const card = (number: string): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ hook: 'crisis-call', hookInstance: randomUUID(), context: { nhsNumber: number } }),
});
const CARD = '/cds-services/crisis-plan';
const ask = async (path: string, init: RequestInit = {}): Promise<Answer> => {
  const headers = { ...(await tokens.headersOf(POLICE)), ...(init.headers as Record<string, string> | undefined) };
  const startedAt = performance.now();
  const answer = await fetch(path.startsWith('/') ? `${origin}${path}` : `${origin}/fhir/${path}`, { ...init, headers });
  const text = await answer.text();
  return { status: answer.status, headers: [...answer.headers], text, ms: performance.now() - startedAt };
};

/** Byte for byte, apart from ids and times: what was asked for is one of these. */
const CHANGES = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)/g;
const comparable = ({ status, headers, text }: Answer) => ({
  status,
  headers: headers.filter(([name]) => name !== 'date').map(([name, value]) => `${name}: ${value.replace(CHANGES, '*')}`),
  text: text.replace(CHANGES, '*'),
});

beforeAll(async () => {
  ground = await layGround();
  const { put, store, database } = ground;
  await ground.recipient('force', 'police');
  const { number, patient, consent } = await ground.person('amber', ['svc-force']);
  refused = number;
  // Allowed once: they have a key, a copy and an id for the plan; then refused.
  await ground.fanOutAll();
  while (await workOnce(ground.ledger(), 'svc-force'));
  const [seen] = await store.lookUp(
    { organization: 'XFORCE', kind: 'police', scopes: ['system/*.cruds'], user: null },
    { nhsNumber: number },
    true,
  );
  disclosure = seen?.id ?? '';
  await put(publisher, body.consent(consent, patient, 'org-trust', { kinds: ['ed', 'epr'] }));
  await ground.fanOutAll();

  const log = createLog('error');
  const config = {
    operatorOds: 'BROKER',
    behindProxy: false,
    publicUrl: null,
    outboundAllow: [],
    errorCodeSystem: 'https://errors.example',
  };
  const openStore = { ...store };
  const app = createApp({
    store: openStore,
    ...accessParts(database.pool),
    config,
    metrics: new Registry(),
    validate,
    log,
    newId: randomUUID,
  });
  const listening = await listen(app, { host: '127.0.0.1', port: 0, log, errorCodeSystem: config.errorCodeSystem });
  origin = `http://127.0.0.1:${listening.port}`;
  tokens = tokensAt(() => origin, database.pool);
  stop = () => listening.close();
  expect(database).toBeDefined();
}, 60_000);
afterAll(async () => {
  await stop();
  await ground?.close();
});

describe('I6 G6: refused looks the same as no plan', () => {
  test.each([
    ['Flag', 'patient.identifier'],
    ['CarePlan', 'patient.identifier'],
    ['Composition', 'patient.identifier'],
    ['Patient', 'identifier'],
  ])('a search of %s by number: same status, same headers, same body', async (type, name) => {
    const one = comparable(await ask(`${type}/_search`, form(refused, name)));
    expect(one.status).toBe(200);
    expect(JSON.parse(one.text)).toMatchObject({ resourceType: 'Bundle', total: 0 });
    expect(one).toEqual(comparable(await ask(`${type}/_search`, form(ground.numbers.next(), name))));
  });

  test('a card by number: same status, same headers, same body', async () => {
    const one = comparable(await ask(CARD, card(refused)));
    expect([one.status, one.text]).toEqual([200, '{"cards":[]}']);
    expect(one).toEqual(comparable(await ask(CARD, card(ground.numbers.next()))));
  });

  test.each(['Flag', 'CarePlan', 'Composition', 'Patient'])(
    'a read of %s by an id that was once theirs, and by one that never was',
    async (type) => {
      expect(disclosure).not.toBe('');
      const one = comparable(await ask(`${type}/${disclosure}`));
      expect(one.status).toBe(404);
      expect(one).toEqual(comparable(await ask(`${type}/${randomUUID()}`)));
      const document = comparable(await ask(`Composition/${disclosure}/$document`));
      expect(document).toEqual(comparable(await ask(`Composition/${randomUUID()}/$document`)));
    },
  );

  /** Every road by an id that the door has, for a caller who knows one from before. */
  const byId = ROUTES.filter(({ path, open }) => !open && path.includes(':id')).flatMap(({ method, path }) =>
    ['Patient', 'CarePlan', 'Composition', 'Flag']
      .filter((type) => path.includes('/:type/') || path.includes(`/${type}/`))
      .map((type) => [method, path.replace('/fhir/', '').replace(':type', type).replace(':version', '1')] as const),
  );
  test.each(byId)('%s %s: an id that was once theirs, and one that never was', async (method, path) => {
    const init = (type: string): RequestInit =>
      method === 'GET'
        ? {}
        : {
            method,
            headers: { 'content-type': method === 'PATCH' ? 'application/json-patch+json' : 'application/fhir+json' },
            ...(method === 'DELETE' ? {} : { body: method === 'PATCH' ? '[]' : JSON.stringify({ resourceType: type }) }),
          };
    const about = async (id: string) => {
      const type = path.includes('/$') && !path.endsWith('$validate') ? 'Parameters' : (path.split('/')[0] ?? '');
      const asked = path.endsWith('$explain') ? `${path}?recipient=HealthcareService/svc-force` : path;
      return comparable(await ask(asked.replace(':id', id), init(type)));
    };
    const one = await about(disclosure);
    expect(one.status).toBeGreaterThanOrEqual(400);
    expect(one).toEqual(await about(randomUUID()));
  });

  test('with consent the same questions are answered: the test could fail', async () => {
    const { number } = await ground.person('consents', ['svc-force']);
    expect(JSON.parse((await ask('Flag/_search', form(number))).text)).toMatchObject({ total: 1 });
    expect(JSON.parse((await ask(CARD, card(number))).text).cards).toHaveLength(1);
  });

  /** The chance that a refusal took longer than an absence: 0.5 where a clock tells nothing, 1 or 0 where it tells all. */
  const toldBy = async (
    pairs: number,
    refusal: () => Promise<Answer>,
    absence: () => Promise<Answer>,
  ): Promise<{ readonly told: number; readonly ratio: number }> => {
    const refusals: number[] = [];
    const absences: number[] = [];
    for (let pair = 0; pair < pairs + 10; pair++) {
      // Which comes first changes, so that what drifts falls on both.
      const asked = [async () => refusals.push((await refusal()).ms), async () => absences.push((await absence()).ms)];
      for (const ask of pair % 2 === 0 ? asked : asked.toReversed()) await ask();
    }
    // The first ones warm both up.
    const [some, others] = [refusals.slice(10), absences.slice(10)];
    const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
    return { told: tellByClock(some, others), ratio: median(some) / median(others) };
  };
  const report = (road: string, { told, ratio }: { readonly told: number; readonly ratio: number }): void =>
    void process.stderr.write(
      `${road}: refused takes ${ratio.toFixed(3)} of what absent does, and is longer in ${told.toFixed(2)} of pairs\n`,
    );

  test.each([
    ['a search', (number: string) => ask('Flag/_search', form(number))],
    ['a search with words', (number: string) => ask('Composition/_search', form(number))],
    ['a card', (number: string) => ask(CARD, card(number))],
  ] as const)(
    `a clock cannot tell them apart over ${PAIRS} pairs: %s`,
    async (road, question) => {
      const tally = await toldBy(
        PAIRS,
        () => question(refused),
        () => question(ground.numbers.next()),
      );
      report(road, tally);
      expect(tally.told).toBeGreaterThan(0.35);
      expect(tally.told).toBeLessThan(0.65);
    },
    60_000,
  );

  test(`nor over ${READ_PAIRS} pairs of reads of a CarePlan by an id, were a refusal five milliseconds more work than an absence`, async () => {
    // What is really between them is less than this machine's noise: so that the test could fail, it is made more.
    const putBack = await alterFunction(ground.database.owner, 'begin_read_of_one', [
      ['written := false;', 'written := false;\n  PERFORM pg_sleep(0.005);'],
    ]);
    const tally = await toldBy(
      READ_PAIRS,
      () => ask(`CarePlan/${disclosure}`),
      () => ask(`CarePlan/${randomUUID()}`),
    ).finally(putBack);
    report('a read', tally);
    expect(tally.told).toBeGreaterThan(0.25);
    expect(tally.told).toBeLessThan(0.75);
  }, 60_000);
});
