import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { IS_WHOLE } from '../support/breadth.ts';
import { TRUST } from '../kill/person.ts';
import { openTown } from '../kill/town.ts';
import { anyNumber, personFinder } from '../privacy/find-persons.ts';
import { recordingProxy } from '../privacy/recording-proxy.ts';
import { tokensAt } from '../support/access.ts';
import * as body from '../support/bodies.ts';
import { spawnBroker } from '../support/broker.ts';
import { makeDataDir, type TestDataDir } from '../support/data-dir.ts';
import { doorClient } from '../support/door-client.ts';
import { eventually } from '../support/eventually.ts';
import { type FakeCollector, startFakeCollector, type ToldSpan } from '../support/fake-collector.ts';
import { nhsNumbersFrom } from '../support/nhs-numbers.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { OPERATOR } from '../kill/town.ts';

const numbers = nhsNumbersFrom(812_000);
const NUMBER = numbers.next();
const SMUGGLED = numbers.next();
const FAMILY = 'Testperson-Ottersley';
const WORDS = 'Kingfisher stories calm me, crowds do not';
const findPersons = personFinder([
  { what: 'number', value: NUMBER },
  { what: 'number', value: SMUGGLED },
  { what: 'name', value: FAMILY },
  { what: 'words', value: WORDS },
]);
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const DOOR = 'POST /fhir/CarePlan/:id/$approve';
const WITHDRAWAL = '0af7651916cd43dd8448eb211c80319c';
const CALLER = '00f067aa0ba902b7';

let stops: (() => Promise<unknown>)[] = [];
const later = (stop: () => Promise<unknown>): void => void stops.unshift(stop);
let folder: TestDataDir;
let collector: FakeCollector;
beforeEach(async () => {
  folder = await makeDataDir();
  collector = await startFakeCollector();
  later(collector.stop);
});
afterEach(async () => {
  for (const stop of stops) await stop();
  stops = [];
  await folder.remove();
}, 60_000);

/** Names of a span's ancestors, the nearest first, up to what the caller began. */
const pathOf = (span: ToldSpan, all: readonly ToldSpan[]): readonly string[] => {
  const parent = all.find(({ spanId, traceId }) => spanId === span.parentSpanId && traceId === span.traceId);
  if (parent === undefined) return span.parentSpanId === CALLER ? ['caller'] : [];
  return [parent.name, ...pathOf(parent, all)];
};

