import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Resource } from '@medplum/fhirtypes';
import { Registry } from 'prom-client';
import { fieldOf, readHl7 } from '../../mappings/mdm/read-hl7.ts';
import { Extension } from '../../profiles/canonicals.ts';
import { startHl7 } from '../../src/hl7-part.ts';
import { createLog } from '../../src/log.ts';
import type { RecipientKind } from '../../src/model/kind.ts';
import type { Principal } from '../../src/model/principal.ts';
import { believed } from '../../src/store/believed.ts';
import { WORDS } from '../store/ground.ts';
import * as body from '../support/bodies.ts';
import { startTestEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { type FakeMllpRecipient, startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import { adt, answered, nextId, said } from './adt.ts';
import { frame, type SendingSystem, sendingSystem } from './sending-system.ts';

/** The door as the broker opens it, on the broker's own loop: what comes in by it settles a delivery, and brings a service into reach. */

const operator: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null };
const publisher: Principal = { organization: 'TRUST1', kind: 'publisher', scopes: ['system/*.cruds'], user: null };
const NUMBER = '9990000018';

let engine: TestEngine;
let waiting: FakeMllpRecipient;
let meeting: FakeMllpRecipient;
const systems: SendingSystem[] = [];
const stops: (() => Promise<unknown>)[] = [];

/** A sender's connection to a door at which each facility is some kind of service. */
const senderAt = async (facilities: Readonly<Record<string, RecipientKind>>): Promise<SendingSystem> => {
  const { hl7 } = engine.config;
  if (hl7 === null) throw new Error('no port is set');
  const lines: string[] = [];
  const log = createLog('info', (text) => lines.push(text));
  await startHl7(
    async (_name, start, stop) => {
      const part = await start();
      stops.push(() => stop(part));
      return part;
    },
    { ...engine.config, hl7: { ...hl7, facilities: new Map(Object.entries(facilities)) } },
    log,
    engine.database.pool,
    engine.store,
    engine.engine,
    new Registry(),
  );
  const port = /"port":(\d+)/.exec(lines.join('\n'))?.[1];
  const system = await sendingSystem(Number(port));
  systems.push(system);
  return system;
};
const put = (principal: Principal, resource: Resource) =>
  engine.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null });

beforeAll(async () => {
  engine = await startTestEngine({ HL7_PORT: '0' });
  waiting = await startFakeMllpRecipient();
  meeting = await startFakeMllpRecipient();
  waiting.speak('commit-then-elsewhere');
  await put(operator, body.organization('org-trust', 'TRUST1', 'publisher'));
  for (const [name, ods, { address }] of [
    ['waiting', 'ZZ2', waiting],
    ['meeting', 'ZZ3', meeting],
  ] as const) {
    await put(operator, body.organization(`org-${name}`, ods, 'ed'));
    await put(operator, body.service(`svc-${name}`, `org-${name}`, 'ed'));
    const endpoint = body.endpoint(`end-${name}`, `svc-${name}`, `org-${name}`, address);
    const enhanced = { url: Extension.acknowledgementMode, valueCode: 'enhanced' };
    await put(operator, name === 'waiting' ? { ...endpoint, extension: [...(endpoint.extension ?? []), enhanced] } : endpoint);
  }
  await put(operator, body.agreement('org-trust', ['svc-waiting', 'svc-meeting']));
  for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));
  await put(publisher, body.patient('p1', NUMBER));
  await put(publisher, body.consent('c1', 'p1', 'org-trust', { kinds: ['ed'] }));
  await put(publisher, body.composition('words-v1', 'p1', WORDS));
  await put(publisher, body.carePlan('v1', 'p1', 'words-v1', { reach: ['svc-waiting'] }));
  await engine.store.approve(publisher, 'v1', '1', body.approval('v1'), body.approver);
}, 60_000);
afterAll(async () => {
  for (const system of systems) system.destroy();
  for (const stop of stops) await stop();
  await engine?.stop();
  for (const each of [waiting, meeting]) await each?.stop();
});

test('[3b.2] a late acknowledgement through the door settles the delivery of whoever sent it, and of nobody else: neither another organisation nor another kind', async () => {
  const { pool } = engine.database;
  const state = async () => (await believed(pool, null)).find(({ destination }) => destination === 'end-waiting');
  await eventually(async () => expect((await state())?.last).toEqual({ action: 'update', outcome: 'unknown' }), 15_000);
  const late = waiting.elsewhere();
  expect(late.length).toBeGreaterThan(0);
  const answers = async (): Promise<number> =>
    (
      await pool.query('SELECT FROM sent_message WHERE answer IS NOT NULL AND control_id = ANY($1)', [
        late.map((text) => fieldOf(readHl7(text) ?? [], 'MSA', 2)),
      ])
    ).rowCount ?? 0;
  const say = async (system: SendingSystem, facility: string): Promise<void> => {
    for (const text of late) system.write(frame(text.replace('|FAKE|FAKE|', `|FAKE|${facility}|`)));
    // It is answered in its turn: by then they are taken.
    const after = nextId();
    expect(answered(await system.exchange(adt({ facility, id: after, visit: '' })))).toBe(after);
  };
  const ed = await senderAt({ ZZ2: 'ed', ZZ3: 'ed' });
  await say(ed, 'ZZ3');
  expect(await answers()).toBe(0);
  await say(await senderAt({ ZZ2: 'epr' }), 'ZZ2');
  expect(await answers()).toBe(0);
  expect((await state())?.copies).not.toContainEqual(expect.objectContaining({ state: 'held' }));
  await say(ed, 'ZZ2');
  expect(await answers()).toBeGreaterThan(0);
  // It may have been tried again meanwhile: each try has its answer, and the newest says what is held.
  await eventually(async () => {
    for (const text of waiting.elsewhere().slice(-3)) ed.write(frame(text.replace('|FAKE|FAKE|', '|FAKE|ZZ2|')));
    expect((await state())?.copies).toMatchObject([{ state: 'held' }]);
  }, 15_000);
});

test('a plan reaches the service that says by HL7 v2 that it met the person, and is taken back when the visit ends', async () => {
  expect(meeting.received()).toEqual([]);
  const ed = await senderAt({ ZZ3: 'ed' });
  const told = async (message: Parameters<typeof adt>[0]): Promise<void> => {
    expect(said(await ed.exchange(adt({ facility: 'ZZ3', visit: 'MET1', number: NUMBER, ...message })))).toEqual(['AA']);
  };
  await told({ event: 'A01' });
  await eventually(() => expect(meeting.holds()).toHaveLength(1), 15_000);
  await told({ event: 'A03', recorded: '20261120110000+0000', discharged: '20261120105900+0000' });
  await eventually(() => expect(meeting.holds()).toEqual([]), 15_000);
  expect(meeting.received().map(({ kind }) => kind)).toContain('recall');
});
