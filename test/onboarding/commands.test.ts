import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Endpoint, OperationOutcome, Parameters } from '@medplum/fhirtypes';
import { Extension } from '../../profiles/canonicals.ts';
import type { Caller } from '../support/access.ts';
import { tokensAt } from '../support/access.ts';
import * as body from '../support/bodies.ts';
import { type BrokerProcess, spawnBroker } from '../support/broker.ts';
import { makeDataDir, type TestDataDir } from '../support/data-dir.ts';
import { type DoorClient, doorClient } from '../support/door-client.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import { startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import type { FakeRecipient } from '../support/fake-recipient.ts';

const OPERATOR = { ods: 'BROKER', kind: 'operator' } as const;
const EPR = { ods: 'XEPR', kind: 'epr' } as const;
const OTHER_EPR = { ods: 'XOTHER', kind: 'epr' } as const;
const ENV = { OUTBOUND_ALLOW: '127.0.0.0/8', SEND_TIMEOUT_MS: '600', SWEEP_MS: '300', REQUIRE_CHECK: '1' };
let folder: TestDataDir;
let broker: BrokerProcess;
let client: DoorClient;
let recipient: FakeRecipient;

beforeAll(async () => {
  folder = await makeDataDir();
  broker = spawnBroker({ DATA_DIR: folder.path, ...ENV });
  const base = await broker.ready();
  client = doorClient(
    () => base,
    tokensAt(() => new URL(base).origin, folder.withSql),
  );
  await client.put(OPERATOR, body.organization('epr', 'XEPR', 'epr'));
  await client.put(OPERATOR, body.organization('other', 'XOTHER', 'epr'));
  await client.put(OPERATOR, body.service('svc-epr', 'epr', 'epr'));
}, 90_000);
afterEach(() => recipient?.stop());
afterAll(async () => {
  broker.signal('SIGTERM');
  await broker.exit();
  await folder.remove();
}, 60_000);

const endpoint = (id: string, status: Endpoint['status'], extension: Endpoint['extension'] = []): Endpoint => {
  const made = body.endpoint(id, 'svc-epr', 'epr', recipient.address);
  return { ...made, status, extension: [...(made.extension ?? []), ...extension] };
};
const put = async (caller: Caller, resource: Endpoint) => {
  const { status, text } = await client.ask(caller, 'PUT', `/Endpoint/${resource.id}`, resource);
  const { issue = [] } = status < 400 ? {} : (JSON.parse(text) as OperationOutcome);
  return { status, places: issue.flatMap(({ expression }) => expression ?? []) };
};
const ask = (caller: Caller, id: string, parameter: Parameters['parameter'] = []) =>
  client.ask(caller, 'POST', `/Endpoint/${id}/$check`, { resourceType: 'Parameters', ...(parameter.length > 0 ? { parameter } : {}) });
const said = (text: string, name: string): unknown => {
  const found = (JSON.parse(text) as Parameters).parameter?.find((each) => each.name === name);
  return Object.entries(found ?? {}).find(([key]) => key.startsWith('value'))?.[1];
};
const done = (caller: Caller, id: string): Promise<string> =>
  eventually(async () => {
    const { status, text } = await ask(caller, id);
    expect([status, said(text, 'status')]).toEqual([200, 'done']);
    return text;
  }, 40_000);

