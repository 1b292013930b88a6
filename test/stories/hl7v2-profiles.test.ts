import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Endpoint, Resource } from '@medplum/fhirtypes';
import { fieldOf, readHl7 } from '../../mappings/mdm/read-hl7.ts';
import { Extension } from '../../profiles/canonicals.ts';
import type { Parcel } from '../../src/channel/channel.ts';
import { toFrame } from '../../src/channel/mllp-frames.ts';
import type { Principal } from '../../src/model/principal.ts';
import { attentionId } from '../../src/store/attention.ts';
import { believed } from '../../src/store/believed.ts';
import { readResource } from '../../src/store/resources.ts';
import { type Ground, type Lane, layGround, WORDS } from '../store/ground.ts';
import * as body from '../support/bodies.ts';
import type { TestEngine } from '../support/engine.ts';
import { startTestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import type { FakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import { startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import { openSending, type Sending } from '../support/sending.ts';

/** HL7 v2 out, by what each address declares: what lies in the recipients' own stores before and after a revocation. */

const operator: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null };
const publisher: Principal = { organization: 'TRUST1', kind: 'publisher', scopes: ['system/*.cruds'], user: null };
const NUMBER = '9990000018';
const field = (text: string, segment: string, position: number): string => fieldOf(readHl7(text) ?? [], segment, position);

const declares = (endpoint: Endpoint, declared: Readonly<Record<string, string>>): Endpoint => ({
  ...endpoint,
  extension: [
    ...(endpoint.extension ?? []),
    ...Object.entries(declared).map(([url, value]) =>
      url === Extension.receivingApplication ? { url, valueString: value } : { url, valueCode: value },
    ),
  ],
});

/** A message that was on its way comes to its end. */
const arrive = (address: string, message: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(address.split(':').at(-1)) });
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('data', () => socket.end());
    socket.write(toFrame(message));
  });

/** What each ED declares. */
const EDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  a: { [Extension.recallForm]: 'mdm-t11' },
  b: { [Extension.recallForm]: 'mdm-t10-notice', [Extension.receivingApplication]: 'ED-SYSTEM' },
  c: { [Extension.recallForm]: 'mdm-t08', [Extension.acknowledgementMode]: 'enhanced' },
  flag: { [Extension.messageForm]: 'adt-a31-flag' },
  both: { [Extension.messageForm]: 'mdm-and-adt-a31-flag', [Extension.acknowledgementMode]: 'enhanced' },
};
const NAMES = Object.keys(EDS);