describe('A trace', () => {
  test.each([['PostgreSQL'], ...(IS_WHOLE && hasRedis() ? [['Redis']] : [])])(
    'goes from the approval through the queue to what the recipient answered, and names nobody (I8): queue on %s',
    async (store) => {
      const redis = store === 'Redis' ? await startRedis() : null;
      if (redis !== null) later(redis.stop);
      const broker = spawnBroker({
        DATA_DIR: folder.path,
        OUTBOUND_ALLOW: '127.0.0.0/8',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.address,
        ...(redis === null ? {} : { REDIS_URL: redis.url }),
      });
      let isStopped = false;
      const stopBroker = async (): Promise<void> => {
        if (isStopped) return;
        isStopped = true;
        broker.signal('SIGTERM');
        expect(await broker.exit()).toBe(0);
      };
      later(stopBroker);
      const base = await broker.ready();
      const tokens = tokensAt(() => new URL(base).origin, folder.withSql);
      let sent: Record<string, string> = {};
      const client = doorClient(() => base, {
        headersOf: async (caller, path) => ({ ...(await tokens.headersOf(caller, path)), ...sent }),
      });
      const town = await openTown(client);
      // Its police ask the broker until they are stopped.
      let isGone = false;
      const stopTown = async (): Promise<void> => {
        if (!isGone) await town.stop();
        isGone = true;
      };
      later(stopTown);
      const wire = await recordingProxy(town.epr.address);
      later(wire.stop);
      await client.put(OPERATOR, body.endpoint('end-epr', 'svc-epr', 'org-epr', wire.address));
      await client.put(TRUST, body.patient('p', NUMBER, FAMILY));
      await client.put(
        TRUST,
        body.composition('p-w1', 'p', { 'please-do': WORDS, 'who-to-ring': `Ring ${FAMILY} on 01632 960001, day and night` }),
      );
      await client.put(TRUST, body.carePlan('p-v1', 'p', 'p-w1', { reach: town.reach }));
      await client.put(TRUST, body.consent('p-c1', 'p', 'org-trust', { kinds: ['epr', 'ed'] }));
      // What a caller may write into the headers of a trace is anything: a number of a person must not get on.
      sent = { traceparent: `00-${TRACE}-${CALLER}-01`, tracestate: `trust=${SMUGGLED}`, baggage: `nhs=${SMUGGLED},name=${FAMILY}` };
      await client.approve(TRUST, 'p-v1');
      sent = {};
      await eventually(() => expect([town.epr.holds().length, town.ed.holds().length]).toEqual([1, 1]), 20_000);

      const inTrace = (): readonly ToldSpan[] => collector.spans().filter(({ traceId }) => traceId === TRACE);
      const delivered = () =>
        inTrace()
          .filter(({ name, attributes }) => name === 'deliver' && attributes['broker.outcome'] === 'accepted')
          .map((span) => [span.attributes['broker.channel'], pathOf(span, inTrace())]);
      const road = ['reconcile', 'slice', 'process recipient', 'add recipient.recipient', 'process fan-out', 'add fan-out.fan-out'];
      await eventually(() => {
        const told = delivered();
        expect(told.map(([channel]) => channel).sort()).toEqual(['fhir-messaging', 'hl7v2-mllp']);
        for (const [, path] of told) expect(path).toEqual([...road, DOOR, 'caller']);
      }, 20_000);
      expect(inTrace().filter(({ name }) => name === 'settle').length).toBeGreaterThanOrEqual(2);
      const door = inTrace().find(({ name }) => name === DOOR);
      expect(door).toMatchObject({ parentSpanId: CALLER, attributes: { 'http.response.status_code': 200 } });
      const named = inTrace().find(({ name }) => name === 'deliver')?.attributes;
      expect(named).toMatchObject({ 'broker.recipient.id': expect.stringMatching(/^svc-/), 'broker.action': 'update' });

      // What is tried again later is a trace of its own, which refers to the one before: what nobody answers would be one without an end.
      sent = { traceparent: `00-${WITHDRAWAL}-${CALLER}-01` };
      town.epr.behave({ how: 'busy', times: 1 });
      await client.withdraw(TRUST, 'p-v1');
      sent = {};
      await eventually(() => expect([town.epr.holds(), town.ed.holds()]).toEqual([[], []]), 20_000);
      await eventually(() => {
        const all = collector.spans();
        const [first] = all.filter(
          ({ name, traceId, attributes }) =>
            name === 'deliver' && traceId === WITHDRAWAL && attributes['broker.channel'] === 'fhir-messaging',
        );
        expect(first?.attributes).toMatchObject({ 'broker.action': 'recall', 'broker.outcome': 'unknown' });
        const again = all.find(
          ({ name, traceId, attributes }) =>
            name === 'deliver' &&
            traceId !== WITHDRAWAL &&
            attributes['broker.key.id'] === first?.attributes['broker.key.id'] &&
            attributes['broker.action'] === 'recall',
        );
        if (again === undefined) throw new Error('it was not tried again');
        expect(again.attributes['broker.outcome']).toBe('accepted');
        const begins = all.find(({ traceId, parentSpanId }) => traceId === again.traceId && parentSpanId === '');
        expect(begins).toMatchObject({ name: 'nudge again', links: [WITHDRAWAL] });
      }, 20_000);
      await stopTown();
      await stopBroker();
      // Nothing of the trace goes to a recipient.
      expect(wire.heads().join('\n')).toMatch(/x-request-id/i);
      expect(wire.heads().join('\n')).not.toMatch(/traceparent|tracestate|baggage/i);
      // What BullMQ does all day is no trace.
      expect(collector.spans().filter(({ name }) => /getNextJob|extendLocks|moveStalled|startStalled/.test(name))).toEqual([]);
      expect(collector.heard().length).toBeGreaterThan(10_000);
      expect([...findPersons('collector', collector.heard()), ...anyNumber('collector', collector.heard())]).toEqual([]);
      expect([...findPersons('log', broker.stderr())]).toEqual([]);
    },
    120_000,
  );

  test.each([
    ['is not made where no collector is named', {}, []],
    [
      'is dropped where the collector is away: it holds up nobody, and the log says so',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' },
      ['the collector of traces does not take them: they are dropped'],
    ],
  ])(
    '%s',
    async (_what, env: Record<string, string>, said) => {
      const broker = spawnBroker({ DATA_DIR: folder.path, ...env });
      const answer = await fetch(`${await broker.ready()}/metadata`, { headers: { traceparent: `00-${TRACE}-${CALLER}-01` } });
      expect(answer.status).toBe(200);
      broker.signal('SIGTERM');
      expect(await broker.exit()).toBe(0);
      expect(broker.messages().filter((message) => /collector/.test(message))).toEqual(said);
      expect(collector.heard()).toBe('');
    },
    60_000,
  );
});