describe('$check', () => {
  test('is begun by asking, goes on in the loop, and is answered with how far it is; then the address may be active', async () => {
    recipient = await startFakeFhirRecipient();
    expect(await put(EPR, endpoint('end-a', 'active'))).toEqual({ status: 422, places: ['Endpoint.status'] });
    expect((await put(EPR, endpoint('end-a', 'off'))).status).toBe(201);
    expect(await put(EPR, endpoint('end-a', 'active'))).toEqual({ status: 422, places: ['Endpoint.status'] });
    const { status, text } = await ask(EPR, 'end-a');
    expect([status, said(text, 'of')]).toEqual([200, 10]);
    const { parameter = [] } = JSON.parse(await done(EPR, 'end-a')) as Parameters;
    const states = parameter
      .filter(({ name }) => name === 'scenario')
      .map(({ part }) => part?.map(({ valueCode }) => valueCode).slice(0, 2));
    expect(states).toEqual(
      [
        'new',
        'replace',
        'recall',
        'unknown-recall',
        'duplicate',
        'reordered',
        'dropped-answer',
        'slow-answer',
        'bad-message',
        'clean-up',
      ].map((name) => [name, 'as-declared']),
    );
    expect((await put(EPR, endpoint('end-a', 'active'))).status).toBe(200);
    expect((await client.ask(OPERATOR, 'POST', '/Endpoint/end-a/$check', { resourceType: 'Parameters' })).status).toBe(200);
    expect(recipient.holds()).toEqual([]);
  }, 60_000);

  test('what contradicts is told, and the Endpoint and its service are refused with the place', async () => {
    recipient = await startFakeMllpRecipient();
    const lie = { url: Extension.refusesLowerSequence, valueBoolean: true };
    const t11 = { url: Extension.recallForm, valueCode: 'mdm-t11' };
    expect((await put(EPR, endpoint('end-b', 'off', [lie, t11]))).status).toBe(201);
    const { parameter = [] } = JSON.parse(await done(EPR, 'end-b')) as Parameters;
    expect(parameter.filter(({ name }) => name === 'contradiction').map(({ part }) => part?.slice(0, 2))).toEqual([
      [
        { name: 'scenario', valueCode: 'reordered' },
        { name: 'declared', valueUri: Extension.refusesLowerSequence },
      ],
    ]);
    const at = `Endpoint.extension.where(url='${Extension.refusesLowerSequence}')`;
    expect(await put(EPR, endpoint('end-b', 'active', [lie, t11]))).toEqual({ status: 422, places: [at] });
    // Over HL7 v2 T11 is known of nobody by itself: it is asked for.
    const recallForm = `Endpoint.extension.where(url='${Extension.recallForm}')`;
    expect(await put(EPR, endpoint('end-b', 'active'))).toEqual({ status: 422, places: [recallForm] });
    expect((await put(EPR, endpoint('end-b', 'active', [t11]))).status).toBe(200);
    // Another address has to be checked for itself, and a patch is no way round.
    const moved = { ...endpoint('end-b', 'active', [t11]), address: recipient.address.replace(/\d+$/, '1') };
    expect(await put(EPR, moved)).toEqual({ status: 422, places: ['Endpoint.address'] });
    const service = { ...body.service('svc-epr', 'epr', 'epr'), extension: [{ url: Extension.refusesLowerSequence, valueBoolean: true }] };
    const { status, text } = await client.ask(OPERATOR, 'PUT', '/HealthcareService/svc-epr', service);
    expect([status, (JSON.parse(text) as OperationOutcome).issue?.[0]?.expression]).toEqual([
      422,
      [at.replace('Endpoint', 'HealthcareService')],
    ]);
  }, 60_000);

  test("I6 another organisation's Endpoint is answered as one that is not there", async () => {
    recipient = await startFakeFhirRecipient();
    await put(EPR, endpoint('end-c', 'off'));
    const theirs = await ask(OTHER_EPR, 'end-c');
    const nobodys = await ask(OTHER_EPR, 'end-nobody');
    expect(theirs.status).toBe(404);
    expect(theirs.text).toBe(nobodys.text);
    expect(recipient.received()).toEqual([]);
    // Nor may a kind that keeps no Endpoint, or somebody who asks for something else.
    expect((await ask({ ods: 'XEVAL', kind: 'evaluator' }, 'end-c')).status).toBe(403);
    expect((await ask(EPR, 'end-c', [{ name: 'again', valueString: 'yes' }])).status).toBe(422);
    expect((await ask(EPR, 'end-c', [{ name: 'twice', valueBoolean: true }])).status).toBe(422);
  }, 30_000);

  test('nothing is pushed to a REST address: there is nothing to check', async () => {
    recipient = await startFakeFhirRecipient();
    const rest = endpoint('end-d', 'off');
    await put(EPR, { ...rest, connectionType: { system: rest.connectionType?.system ?? '', code: 'hl7-fhir-rest' } });
    const { status, text } = await ask(EPR, 'end-d');
    expect([status, (JSON.parse(text) as OperationOutcome).issue?.[0]?.expression]).toEqual([422, ['Endpoint.connectionType']]);
  }, 30_000);
});

describe('broker recipient check', () => {
  const start = (args: readonly string[]) =>
    spawnBroker({ DATA_DIR: folder.path, ...ENV }, [process.execPath, 'src/cli.ts', 'recipient', 'check', ...args]);
  const lines = (command: BrokerProcess): readonly Record<string, unknown>[] =>
    command
      .stdout()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  test('shows its progress; killed half-way, with the broker, it goes on where it was', async () => {
    recipient = await startFakeMllpRecipient();
    const form = { url: Extension.recallForm, valueCode: 'mdm-t11' };
    await put(EPR, endpoint('end-e', 'off', [form]));
    recipient.behave({ how: 'answer-late', delayMs: 200 });
    const first = start(['svc-epr', '--endpoint', 'end-e']);
    await eventually(() => expect(lines(first).length).toBeGreaterThanOrEqual(2), 30_000);
    first.signal('SIGKILL');
    broker.signal('SIGKILL');
    await Promise.all([first.exit(), broker.exit()]);
    const before = recipient.received().length;
    const [sentFirst] = recipient.received();
    recipient.behave({ how: 'normal' });
    broker = spawnBroker({ DATA_DIR: folder.path, ...ENV });
    const base = await broker.ready();
    client = doorClient(
      () => base,
      tokensAt(() => new URL(base).origin, folder.withSql),
    );
    const second = start(['svc-epr', '--endpoint', 'end-e']);
    expect(await second.exit()).toBe(0);
    const shown = lines(second);
    expect(shown.map(({ tried }) => tried)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, undefined]);
    expect(shown.at(-1)).toMatchObject({ ok: true, endpoint: 'end-e', contradictions: [], unanswered: [] });
    // What was said is not said again, and what was cut short has ids of its own.
    expect(recipient.received().filter(({ id }) => id === sentFirst?.id)).toHaveLength(1);
    expect(recipient.received().length).toBeGreaterThan(before);
    expect(recipient.holds()).toEqual([]);
  }, 120_000);

  test('exits with 1 where anything contradicts, and names no service that is not there', async () => {
    recipient = await startFakeFhirRecipient({ refusesRecalls: true });
    await put(EPR, endpoint('end-f', 'off'));
    const command = start(['svc-epr', '--endpoint', 'end-f']);
    expect(await command.exit()).toBe(1);
    expect(lines(command).at(-1)).toMatchObject({ ok: false, contradictions: [{ scenario: 'recall' }] });
    const nobody = start(['svc-nobody']);
    expect(await nobody.exit()).toBe(1);
    expect(nobody.sentences()).toEqual([
      'there is no such service, or no Endpoint of it to which anything is pushed (a MESH mailbox is not checked)',
    ]);
    const wrong = start([]);
    expect(await wrong.exit()).toBe(1);
  }, 60_000);
});
