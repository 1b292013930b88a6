import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { toCloudEvent } from '../../mappings/signal/to-cloud-event.ts';
import { toFhirSignal } from '../../mappings/signal/to-fhir-signal.ts';
import type { Parcel } from '../../src/channel/channel.ts';
import { openChannels } from '../../src/channel/open-channels.ts';
import { type FakeMns, type MnsHow, startFakeMns } from '../support/fake-mns.ts';
import { NHS_NUMBER, target, within } from './samples.ts';

/** One event to an event service, over a real socket. What is asked is what its subscribers were told. */
const channels = openChannels(['127.0.0.0/8'], { eventSignal: true });
const off = openChannels(['127.0.0.0/8']);
let mns: FakeMns;

beforeEach(async () => {
  mns = await startFakeMns();
});
afterEach(() => mns.stop());
afterAll(() => Promise.all([channels.close(), off.close()]));

const event = (form: 'cloud-event' | 'fhir-signal' = 'cloud-event'): Parcel => {
  const id = randomUUID();
  const signal = { id, at: 1_772_000_000_000, nhsNumber: NHS_NUMBER, origin: 'https://broker.example', service: mns.address };
  return {
    kind: 'update',
    bytes: JSON.stringify(form === 'cloud-event' ? toCloudEvent(signal) : toFhirSignal(signal)),
    contentType: form === 'cloud-event' ? 'application/cloudevents+json' : 'application/fhir+json',
    messageId: id,
    bundleId: randomUUID(),
    requestId: randomUUID(),
    correlationId: randomUUID(),
  };
};
const send = (parcel: Parcel, limits = within(500), on = channels) => on.mns.send(target(mns.address, { headers: {} }), parcel, limits);

describe('an event', () => {
  test.each(['cloud-event', 'fhir-signal'] as const)(
    '%s: is taken by the rules of the service; that is transport, and no more [mns.1] [mns.2] [mns.4] [mns.6] [mns.8]',
    async (form) => {
      const parcel = event(form);
      expect(await send(parcel)).toEqual({ kind: 'accepted', level: 'transport' });
      expect(mns.told()).toMatchObject([
        {
          id: parcel.messageId,
          nhsNumber: NHS_NUMBER,
          headers: { 'x-correlation-id': parcel.correlationId, 'x-request-id': parcel.requestId, accept: 'application/json' },
        },
      ]);
      expect(mns.received()).toEqual([{ url: '/multicast-notification-service/events', status: 200 }]);
    },
  );

  test('said again under its id it is told once [mns.10]', async () => {
    const parcel = event();
    mns.behave('lose-answer');
    expect(await send(parcel)).toMatchObject({ kind: 'unknown' });
    expect(await send(parcel)).toMatchObject({ kind: 'accepted' });
    expect(mns.told()).toHaveLength(1);
    expect(mns.received()).toHaveLength(2);
  });

  test.each<readonly [MnsHow, object]>([
    ['stall', { kind: 'unknown' }],
    ['busy', { kind: 'unknown', because: 'http-503' }],
    ['lose-answer', { kind: 'unknown' }],
    ['answer-late', { kind: 'unknown' }],
    ['of-another', { kind: 'unknown', because: 'answer-to-another' }],
    ['redirect', { kind: 'unknown', because: 'redirected' }],
    ['refuse', { kind: 'refused', because: 'http-400', retry: false }],
    ['garbage', { kind: 'accepted', level: 'transport' }],
  ])('%s', async (how, outcome) => {
    mns.behave(how, 1, 1_000);
    expect(await send(event())).toMatchObject(outcome);
    expect(mns.received()).toHaveLength(1);
  });

  test('what is no event is refused by the service, and nobody is there at all [mns.1]', async () => {
    expect(await send({ ...event(), bytes: '{"clinical":"words"}' })).toMatchObject({ kind: 'refused', because: 'http-400' });
    await mns.stop();
    expect(await send(event())).toMatchObject({ kind: 'refused', because: 'not-connected', retry: true });
    expect(mns.told()).toEqual([]);
  });

  test('I1: too late for its moment it is not written', async () => {
    expect(await send(event(), { ...within(500), msLeft: () => -1 })).toMatchObject({ kind: 'refused', because: 'abandoned' });
    expect(mns.received()).toEqual([]);
  });

  test('I1: where the operator has not switched events on, none is written', async () => {
    expect(await send(event(), within(500), off)).toEqual({ kind: 'refused', because: 'event-signal-off', retry: true });
    expect(mns.received()).toEqual([]);
  });
});
