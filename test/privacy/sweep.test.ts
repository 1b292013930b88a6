import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { RECIPIENT_KINDS } from '../../src/model/kind.ts';
import { Person, TRUST } from '../kill/person.ts';
import { openTown, OPERATOR, POLICE } from '../kill/town.ts';
import * as body from '../support/bodies.ts';
import { spawnBroker } from '../support/broker.ts';
import { makeDataDir, type TestDataDir } from '../support/data-dir.ts';
import { tokensAt } from '../support/access.ts';
import { doorClient, type DoorClient } from '../support/door-client.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeCollector } from '../support/fake-collector.ts';
import { fakeMeshRecipient } from '../support/fake-mesh-recipient.ts';
import { meshEnv, OURS, SECRETS as MESH_SECRETS, startMesh, WORKFLOW } from '../support/mesh-ground.ts';
import type { MeshSimulator } from '../support/mesh-simulator.ts';
import { startFakeMns } from '../support/fake-mns.ts';
import { responseTo } from '../support/message-response.ts';
import { nhsNumbersFrom } from '../support/nhs-numbers.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { anyNumber, type Find, personFinder, type Secret } from './find-persons.ts';
import { recordingProxy, startParrot } from './recording-proxy.ts';
import { garbage, rudeRequests } from './rude-requests.ts';

const numbers = nhsNumbersFrom(700_000);
const NUMBER = numbers.next();
const CORRECTED = numbers.next();
const UNKNOWN = numbers.next();
const FAMILY = 'Testperson-Quillonby';
const WORDS = 'Zebrafinch lullabies calm me, sirens do not';
const SECRETS: readonly Secret[] = [
  ...[NUMBER, CORRECTED, UNKNOWN].map((value) => ({ what: 'number' as const, value })),
  { what: 'name', value: FAMILY },
  { what: 'words', value: WORDS },
  { what: 'words', value: 'Zebrafinch' },
  // What a subscriber asks to be sent along is as secret as a password.
  { what: 'other', value: 'sesame-opens' },
  // And so is what the broker proves itself to MESH by.
  ...Object.values(MESH_SECRETS).map((value) => ({ what: 'other' as const, value })),
];
const findPersons = personFinder(SECRETS);
const sweep = (where: string, text: string): readonly Find[] => [...findPersons(where, text), ...anyNumber(where, text)];

let stops: (() => Promise<unknown>)[] = [];
const later = (stop: () => Promise<unknown>): void => void stops.unshift(stop);
let folder: TestDataDir;
beforeEach(async () => {
  folder = await makeDataDir();
});
afterEach(async () => {
  for (const stop of stops) await stop();
  stops = [];
  await folder.remove();
}, 60_000);

/** From now on each row that is written to the queue's tables is kept beside them, for jobs that are done are removed. */
const keepQueueRows = (): Promise<unknown> =>
  folder.query(`
    CREATE TABLE kept_by_test (row text);
    CREATE FUNCTION keep_for_test() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN INSERT INTO public.kept_by_test VALUES (TG_TABLE_NAME || ' ' || to_jsonb(NEW)::text); RETURN NULL; END $$;
    DO $$ DECLARE one record; BEGIN
      FOR one IN SELECT relname FROM pg_class WHERE relnamespace = 'bullmq'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition LOOP
        EXECUTE format('CREATE TRIGGER keep AFTER INSERT OR UPDATE ON bullmq.%I FOR EACH ROW EXECUTE FUNCTION public.keep_for_test()', one.relname);
      END LOOP;
    END $$`);

/** The headers of an answer, without the two ids that are the caller's own and go back to it as they came (nhs.md section 1). */
const headersOf = (headers: Headers): readonly (readonly [string, string])[] =>
  [...headers].filter(([name]) => name !== 'x-request-id' && name !== 'x-correlation-id');

/** Every row of a table of the broker's as text. */
const rowsOf = async (table: string): Promise<string> => JSON.stringify(await folder.query(`SELECT to_jsonb(t) AS row FROM ${table} t`));

