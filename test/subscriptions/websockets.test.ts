import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Bundle } from '@medplum/fhirtypes';
import { BACKPORT, Extension } from '../../profiles/canonicals.ts';
import { errorsOf, validate } from '../../src/validate/validate.ts';
import type { Caller } from '../support/access.ts';
import { eventually } from '../support/eventually.ts';
import type { Wish } from './world.ts';
import { numbersOn, openWebsockets, overWebsocket, tokenIn, WAIT_MS, type Websockets } from './websocket-world.ts';

/** How a Subscription over a websocket is taken, bound and told (R5 Subscriptions Backport IG, R4). */

let world: Websockets;
beforeAll(async () => {
  world = await openWebsockets({ unboundMs: 5_000, perClient: 3 });
}, 60_000);
afterAll(() => world?.close());
afterEach(() => world.leaveAll());

const PARAMETERS = { resourceType: 'Parameters' };
const BACKPORT_OPERATION = 'http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription';
const OPERATION = '$get-ws-binding-token';

describe('a Subscription over a websocket', () => {
  test('[2b.ws.taken] is taken without an endpoint, and is active once it was bound and has answered its handshake', async () => {
    const police = await world.subscriber();
    const header = ['X-Room: a-secret-of-theirs'];
    const { body } = await world.door.post(police.caller, '/fhir/Subscription', overWebsocket({ header })).expect(201);
    expect([body.status, body.channel.type, body.channel.endpoint, body.channel.header]).toEqual([
      'requested',
      'websocket',
      undefined,
      header,
    ]);
    expect(JSON.stringify(await police.read(body.id))).not.toContain('a-secret-of-theirs');
    const one = await world.bound(police, body.id);
    expect(one.notifications()[0]).toMatchObject({ type: 'handshake', status: 'requested', eventNumber: null });
    await world.statusIs(police, body.id, 'active');
    expect(one.closed()).toBeNull();
  });

  const wrong: readonly (readonly [string, Wish, string])[] = [
    [
      'an endpoint',
      { change: { channel: { ...overWebsocket().channel, endpoint: 'wss://police.example/' } } },
      'Subscription.channel.endpoint',
    ],
    ['[2b.66] more content than police may have', { content: 'full-resource' }, 'Subscription.channel.payload'],
    ['[2b.63] a filter of no topic', { filters: ['Encounter?patient=x'] }, 'Subscription.criteria.extension[0].value'],
    [
      'a heartbeat of no time',
      { channel: [{ url: Extension.backportHeartbeatPeriod, valueUnsignedInt: 0 }] },
      'Subscription.channel.extension[0].value',
    ],
    [
      'an extension that is not read',
      { channel: [{ url: `${BACKPORT}backport-unheard-of`, valueCode: 'x' }] },
      'Subscription.channel.extension[0]',
    ],
    ['a header that is none', { header: ['no colon'] }, 'Subscription.channel.header[0]'],
  ];
  test.each(wrong)('I10 %s is refused, with the place, and stores nothing', async (_what, wish, place) => {
    const police = await world.subscriber();
    const before = await world.door.stored();
    const { status, body } = await world.door.post(police.caller, '/fhir/Subscription', overWebsocket(wish));
    expect([400, 422]).toContain(status);
    expect(JSON.stringify(body.issue)).toContain(place);
    expect(await world.door.stored()).toBe(before);
  });

  test('keeps its channel: what was told over one cannot be taken back over another', async () => {
    const police = await world.subscriber();
    const id = await world.subscribe(police);
    const read = await police.read(id);
    const other = { ...read, status: 'requested', channel: { ...read.channel, type: 'rest-hook', endpoint: 'https://police.example/' } };
    const { status, body } = await world.door.put(police.caller, other as never);
    expect([status, JSON.stringify(body.issue)]).toEqual([409, expect.stringContaining('Subscription.channel.type')]);
  });
});