describe('one plan, and an ED of each profile', () => {
  let engine: TestEngine;
  const eds = new Map<string, FakeMllpRecipient>();
  const put = (principal: Principal, resource: Resource) =>
    engine.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null });
  const ed = (name: string): FakeMllpRecipient => {
    const found = eds.get(name);
    if (found === undefined) throw new Error('no such ED');
    return found;
  };
  const approve = async (version: string, words: Readonly<Record<string, string>>, replaces?: string): Promise<void> => {
    const reach = NAMES.map((name) => `svc-${name}`);
    await put(publisher, body.composition(`words-${version}`, 'p1', words));
    await put(publisher, body.carePlan(version, 'p1', `words-${version}`, { reach, ...(replaces === undefined ? {} : { replaces }) }));
    await engine.store.approve(publisher, version, '1', body.approval(version), body.approver);
  };
  /** Holds as many documents and flags as are told, each time. */
  const holds = (counts: Readonly<Record<string, number>>): Promise<void> =>
    eventually(() => expect(Object.fromEntries(NAMES.map((name) => [name, ed(name).holds().length]))).toEqual(counts), 15_000);

  beforeAll(async () => {
    engine = await startTestEngine();
    await put(operator, body.organization('org-trust', 'TRUST1', 'publisher'));
    for (const name of NAMES) {
      const started = await startFakeMllpRecipient();
      eds.set(name, started);
      await put(operator, body.organization(`org-${name}`, `ED${name.toUpperCase()}`, 'ed'));
      await put(operator, body.service(`svc-${name}`, `org-${name}`, 'ed'));
      await put(operator, declares(body.endpoint(`end-${name}`, `svc-${name}`, `org-${name}`, started.address), EDS[name] ?? {}));
    }
    await put(
      operator,
      body.agreement(
        'org-trust',
        NAMES.map((name) => `svc-${name}`),
      ),
    );
    for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));
    await put(publisher, body.patient('p1', NUMBER));
    await put(publisher, body.consent('c1', 'p1', 'org-trust', { kinds: ['ed'] }));
  }, 60_000);
  afterAll(async () => {
    await engine?.stop();
    for (const each of eds.values()) await each.stop();
  });

  test('[3b.5] [3b.6] [3b.8] I3 each holds what it declared: the document, the flag, or both', async () => {
    await approve('v1', WORDS);
    await holds({ a: 1, b: 1, c: 1, flag: 1, both: 2 });
    for (const name of ['a', 'b', 'c', 'both']) expect(JSON.stringify(ed(name).holds())).toContain('Loud sirens upset me');
    const heard = ed('b').received()[0]?.bytes ?? '';
    expect([field(heard, 'MSH', 5), field(heard, 'MSH', 6)]).toEqual(['ED-SYSTEM', 'EDB']);
    expect(field(ed('a').received()[0]?.bytes ?? '', 'MSH', 5)).toBe('EPR');
  });

  test('[3b.8] I4 whoever is sent the flag is sent no word of the plan, and the trail says so', async () => {
    for (const { bytes } of ed('flag').received()) {
      expect(field(bytes, 'MSH', 9)).toBe('ADT^A31^ADT_A05');
      for (const word of Object.values(WORDS)) expect(bytes).not.toContain(word);
    }
    const { rows } = await engine.database.pool.query<{ headings: string[] }>(
      "SELECT a.headings FROM audit a JOIN ledger_key k ON k.id = a.key_id WHERE k.destination_id = 'end-flag' AND a.event = 'disclose'",
    );
    expect(rows.map(({ headings }) => headings)).toEqual([[]]);
  });

  test('[3b.5] [3b.8] I5 a new version: T10 names the one before; the flag, of which nothing changed, is not said again', async () => {
    const first = ed('a').holds()[0]?.document ?? '';
    await approve('v2', { ...WORDS, triggers: 'Crowds upset me' }, 'v1');
    for (const name of ['a', 'b', 'c', 'both'])
      await eventually(() => expect(JSON.stringify(ed(name).holds())).toContain('Crowds upset me'), 15_000);
    await holds({ a: 1, b: 1, c: 1, flag: 1, both: 2 });
    const replacement = ed('a').received().at(-1)?.bytes ?? '';
    expect([field(replacement, 'EVN', 1), field(replacement, 'TXA', 13)]).toEqual(['T10', `${first}^CRISIS-PLAN-BROKER`]);
    expect(ed('a').holds()[0]?.document).not.toBe(first);
    expect(ed('flag').received()).toHaveLength(1);
  });

  test('[3b.2] an application that answers long after its commit, over the connection of the message, is credited', async () => {
    const c = ed('c');
    c.speak('commit-then-elsewhere');
    await approve('v3', { ...WORDS, triggers: 'Sudden noise upsets me' }, 'v2');
    const newest = async () => (await believed(engine.database.pool, null)).filter(({ destination }) => destination === 'end-c')[0];
    await eventually(async () => expect((await newest())?.last).toEqual({ action: 'update', outcome: 'unknown' }), 15_000);
    expect((await newest())?.copies.filter(({ state }) => state === 'held')).not.toContainEqual(
      expect.objectContaining({ document: c.holds()[0]?.document }),
    );
    for (const text of c.elsewhere()) expect(await engine.engine.acknowledge({ organization: 'EDA', kind: 'ed' }, text)).toBe('not-theirs');
    for (const text of c.elsewhere()) c.speakUnasked(text);
    c.speak('plain');
    await eventually(async () => expect((await newest())?.copies).toMatchObject([{ state: 'held' }]), 15_000);
    expect(c.connections()).toBe(1);
    // The same over a connection of its own.
    c.speak('commit-then-elsewhere');
    const before = c.elsewhere().length;
    await approve('v4', { ...WORDS, triggers: 'Bright lights upset me' }, 'v3');
    await eventually(async () => expect((await newest())?.last).toEqual({ action: 'update', outcome: 'unknown' }), 15_000);
    for (const text of c.elsewhere().slice(before)) await engine.engine.acknowledge({ organization: 'EDC', kind: 'ed' }, text);
    c.speak('plain');
    await eventually(async () => expect((await newest())?.copies).toMatchObject([{ state: 'held' }]), 15_000);
  });

  test('[3b.6] [3b.7.1] [3b.8] I1 I2 consent is taken back: nobody holds anything, each by its own form', async () => {
    await put(publisher, body.consent('c1', 'p1', 'org-trust', { kinds: ['ed'], status: 'inactive' }));
    await holds({ a: 0, b: 0, c: 0, flag: 0, both: 0 });
    const recalls = NAMES.map((name) => [
      ...new Set(
        ed(name)
          .received()
          .filter(({ kind }) => kind === 'recall')
          .map(({ bytes }) => field(bytes, 'EVN', 1)),
      ),
    ]);
    expect(recalls).toEqual([['T11'], ['T10'], ['T08'], ['A31'], ['T11', 'A31']]);
    await eventually(async () => expect((await believed(engine.database.pool, null)).flatMap(({ copies }) => copies)).toEqual([]), 15_000);
  });

  test('[3b.3] MSH-10 is never used again: what is shared anew is sent anew', async () => {
    const before = NAMES.flatMap((name) =>
      ed(name)
        .received()
        .map(({ id }) => id),
    );
    await put(publisher, body.consent('c2', 'p1', 'org-trust', { kinds: ['ed'], supersedes: ['c1'] }));
    await holds({ a: 1, b: 1, c: 1, flag: 1, both: 2 });
    const after = NAMES.flatMap((name) =>
      ed(name)
        .received()
        .map(({ id }) => id),
    );
    expect(after.length).toBeGreaterThan(before.length);
    expect(new Set(after).size).toBe(after.length);
  });

  test('[3b.8] what an address is sent stays as it was registered', async () => {
    const changed = declares(body.endpoint('end-a', 'svc-a', 'org-a', ed('a').address), { [Extension.messageForm]: 'adt-a31-flag' });
    await expect(put(operator, changed)).rejects.toThrow('an address keeps its message form');
    const flag = declares(body.endpoint('end-flag', 'svc-flag', 'org-flag', ed('flag').address), {});
    await expect(put(operator, flag)).rejects.toThrow('an address keeps its message form');
    // How it acknowledges and what its application is called may change.
    const mode = declares(body.endpoint('end-a', 'svc-a', 'org-a', ed('a').address), {
      [Extension.acknowledgementMode]: 'enhanced',
      [Extension.receivingApplication]: 'NEW',
    });
    await expect(put(operator, mode)).resolves.toBeDefined();
  });
});