/** Files of the data folder that are not PostgreSQL's own data: attempts, epoch, lock, PostgreSQL's log. */
const filesOf = async (): Promise<readonly (readonly [string, string])[]> => {
  const names = (await readdir(folder.path, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('/postgres/') || path.endsWith('.log'));
  return Promise.all(names.map(async (name) => [name.slice(folder.path.length), await readFile(name, 'latin1')] as const));
};

/** An event service, in agreement with the trust. */
const openEvents = async (address: string, { put }: Pick<DoorClient, 'put'>): Promise<void> => {
  await put(OPERATOR, body.organization('org-events', 'MNS1', 'epr'));
  await put(OPERATOR, body.service('svc-events', 'org-events', 'epr'));
  await put(OPERATOR, body.eventEndpoint('end-events', 'svc-events', 'org-events', address));
  await put(OPERATOR, { ...body.agreement('org-trust', ['svc-events']), id: 'agreement-events' });
};

const BOX = 'X26LANE1';
/** A recipient without an address, in agreement with the trust. */
const openBox = async (mesh: MeshSimulator, { put }: Pick<DoorClient, 'put'>) => {
  await put(OPERATOR, body.organization('org-box', 'BOX1', 'epr'));
  await put(OPERATOR, body.service('svc-box', 'org-box', 'epr'));
  await put(OPERATOR, body.endpoint('end-box', 'svc-box', 'org-box', `mesh://${BOX}?workflow_id=${WORKFLOW}`));
  await put(OPERATOR, { ...body.agreement('org-trust', ['svc-box']), id: 'agreement-box' });
  const recipient = fakeMeshRecipient(mesh, BOX);
  return {
    /** Looks into its mailbox until it holds the plan of that person, and of nobody where there is none. */
    holds: (...persons: readonly string[]): Promise<void> =>
      eventually(() => {
        recipient.look();
        expect(recipient.holds().map(({ person }) => person)).toEqual(persons);
      }, 20_000),
    recalls: () => recipient.received().filter(({ kind }) => kind === 'recall').length,
  };
};

/** What careless people write into our mailbox, and MESH into its reports: the person, in headers and body. */
const rudeLetters = (mesh: MeshSimulator, number: string): void => {
  const words = `Dear broker, ${FAMILY} ${number}: ${WORDS}`;
  const [message] = mesh.sent(BOX);
  if (message === undefined) throw new Error('nothing was put into the mailbox');
  const headers = { 'mex-subject': words, 'mex-localid': number, 'mex-filename': `${FAMILY}.json`, 'mex-partnerid': number };
  const diagnosed = {
    ...responseTo(message.parts.map(String).join(''), { code: 'fatal-error' }),
    identifier: { system: 'https://fhir.nhs.uk/Id/nhs-number', value: number },
  };
  for (const text of [words, `${number}`, `{"resourceType":"Bundle","type":"message","id":"${number}","entry":[{"fullUrl":"${words}"}]}`])
    mesh.put(BOX, OURS, WORKFLOW, text, 1, headers);
  mesh.put(BOX, OURS, `${WORKFLOW}_ACK`, JSON.stringify(diagnosed), 2, headers);
  mesh.put('X26LANE2', OURS, FAMILY, JSON.stringify(diagnosed), 1, headers);
  mesh.report({ ...message, headers: { 'mex-localid': number } }, '14', words);
  mesh.report({ ...message, id: number, headers: { 'mex-localid': FAMILY } }, number, words);
};

describe('I8: nobody is named where nobody should be', () => {
  test('The search can fail: each shape of a planted value is found, and nothing in what holds none', () => {
    const url = encodeURIComponent(WORDS);
    const base64 = ['', 'x', 'xy'].map((before) => Buffer.from(`${before}${NUMBER} and more`).toString('base64'));
    const planted = [
      NUMBER,
      `${NUMBER.slice(0, 3)} ${NUMBER.slice(3, 6)} ${NUMBER.slice(6)}`,
      FAMILY.toUpperCase(),
      `?name=${url}`,
      encodeURIComponent(url),
      Buffer.from(FAMILY).toString('hex'),
      ...base64,
    ];
    for (const text of planted) expect([text, findPersons('here', `before ${text} after`).length]).toEqual([text, expect.any(Number)]);
    expect(planted.filter((text) => findPersons('here', `before ${text} after`).length === 0)).toEqual([]);
    expect(anyNumber('here', `{"a":"${numbers.next()}"}`)).toHaveLength(1);
    expect(sweep('here', `${Date.now()} 9990000000 3f2504e0-4f89-11d3-9a0c-9990000018aa Testperson`)).toEqual([]);
  });

  test.each([['PostgreSQL'], ...(hasRedis() ? [['Redis']] : [])])(
    'after a story over every road, with every kind of error: queue on %s',
    async (store) => {
      const redis = store === 'Redis' ? await startRedis() : null;
      if (redis !== null) later(redis.stop);
      const mesh = await startMesh();
      const collector = await startFakeCollector();
      for (const each of [mesh, collector]) later(each.stop);
      const broker = spawnBroker({
        ...meshEnv(mesh),
        MESH_POLL_MS: '300',
        EVENT_SIGNAL: 'mns',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.address,
        DATA_DIR: folder.path,
        LOG_LEVEL: 'debug',
        OUTBOUND_ALLOW: '127.0.0.0/8',
        SWEEP_MS: '300',
        SEND_TIMEOUT_MS: '500',
        BACKOFF_MIN_MS: '50',
        BACKOFF_MAX_MS: '200',
        MESSAGE_LIFETIME_MS: '1000',
        ...(redis === null ? {} : { REDIS_URL: redis.url }),
      });
      later(async () => {
        broker.signal('SIGTERM');
        await broker.exit();
      });
      const base = await broker.ready();
      const spoken: string[] = [];
      if (redis !== null) {
        const monitor = await redis.client.monitor();
        monitor.on('monitor', (_time: string, args: readonly string[]) => spoken.push(args.join(' ')));
        later(async () => monitor.disconnect());
      } else await keepQueueRows();

      const tokens = tokensAt(() => new URL(base).origin, folder.withSql);
      const client = doorClient(() => base, tokens);
      const town = await openTown(client);
      later(town.stop);
      const wires = {
        epr: await recordingProxy(town.epr.address),
        ed: await recordingProxy(town.ed.address),
        hook: await recordingProxy(town.police.hook.address),
      };
      const box = await openBox(mesh, client);
      const mns = await startFakeMns();
      later(mns.stop);
      mns.behave('parrot');
      const events = await recordingProxy(mns.address);
      later(events.stop);
      await openEvents(events.address, client);
      const parrot = await startParrot();
      for (const each of [...Object.values(wires), parrot]) later(each.stop);
      for (const name of ['epr', 'ed'] as const)
        await client.put(OPERATOR, body.endpoint(`end-${name}`, `svc-${name}`, `org-${name}`, wires[name].address));
      await client.put(OPERATOR, body.endpoint('end-crisis-line', 'svc-crisis-line', 'org-crisis-line', parrot.address));
      const subscription = JSON.parse((await client.ask(POLICE, 'GET', '/Subscription/police-sub')).text);
      await client.put(POLICE, {
        ...subscription,
        status: 'requested',
        channel: { ...subscription.channel, endpoint: wires.hook.address, header: ['Authorization: Bearer sesame-opens'] },
      });
      await client
        .put(OPERATOR, { ...body.patient('none', NUMBER), resourceType: 'Organization', id: 'org-none', name: 'none' } as never)
        .catch(() => {}); // refused: another rude request

      // Every road: push, pull, notification, recall by each form; refused, lost, stalled, repeated word for word.
      await client.put(TRUST, body.patient('p', NUMBER, FAMILY));
      await client.put(
        TRUST,
        body.composition('p-w1', 'p', { 'please-do': WORDS, 'who-to-ring': `Ring ${FAMILY} on 01632 960001, day and night` }),
      );
      await client.put(TRUST, body.carePlan('p-v1', 'p', 'p-w1', { reach: [...town.reach, 'svc-box', 'svc-events'] }));
      await client.put(TRUST, body.consent('p-c1', 'p', 'org-trust', { kinds: [...RECIPIENT_KINDS] }));
      town.epr.behave({ how: 'refuse', times: 1 });
      town.ed.behave({ how: 'lose-answer', times: 1 });
      town.ambulance.behave({ how: 'stall', times: 1 });
      mesh.behave('send', 'parrot');
      await client.approve(TRUST, 'p-v1');
      await eventually(() => expect([town.epr, town.ed, town.ambulance].map((each) => each.holds().length)).toEqual([1, 1, 1]), 20_000);
      await eventually(() => expect(town.police.holds().size).toBe(1), 10_000);
      await box.holds(NUMBER);
      rudeLetters(mesh, NUMBER);
      await eventually(() => expect(parrot.heard()).toBeGreaterThan(5), 20_000);
      await client.put(TRUST, body.patient('p', CORRECTED, FAMILY));
      await eventually(() => expect(town.epr.holds()).toMatchObject([{ person: CORRECTED }]), 20_000);
      await box.holds(CORRECTED);

      const seen: [string, string][] = [];
      const callers = [TRUST, POLICE, OPERATOR, { ods: 'AMB1', kind: 'ambulance' as const }];
      const lookUp = `patient.identifier=${encodeURIComponent('https://fhir.nhs.uk/Id/nhs-number|')}`;
      for (const caller of callers) {
        for (const number of [CORRECTED, UNKNOWN]) {
          for (const [method, path, form] of [
            ['POST', '/Flag/_search', `${lookUp}${number}`],
            ['GET', `/Flag?${lookUp}${number}`, undefined],
          ] as const) {
            const answer = await client.ask(caller, method, path, form);
            const { link, issue } = JSON.parse(answer.text);
            seen.push([`${caller.kind} ${method} Flag`, JSON.stringify([link, issue, ...headersOf(answer.headers)])]);
          }
        }
      }
      for (const number of [NUMBER, UNKNOWN]) {
        for (const { method, path, headers, body: sent } of rudeRequests(number, FAMILY, WORDS)) {
          const response = await fetch(`${base}${path}`, {
            method,
            headers: { ...(await tokens.headersOf(TRUST)), ...headers },
            ...(sent === undefined ? {} : { body: sent }),
          });
          const text = await response.text();
          expect([method, path.slice(0, 40), response.status]).toEqual([method, path.slice(0, 40), expect.any(Number)]);
          expect(response.status).toBeLessThan(500);
          // What was asked for and may be shown is content; its links and headers, and all that is an error, are the broker's own words.
          const own = response.ok ? JSON.stringify(JSON.parse(text || '{}').link ?? []) : text;
          seen.push([
            `${response.status} ${method} ${path.replace(/\d{10}/g, '#').slice(0, 40)}`,
            JSON.stringify([own, ...headersOf(response.headers)]),
          ]);
        }
        seen.push(['no HTTP', await garbage(base, `${FAMILY} ${number} ${WORDS}`)]);
      }

      await client.put(TRUST, body.consent('p-c2', 'p', 'org-trust', { kinds: ['epr', 'ed'], supersedes: ['p-c1'] }));
      await eventually(() => expect([town.police.holds().size, town.ambulance.holds().length]).toEqual([0, 0]), 20_000);
      const other = new Person(7, UNKNOWN, client, town.reach);
      await other.publish(['epr']);
      await client.withdraw(TRUST, 'p-v1');
      await eventually(() => expect(town.ed.holds()).toEqual([]), 20_000);
      await box.holds();
      await eventually(() => expect(mns.told().map(({ nhsNumber }) => nhsNumber)).toEqual([NUMBER, NUMBER, CORRECTED, CORRECTED]), 20_000);
      await sleep(700);

      const places: [string, string][] = [
        ['standard output', broker.stdout()],
        ['standard error', broker.stderr()],
        ['metrics', await (await fetch(new URL('/metrics', base))).text()],
        ...Object.entries(wires).map(([name, wire]): [string, string] => [
          `requests to ${name}`,
          wire.heads().join('\n').replaceAll('Bearer sesame-opens', ''),
        ]),
        [
          'notifications',
          town.police.hook
            .notifications()
            .map((each) => each.bytes)
            .join('\n'),
        ],
        [
          'requests to MESH',
          mesh
            .asked()
            .map((each) => JSON.stringify(each))
            .join('\n'),
        ],
        ['requests to an event service', events.heads().join('\n')],
        ['headers in a mailbox', JSON.stringify(mesh.sent(BOX).map(({ headers, workflow }) => [workflow, headers]))],
        ...(await Promise.all(
          ['mailbox', 'mailbox_message', 'mailbox_letter', 'message_answer'].map(
            async (table): Promise<[string, string]> => [table, await rowsOf(table)],
          ),
        )),
        ['traces', collector.heard()],
        // Sealed as they lie there; each as those see it who have it to do.
        [
          'Tasks',
          (await Promise.all(callers.map((caller) => client.ask(caller, 'GET', '/Task?_count=100')))).map(({ text }) => text).join('\n'),
        ],
        ['audit', await rowsOf('audit')],
        ['fan-outs', await rowsOf('fan_out')],
        ['why deliveries failed', JSON.stringify(await folder.query('SELECT outcome, because FROM delivery'))],
        ...(await filesOf()).map(([name, text]): [string, string] => [`file ${name}`, text]),
        ...seen,
      ];
      if (redis === null) places.push(['queue', await rowsOf('kept_by_test')]);
      else places.push(['queue', spoken.join('\n')]);
      // Each place must have been looked into.
      expect(places.filter(([name, text]) => text === '' && !/broker.lock/.test(name)).map(([name]) => name)).toEqual(['requests to ed']);
      expect(places.find(([name]) => name === 'queue')?.[1].length).toBeGreaterThan(2_000);
      expect(wires.epr.heads().length).toBeGreaterThan(2);
      expect(box.recalls()).toBeGreaterThan(1);
      expect(JSON.stringify(await folder.query("SELECT because FROM delivery WHERE because LIKE 'mesh-%'"))).toContain('mesh-20');
      // Every letter was taken in, and those that say nothing of use are kept, sealed.
      expect(mesh.lies(OURS)).toEqual([]);
      expect((await folder.query('SELECT FROM mailbox_letter WHERE sealed IS NOT NULL')).length).toBeGreaterThanOrEqual(5);
      expect(collector.spans().some(({ attributes }) => attributes['broker.channel'] === 'mesh')).toBe(true);
      expect(JSON.stringify(await folder.query("SELECT because FROM delivery WHERE outcome = 'refused'"))).not.toBe('[]');
      console.info(`looked into ${places.length} places, ${places.reduce((sum, [, text]) => sum + text.length, 0)} characters`);
      expect(places.flatMap(([name, text]) => sweep(name, text))).toEqual([]);
    },
    120_000,
  );
});