describe('a token', () => {
  test('[2b.123] is offered in the CapabilityStatement, by the name that the IG gives it', async () => {
    const { body } = await world.door.agent.get('/fhir/metadata').expect(200);
    const row = body.rest[0].resource.find(({ type }: { type: string }) => type === 'Subscription');
    expect(row.operation).toContainEqual({ name: 'get-ws-binding-token', definition: `${BACKPORT_OPERATION}-get-ws-binding-token` });
  });

  test('[2b.123] is for one Subscription, or for those of the caller’s own that are named, or all; by GET and by POST', async () => {
    const police = await world.subscriber();
    const ids = [await world.subscribe(police), await world.subscribe(police)].sort();
    const path = `/fhir/Subscription/${ids[0]}/${OPERATION}`;
    for (const answer of [await world.door.post(police.caller, path, PARAMETERS), await world.door.get(police.caller, path)]) {
      expect(answer.status).toBe(200);
      expect(errorsOf(validate(answer.body))).toEqual([]);
      const { token, subscriptions, expiration, url } = tokenIn(answer.body);
      expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(subscriptions).toEqual([ids[0]]);
      expect(Date.parse(expiration) - Date.now()).toBeLessThanOrEqual(10 * 60_000);
      expect(Date.parse(expiration)).toBeGreaterThan(Date.now() + 9 * 60_000);
      expect(url).toBe(`${world.door.origin.replace('http', 'ws')}/fhir/websocket`);
    }
    const all = await world.door.get(police.caller, `/fhir/Subscription/${OPERATION}`).expect(200);
    expect(tokenIn(all.body).subscriptions).toEqual(ids);
    const named = { ...PARAMETERS, parameter: [{ name: 'id', valueId: ids[1] }] };
    const one = await world.door.post(police.caller, `/fhir/Subscription/${OPERATION}`, named).expect(200);
    expect(tokenIn(one.body).subscriptions).toEqual([ids[1]]);
  });

  test('is kept as a hash alone', async () => {
    const police = await world.subscriber();
    const { token } = await world.tokenOf(police, await world.subscribe(police));
    const { rows } = await world.sql('SELECT * FROM websocket_token');
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(token);
    expect(world.door.lines.join('\n')).not.toContain(token);
  });

  test('[2b.123] I6: of another’s Subscription and of none at all there is the same nothing; of a rest-hook, and of one that is off, there is none', async () => {
    const [police, other] = [await world.subscriber(), await world.subscriber()];
    const id = await world.subscribe(other);
    const ask = async (of: string) => {
      const one = await world.door.post(police.caller, `/fhir/Subscription/${of}/${OPERATION}`, PARAMETERS);
      const among = await world.door.post(police.caller, `/fhir/Subscription/${OPERATION}`, {
        ...PARAMETERS,
        parameter: [{ name: 'id', valueId: of }],
      });
      return [one, among].map(({ status, body }) => [status, body.issue]);
    };
    const [foreign, none] = [await ask(id), await ask('nowhere')];
    expect(foreign).toEqual(none);
    expect(foreign.map(([status]) => status)).toEqual([404, 404]);
    const hook = (await police.subscribe('https://police.example/').expect(201)).body.id;
    await world.door.post(police.caller, `/fhir/Subscription/${hook}/${OPERATION}`, PARAMETERS).expect(409);
    await world.door.put(other.caller, { ...(await other.read(id)), status: 'off' } as never).expect(200);
    await world.door.post(other.caller, `/fhir/Subscription/${id}/${OPERATION}`, PARAMETERS).expect(409);
  });

  test('[2b.ws.refused] that is wrong, used, or over is told so alike, and its socket is closed; nothing is bound', async () => {
    const police = await world.subscriber();
    const id = await world.subscribe(police);
    const used = await world.tokenOf(police, id);
    const first = await world.websocket(used.url);
    first.bind(used.token);
    await world.shaken(first);
    const said: (readonly string[])[] = [];
    const over = await world.tokenOf(police, id);
    for (const token of [used.token, 'x'.repeat(43), over.token]) {
      if (token === over.token) await world.sql(`UPDATE websocket_token SET ends_at = clock_timestamp() - interval '1 second'`);
      const one = await world.websocket(used.url);
      one.bind(token);
      await world.closedBy(one, 4401);
      expect(one.notifications()).toEqual([]);
      said.push(one.texts());
    }
    expect(said[0]).toHaveLength(1);
    expect(said).toEqual([said[0], said[0], said[0]]);
    expect(said[0]?.[0]).not.toContain(id);
    expect(first.closed()).toBeNull();
  });
});

