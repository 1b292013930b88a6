import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Resource } from '@medplum/fhirtypes';
import { writeNewKeys } from '../../src/client-keys.ts';
import { addClient } from '../../src/store/access/clients.ts';
import { publisher, WORDS } from '../store/ground.ts';
import { openSubscriptions, type Subscriptions } from '../subscriptions/world.ts';
import * as body from '../support/bodies.ts';
import { eventually } from '../support/eventually.ts';

/** The programs of examples/clients, each a process of its own that knows nothing but its environment, against the whole broker. */

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'clients-'));
let world: Subscriptions;
const running: ChildProcessWithoutNullStreams[] = [];
beforeAll(async () => {
  world = await openSubscriptions();
}, 60_000);
afterAll(async () => {
  for (const each of running) each.kill('SIGKILL');
  await world?.close();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

type Subscriber = Awaited<ReturnType<Subscriptions['subscriber']>>;
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/** Registers the caller with a key of its own, and starts a program as it. */
const start = async (program: string, { caller }: Subscriber, env: Readonly<Record<string, string>>) => {
  const keys = join(folder, caller.ods);
  await writeNewKeys(keys);
  const jwks = JSON.parse(readFileSync(join(keys, 'client.jwks.json'), 'utf8'));
  const { id } = await addClient(world.engine.database.pool, {
    organization: caller.ods,
    kind: caller.kind,
    scopes: ['system/*.cruds'],
    keys: { jwks },
  });
  const child = spawn(process.execPath, [join(root, 'examples/clients', program)], {
    env: {
      PATH: process.env['PATH'] ?? '',
      BROKER: `${world.door.origin}/fhir`,
      CLIENT_ID: id,
      KEY_FILE: join(keys, 'client.key.pem'),
      ...env,
    },
  });
  running.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  return { child, said: () => said };
};

describe('a police control room', () => {
  test('I2 I3 subscribes, holds what it may read, follows each change, and gives up what is withdrawn', async () => {
    const police = await world.subscriber();
    const store = join(folder, 'plans');
    const plan = await police.plan();
    const program = await start('police.ts', police, { HOOK: `http://127.0.0.1:${await freePort()}/hook`, STORE: store, POLL_MS: '500' });
    const held = (): string => {
      const files = readdirSync(store);
      return files.map((name) => readFileSync(join(store, name), 'utf8')).join('\n');
    };
    await eventually(() => expect(program.said()).toContain('holds'), 20_000).catch((fault: unknown) => {
      throw new Error(`${String(fault)}\n${program.said()}`);
    });
    expect(held()).toContain(WORDS['please-do']);
    // Police hold no NHS number, and nothing under a heading that is not theirs.
    expect(held()).not.toMatch(/999\d{7}|Loud sirens/);
    await plan.approve(undefined, 'Sit down before you speak');
    await eventually(() => expect(held()).toContain('Sit down before you speak'), 20_000);
    await plan.revoke();
    await eventually(() => expect(readdirSync(store)).toEqual([]), 20_000);
    await plan.permit();
    await eventually(() => expect(held()).toContain('Sit down before you speak'), 20_000);
    expect(program.child.exitCode).toBeNull();
  }, 90_000);
});

describe('an ambulance dispatch desk', () => {
  test('looks a plan up by number and by name, sees nothing once it may not, and says whom to ring when there is no answer', async () => {
    const ambulance = await world.subscriber('ambulance');
    const plan = await ambulance.plan();
    const program = await start('dispatch.ts', ambulance, { POLL_MS: '500' });
    const call = async (line: string): Promise<string> => {
      const before = program.said().length;
      program.child.stdin.write(`${line}\n`);
      return eventually(() => {
        const answer = program.said().slice(before);
        if (!answer.includes('--')) throw new Error('no answer yet');
        return answer;
      }, 20_000);
    };
    const byNumber = await call(plan.number);
    expect(byNumber).toContain(WORDS['please-do']);
    expect(byNumber).toContain('unchanged');
    // There are many of one name and birth date; one of them has this telephone.
    const { name, birthDate, ...known } = body.patient(`p-${ambulance.name}-1`, plan.number);
    const telecom = [{ system: 'phone' as const, value: '01632 960123' }];
    await world.put(publisher, { ...known, name, birthDate, telecom } as Resource);
    const named = [name?.[0]?.family, name?.[0]?.given?.[0], birthDate].join('|');
    expect(await call(named)).not.toContain(WORDS['please-do']);
    expect(await call(`${named}|01632 960124`)).not.toContain(WORDS['please-do']);
    expect(await call(`${named}|01632 960123`)).toContain(WORDS['please-do']);
    expect(await call('9990000018')).toContain('no plan that may be seen');
    await plan.revoke();
    expect(await call(plan.number)).toContain('no plan that may be seen');
    expect(await call(`${named}|01632 960123`)).not.toContain(WORDS['please-do']);
    // It read the plan, is asked for it back, and says that it keeps nothing: nobody is believed to hold it any more.
    await eventually(async () => {
      const { body } = await world.door.get(ambulance.caller, '/fhir/Task?code=recall');
      expect(body.entry?.map(({ resource }: { resource: { status: string } }) => resource.status)).toEqual(['completed']);
      expect(body.entry[0].resource.description).toContain('a read shows what you may see');
    }, 20_000);
    expect(await call('not a number')).toContain('111 option 2');
  }, 60_000);
});

describe('a desk that matches without a connection', () => {
  test('says of whom there is a plan from its list, also when nobody answers, and no longer once a list is fetched without them', async () => {
    const ambulance = await world.subscriber('ambulance');
    const plan = await ambulance.plan();
    const program = await start('offline-list.ts', ambulance, {});
    await eventually(() => expect(program.said()).toContain('fetched'), 20_000);
    const line = async (text: string): Promise<string> => {
      const before = program.said().length;
      program.child.stdin.write(`${text}\n`);
      return eventually(() => {
        const answer = program.said().slice(before);
        if (!answer.includes('\n')) throw new Error('no answer yet');
        return answer;
      }, 20_000);
    };
    expect(await line(plan.number)).toContain('there is a plan');
    expect(await line('9990000018')).toContain('no flag');
    expect(await line('refresh')).toContain('unchanged');
    await plan.revoke();
    // What is out is out: it says so until it asks again.
    expect(await line(plan.number)).toContain('there is a plan');
    expect(await line('refresh')).toContain('fetched');
    expect(await line(plan.number)).toContain('no flag');
  }, 60_000);
});

test('each is written in under 150 lines', () => {
  for (const name of readdirSync(join(root, 'examples/clients')))
    expect(readFileSync(join(root, 'examples/clients', name), 'utf8').split('\n').length).toBeLessThan(150);
});
