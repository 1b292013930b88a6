import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Task } from '@medplum/fhirtypes';
import { Extension } from '../../profiles/canonicals.ts';
import { Anomaly } from '../../src/model/anomaly.ts';
import { TaskCode } from '../../profiles/canonicals.ts';
import { endTask, raiseTask } from '../../src/store/broker-task.ts';
import { transaction } from '../../src/store/pool.ts';
import type { Ground } from '../store/ground.ts';
import { caller, layGround, operator } from '../store/ground.ts';
import * as body from '../support/bodies.ts';
import { policeSubscription } from '../support/police-program.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await layGround();
}, 60_000);
afterAll(() => ground?.close());

const category = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'done';
  } catch (error) {
    return error instanceof Anomaly ? error.category : 'fault';
  }
};

describe('facts at the edges', () => {
  test('I1: an organisation whose ODS code is none has no services and no agreements: its pair would have no name', async () => {
    await ground.put(operator, body.organization('org-blank', 'TRUST 9', 'ed'));
    expect(await category(ground.put(operator, body.service('svc-blank', 'org-blank', 'ed')))).toBe('incorrect');
    await ground.recipient('real');
    expect(await category(ground.put(operator, body.agreement('org-blank', ['svc-real'])))).toBe('incorrect');
  });

  test('what a service declares anew holds for its Subscriptions, too', async () => {
    await ground.recipient('declared', 'police');
    await ground.put(
      caller('XDECLARED', 'police'),
      policeSubscription('sub-declared', { address: 'https://hook.example/' } as Parameters<typeof policeSubscription>[1]),
    );
    const lifetime = {
      url: Extension.messageLifetime,
      valueDuration: { value: 7, unit: 's', system: 'http://unitsofmeasure.org', code: 's' },
    };
    await ground.put(operator, body.service('svc-declared', 'org-declared', 'police', [lifetime]));
    const { rows } = await ground.database.pool.query(
      "SELECT facts->'lifetime' AS lifetime, facts->>'recallForm' AS form FROM destination WHERE id = 'sub-declared'",
    );
    expect(rows).toEqual([{ lifetime: 7_000, form: 'notification' }]);
  });

  test('a Task that was taken back while its answer was on the way is not answered', async () => {
    const task = {
      code: TaskCode.recall,
      owner: 'XREAL',
      kind: 'ed' as const,
      focus: 'CarePlan/x',
      reason: 'withdrawn',
      about: 'a',
      description: 'Give it up',
    };
    const { pool } = ground.database;
    const { id } = await transaction(pool, (tx) => raiseTask(tx, task, { reopen: [] }));
    const read = (await ground.store.read('Task', id))?.body as Task;
    await transaction(pool, (tx) => endTask(tx, task, 'cancelled'));
    const answer = { principal: caller('XREAL', 'ed'), resource: { ...read, status: 'completed' as const }, id, ifMatch: null };
    expect(await category(ground.store.write(answer))).toBe('conflict');
    expect((await ground.store.read('Task', id))?.body).toMatchObject({ status: 'cancelled' });
  });
});