describe('what may arrive after its recall', () => {
  let ground: Ground;
  let sending: Sending;
  const stops: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    // A message may arrive for some 2 s after it was begun; the broker says a recall again after that.
    ground = await layGround(null, 'lay', 2_000);
    sending = openSending(ground, 300);
  }, 60_000);
  afterAll(async () => {
    await sending?.close();
    for (const stop of stops) await stop();
    await ground?.close();
  });

  const open = async (name: string, declared: Readonly<Record<string, string>>): Promise<{ lane: Lane; recipient: FakeMllpRecipient }> => {
    const recipient = await startFakeMllpRecipient();
    stops.push(recipient.stop);
    const lane = await ground.lane(name, 'ed', recipient.address);
    await ground.put(operator, declares(body.endpoint(`end-${name}`, lane.service, `org-${name}`, recipient.address), declared));
    await ground.fanOutAll();
    return { lane, recipient };
  };

  test.each([
    ['a', 'mdm-t11', 'T11'],
    ['b', 'mdm-t10-notice', 'T10'],
    ['c', 'mdm-t08', 'T08'],
  ])(
    '[3b.6] [3b.7.3] I2 profile %s: a recall that overtakes its document is said again for the same document, which does not rise',
    async (name, form, event) => {
      const { lane, recipient } = await open(`late${name}`, { [Extension.recallForm]: form });
      let underWay = '';
      await sending.step(lane.service, {
        deliver: async (_claim, _look, attempt) => {
          underWay = (attempt as typeof attempt & { readonly parcel: Parcel }).parcel.bytes;
          return { kind: 'unknown', because: 'connection-lost' };
        },
      });
      const document = field(underWay, 'TXA', 12);
      await ground.put(publisher, body.consent(lane.consent, lane.patient, 'org-trust', { kinds: ['ed'], status: 'inactive' }));
      await eventually(async () => {
        await sending.step(lane.service);
        expect(recipient.received()).not.toEqual([]);
      });
      // Only now the document comes: the recipient, which never had it, files it.
      await arrive(recipient.address, underWay);
      await eventually(() => expect(recipient.holds()).toHaveLength(1));
      await eventually(async () => {
        await sending.step(lane.service);
        expect(recipient.holds()).toEqual([]);
      });
      const recalls = recipient.received().filter(({ kind }) => kind === 'recall');
      expect(recalls.length).toBeGreaterThanOrEqual(2);
      for (const { bytes } of recalls) {
        expect(field(bytes, 'EVN', 1)).toBe(event);
        expect(field(bytes, 'TXA', event === 'T10' ? 13 : 12)).toBe(document);
      }
      expect(new Set(recalls.map(({ id }) => id)).size).toBe(recalls.length);
    },
    20_000,
  );

  test('[3b.3] MSH-10 is never used again by a broker that was started anew, but for the message that it tries again', async () => {
    const { lane, recipient } = await open('restart', {});
    recipient.behave({ how: 'lose-answer', times: 1 });
    await sending.step(lane.service);
    await sending.close();
    sending = openSending(ground, 300);
    await eventually(async () => {
      await sending.step(lane.service);
      expect(recipient.received()).toHaveLength(2);
    });
    const [first, again] = recipient.received();
    expect([again?.id, again?.bytes]).toEqual([first?.id, first?.bytes]);
    await ground.put(publisher, body.consent(lane.consent, lane.patient, 'org-trust', { kinds: ['ed'], status: 'inactive' }));
    await eventually(async () => {
      await sending.step(lane.service);
      expect(recipient.holds()).toEqual([]);
    });
    const recalls = recipient.received().slice(2);
    expect(recalls.length).toBeGreaterThan(0);
    expect(recalls.map(({ id }) => id)).not.toContain(first?.id);
  });

  test('[3b.1] [3b.10.3] I12 after AE the message is not sent again: a person is told, and what comes later is a message of its own', async () => {
    const { lane, recipient } = await open('refused', {});
    recipient.behave({ how: 'refuse', times: 1 });
    await sending.step(lane.service);
    const { pool } = ground.database;
    const [key] = (await believed(pool, null)).filter((each) => each.recipient.service === lane.service);
    const task = await readResource(pool, 'Task', attentionId('TRUST1', key?.key ?? ''));
    expect(task?.body).toMatchObject({ status: 'requested', statusReason: { text: 'update-unanswered' } });
    await eventually(async () => {
      await sending.step(lane.service);
      expect(recipient.holds()).toHaveLength(1);
    });
    const [refused, taken] = recipient.received();
    expect(recipient.received()).toHaveLength(2);
    expect([taken?.id === refused?.id, taken?.document === refused?.document]).toEqual([false, false]);
  });

  test('[3b.1] [3b.5] I12 a replacement whose parent the recipient has lost is refused (204): a person is told, and the new document is not taken for held', async () => {
    const recipient = await startFakeMllpRecipient({ unknownParent: '204' });
    stops.push(recipient.stop);
    const lane = await ground.lane('lost', 'ed', recipient.address);
    await sending.step(lane.service);
    // It loses what it had, as by a restore of its own.
    const [first] = recipient.received();
    recipient.fileAgain((first?.bytes ?? '').replaceAll('T02', 'T11').replace(first?.id ?? '', 'LOST'));
    expect(recipient.holds()).toEqual([]);
    await ground.put(publisher, body.composition('words-lost-2', lane.patient, { ...WORDS, triggers: 'Crowds upset me' }));
    const next = body.carePlan('plan-lost-2', lane.patient, 'words-lost-2', { reach: [lane.service], replaces: lane.plan });
    await ground.put(publisher, next);
    await ground.store.approve(publisher, 'plan-lost-2', '1', body.approval('plan-lost-2'), body.approver);
    await sending.step(lane.service);
    expect(recipient.received().map(({ bytes }) => field(bytes, 'EVN', 1))).toEqual(['T02', 'T10']);
    const { pool } = ground.database;
    const [key] = (await believed(pool, null)).filter((each) => each.recipient.service === lane.service);
    expect(key?.copies).toMatchObject([{ state: 'held', document: first?.document }]);
    const task = await readResource(pool, 'Task', attentionId('TRUST1', key?.key ?? ''));
    expect(task?.body).toMatchObject({ status: 'requested', statusReason: { text: 'update-unanswered' } });
  });

  test('[3b.3] two addresses of one service at one place have one connection', async () => {
    const { lane, recipient } = await open('two', {});
    const second = body.endpoint('end-two-more', lane.service, 'org-two', recipient.address);
    await ground.put(operator, declares(second, { [Extension.messageForm]: 'adt-a31-flag' }));
    await eventually(async () => {
      await sending.step(lane.service);
      expect(recipient.holds()).toHaveLength(2);
    });
    expect(recipient.connections()).toBe(1);
  });
});
