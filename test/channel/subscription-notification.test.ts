import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { toNotification } from '../../mappings/notification/to-notification.ts';
import { PLAN_TOPIC } from '../../profiles/canonicals.ts';
import { toChannelHeaders } from '../../src/channel/channel-headers.ts';
import type { Parcel } from '../../src/channel/channel.ts';
import { openChannels } from '../../src/channel/open-channels.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeHook } from '../support/fake-hook.ts';
import type { FakeHook } from '../support/fake-hook.ts';
import type { How } from '../support/fake-recipient.ts';
import { envelope, target, within } from './samples.ts';

const channels = openChannels(['127.0.0.0/8']);
const channel = channels.subscription;
let hook: FakeHook;

beforeEach(async () => {
  hook = await startFakeHook();
});
afterEach(() => hook.stop());
afterAll(() => channels.close());

const notification = (type: 'handshake' | 'event-notification', change: 'changed' | 'withdrawn' = 'changed'): Parcel => {
  const { messageId, bundleId, requestId, correlationId, sentAt } = envelope(1);
  const bundle = toNotification({
    id: messageId,
    base: 'https://broker.example.invalid/fhir',
    subscriptionId: 'sub-1',
    topic: PLAN_TOPIC,
    type,
    change,
    status: type === 'handshake' ? 'requested' : 'active',
    eventNumber: type === 'handshake' ? null : 3,
    eventsSinceStart: type === 'handshake' ? 0 : 3,
    focus: type === 'handshake' ? null : 'CarePlan/opaque-1',
    content: 'id-only',
    at: sentAt,
  });
  return {
    kind: 'update',
    bytes: JSON.stringify(bundle),
    contentType: 'application/fhir+json',
    messageId,
    bundleId,
    requestId,
    correlationId,
  };
};

const send = (parcel: Parcel, headers = {}) => channel.send(target(hook.address, { headers }), parcel, within(1_000, 300));

describe('a subscription notification', () => {
  test('a handshake and an event arrive with the headers that the subscriber asked for', async () => {
    const headers = toChannelHeaders(['Authorization: Bearer a-secret', 'X-Mine:  two words ']);
    expect(await send(notification('handshake'), headers)).toEqual({ kind: 'accepted', level: 'transport' });
    expect(await send(notification('event-notification'), headers)).toEqual({ kind: 'accepted', level: 'transport' });
    expect(await send(notification('event-notification', 'withdrawn'), headers)).toEqual({ kind: 'accepted', level: 'transport' });
    const [handshake, event, withdrawn] = hook.notifications();
    expect(handshake).toMatchObject({ type: 'handshake', status: 'requested', focus: null, eventNumber: null, eventsSinceStart: '0' });
    expect(event).toMatchObject({
      type: 'event-notification',
      status: 'active',
      focus: 'CarePlan/opaque-1',
      eventNumber: '3',
      withdrawn: false,
    });
    expect(withdrawn).toMatchObject({ focus: 'CarePlan/opaque-1', withdrawn: true });
    expect(event?.headers).toMatchObject({
      authorization: 'Bearer a-secret',
      'x-mine': 'two words',
      'content-type': 'application/fhir+json',
    });
  });

  test.each([
    ['refuse', { kind: 'refused', because: 'http-422', retry: false }],
    ['busy', { kind: 'unknown', because: 'http-503' }],
    ['stall', { kind: 'unknown', because: 'timeout' }],
    ['lose-answer', { kind: 'unknown', because: 'connection-lost' }],
  ] satisfies readonly [How, object][])('a hook that does "%s" is read as what it proved', async (how, outcome) => {
    hook.behave({ how });
    expect(await send(notification('event-notification'))).toEqual(outcome);
  });

  test('[2b.ssrf] no redirect is followed', async () => {
    const elsewhere = createServer((_, response) => response.writeHead(307, { Location: hook.address }).end());
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/hook`;
    const outcome = await channel.send(target(address), notification('handshake'), within(1_000, 300));
    expect(outcome).toEqual({ kind: 'refused', because: 'http-307', retry: true });
    expect(hook.notifications()).toEqual([]);
    await new Promise((resolve) => elsewhere.close(resolve));
  });

  test('[2b.ssrf] a name is resolved for each connection, and connected to only as it was judged', async () => {
    let leadsTo = '127.0.0.1';
    let asked = 0;
    const resolve = async () => {
      asked += 1;
      return [{ address: leadsTo, family: 4 }];
    };
    const named = openChannels(['127.0.0.0/8'], { resolve });
    const address = hook.address.replace('127.0.0.1', 'hook.example');
    const tell = () => named.subscription.send(target(address), notification('event-notification'), within(1_000, 300));
    expect([await tell(), asked]).toEqual([{ kind: 'accepted', level: 'transport' }, 1]);
    leadsTo = '169.254.169.254';
    // Its connection is gone: the name is asked for anew, and leads elsewhere by now.
    await hook.stop();
    await hook.start();
    await eventually(async () => expect(await tell()).toEqual({ kind: 'refused', because: 'address-forbidden', retry: true }));
    expect(hook.notifications()).toHaveLength(1);
    await named.close();
  });

  test('I1: after send_before nothing is written', async () => {
    expect(await channel.send(target(hook.address), notification('event-notification'), within(0))).toEqual({
      kind: 'refused',
      because: 'abandoned',
      retry: true,
    });
    expect(hook.notifications()).toEqual([]);
  });

  test.each(['Host: elsewhere', 'Content-Length: 3', 'no colon', 'A: b\r\nC: d', 'Transfer-Encoding: chunked', ': empty', 'X-Ü: 1'])(
    'the header line %j is refused, and not repeated',
    (line) => {
      expect(() => toChannelHeaders(['X-Fine: 1', line])).toThrow(/header\[1\]/);
      expect(() => toChannelHeaders([line])).not.toThrow(line);
    },
  );
});