describe('a socket', () => {
  test('[2b.ws.bound] may have several Subscriptions of its client bound, by one token or by several; another client’s token ends it', async () => {
    const [police, other] = [await world.subscriber(), await world.subscriber()];
    const ids = [await world.subscribe(police), await world.subscribe(police), await world.subscribe(police)];
    const both = { ...PARAMETERS, parameter: ids.slice(0, 2).map((valueId) => ({ name: 'id', valueId })) };
    const { token, url } = tokenIn((await world.door.post(police.caller, `/fhir/Subscription/${OPERATION}`, both).expect(200)).body);
    const one = await world.websocket(url);
    one.bind(token);
    await world.shaken(one, 2);
    one.bind((await world.tokenOf(police, ids[2] ?? '')).token);
    await world.shaken(one, 3);
    for (const id of ids) await world.statusIs(police, id, 'active');
    await police.plan();
    await world.told(one, 3);
    expect(numbersOn(one)).toEqual(['1', '1', '1']);
    one.bind((await world.tokenOf(other, await world.subscribe(other))).token);
    await world.closedBy(one, 4401);
    expect(one.notifications().filter(({ type }) => type === 'handshake')).toHaveLength(3);
  });

  test('[2b.ws.bound] that binds what another has takes it over: the other is closed, and only the newest is told', async () => {
    const police = await world.subscriber();
    const { id, one } = await world.active(police);
    const newest = await world.bound(police, id);
    await world.closedBy(one, 4409);
    await police.plan();
    await world.told(newest, 1);
    expect(one.events()).toEqual([]);
  });

  test('a client has so many, and no more', async () => {
    const police = await world.subscriber();
    const id = await world.subscribe(police);
    const ids = [id, await world.subscribe(police), await world.subscribe(police), await world.subscribe(police)];
    for (const each of ids.slice(0, 3)) await world.bound(police, each);
    const { token, url } = await world.tokenOf(police, ids[3] ?? '');
    const one = await world.websocket(url);
    one.bind(token);
    await world.closedBy(one, 4429);
  });

  test('a client has so many over all processes together; what takes the place of one of them, or is on one already, is no more', async () => {
    const police = await world.subscriber();
    const other = await world.another();
    const ids = [
      await world.subscribe(police),
      await world.subscribe(police),
      await world.subscribe(police),
      await world.subscribe(police),
    ] as const;
    /** On a socket of the other process, by a token of the same client. */
    const boundThere = async (id: string) => {
      const { token, url } = await world.tokenOf(police, id);
      const one = await world.websocket(url.replace(new URL(url).host, new URL(other.door.origin).host));
      one.bind(token);
      return one;
    };
    const first = await world.bound(police, ids[0]);
    await world.bound(police, ids[1]);
    const there = await boundThere(ids[2]);
    await world.shaken(there);
    // A socket may have several Subscriptions: it is one all the same.
    there.bind((await world.tokenOf(police, ids[3])).token);
    await world.shaken(there, 2);
    const fifth = await world.subscribe(police);
    const here = await world.tokenOf(police, fifth);
    const one = await world.websocket(here.url);
    one.bind(here.token);
    await world.closedBy(one, 4429);
    await world.closedBy(await boundThere(fifth), 4429);
    const instead = await boundThere(ids[0]);
    await world.shaken(instead);
    await world.closedBy(first, 4409);
    // Those of a process that was killed are no sockets any more, ten seconds later.
    await world.sql("UPDATE websocket_binding SET process_id = 'c0ffee00-0000-4000-8000-000000000000' WHERE destination_id = ANY ($1)", [
      ids[2],
      ids[3],
    ]);
    await world.sql(
      "INSERT INTO websocket_process (id, alive_until) VALUES ('c0ffee00-0000-4000-8000-000000000000', clock_timestamp() + interval '1 hour')",
    );
    const { token, url } = await world.tokenOf(police, fifth);
    const late = await world.websocket(url);
    late.bind(token);
    await world.closedBy(late, 4429);
    await world.sql("UPDATE websocket_process SET alive_until = clock_timestamp() WHERE id = 'c0ffee00-0000-4000-8000-000000000000'");
    await world.bound(police, fifth);
    await other.close();
  });

  test('[2b.ws.refused] I10: that says anything but its command, or too much, or in bytes, is closed; one that says nothing, too', async () => {
    const police = await world.subscriber();
    const { url } = await world.tokenOf(police, await world.subscribe(police));
    const say = async (what: string | Buffer, code: number): Promise<void> => {
      const one = await world.websocket(url);
      one.socket.send(what);
      await world.closedBy(one, code);
    };
    await say('SELECT 1', 1008);
    await say(`bind-with-token: ${'x'.repeat(500)}`, 1008);
    await say(Buffer.from('bind-with-token: abc'), 1008);
    await say('x'.repeat(5_000), 1009);
    const silent = await world.websocket(url);
    await world.closedBy(silent, 4400);
  });

  test('I10: bytes that are no frame end it, and nothing else', async () => {
    const police = await world.subscriber();
    const { one, id } = await world.active(police);
    const { port } = new URL(world.door.origin);
    const heard = await new Promise<string>((resolve, reject) => {
      let text = '';
      const raw = connect(Number(port), '127.0.0.1', () =>
        raw.write(
          'GET /fhir/websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
        ),
      );
      raw.on('data', (data) => {
        if (text === '') raw.write(Buffer.from('ffffffffffffffffffffffff', 'hex'));
        text += data.toString('latin1');
      });
      raw.on('close', () => resolve(text));
      raw.on('error', reject);
    });
    expect(heard).toContain('101 Switching Protocols');
    await police.plan();
    await world.told(one, 1);
    expect((await police.read(id)).status).toBe('active');
  });

  test('is let in without compression, from no page of a browser, and at no other address', async () => {
    const police = await world.subscriber();
    const { url } = await world.tokenOf(police, await world.subscribe(police));
    const one = await world.websocket(url);
    expect(one.socket.extensions).toBe('');
    await expect(world.websocket(url, { headers: { Origin: 'https://elsewhere.example' } })).rejects.toThrow('403');
    await expect(world.websocket(url.replace('/fhir/websocket', '/fhir/Patient'))).rejects.toThrow('401');
    await world.door.get(police.caller, '/fhir/websocket').expect(404);
  });
});

describe('an event', () => {
  test('[2b.ws.event] I3 I4 I7: is told by number, to police by its id alone, on record before it leaves; what may no longer be told is withdrawn', async () => {
    const police = await world.subscriber();
    const { id, one } = await world.active(police);
    const plan = await police.plan();
    await world.told(one, 1);
    await plan.revoke();
    await world.told(one, 2);
    const [focus] = one.events().map((each) => each.focus);
    expect(one.events().map((each) => [each.eventNumber, each.withdrawn, each.focus])).toEqual([
      ['1', false, focus],
      ['2', true, focus],
    ]);
    for (const text of one.texts()) {
      const { entry = [] }: Bundle = JSON.parse(text);
      expect(errorsOf(validate(entry[0]?.resource))).toEqual([]);
      expect(entry.slice(1).map(({ resource }) => resource)).toEqual(entry.slice(1).map(() => undefined));
    }
    expect(one.texts().join('')).not.toContain(plan.number);
    const { rows } = await world.sql(
      `SELECT d.outcome, a.at <= d.settled_at AS "onRecord" FROM delivery d JOIN ledger_key k ON k.id = d.key_id JOIN audit a ON a.delivery_id = d.id
        WHERE k.destination_id = $1 ORDER BY d.event_number`,
      id,
    );
    expect(rows).toEqual([
      { outcome: 'accepted', onRecord: true },
      { outcome: 'accepted', onRecord: true },
    ]);
  });

  test('[2b.ws.event] carries the disclosure where the kind may have it and asks for it', async () => {
    const ed = await world.subscriber('ed');
    const { one } = await world.active(ed, { content: 'full-resource' });
    await ed.plan();
    await world.told(one, 1);
    const { entry = [] }: Bundle = JSON.parse(one.events()[0]?.bytes ?? '{}');
    expect(entry.map(({ resource }) => resource?.resourceType)).toEqual(['Parameters', 'CarePlan', 'Composition', 'Patient']);
  });

  test('I4: no token for one that carries the disclosure to a client that, by its scopes, may not read it', async () => {
    const ed = await world.subscriber('ed');
    const [full, ids] = [await world.subscribe(ed, { content: 'full-resource' }), await world.subscribe(ed)];
    const narrow = { ...ed.caller, scopes: ['system/Subscription.cruds'] as const };
    const asked = async (who: Caller, id: string) => (await world.door.get(who, `/fhir/Subscription/${id}/$get-ws-binding-token`)).status;
    expect([await asked(narrow, full), await asked(ed.caller, full), await asked(narrow, ids)]).toEqual([403, 200, 200]);
  });

  test('[2b.ws.event] a heartbeat comes over the socket, and counts nothing', async () => {
    const police = await world.subscriber();
    const { id, one } = await world.active(police, { channel: [{ url: Extension.backportHeartbeatPeriod, valueUnsignedInt: 10 }] });
    await world.sql(`UPDATE destination SET told_at = clock_timestamp() - interval '11 seconds' WHERE id = $1`, id);
    await eventually(() => expect(one.notifications().map(({ type }) => type)).toContain('heartbeat'), WAIT_MS);
    await police.plan();
    await world.told(one, 1);
    expect(numbersOn(one)).toEqual(['1']);
  });
});
