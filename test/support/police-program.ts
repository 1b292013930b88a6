import { setTimeout as sleep } from 'node:timers/promises';
import type { Bundle, Task } from '@medplum/fhirtypes';
import { Extension, PLAN_TOPIC } from '../../profiles/canonicals.ts';
import type { Caller } from './access.ts';
import type { DoorClient } from './door-client.ts';
import type { FakeHook } from './fake-hook.ts';
import { startFakeHook } from './fake-hook.ts';

/** One read of a plan, and what came of it. */
export interface PoliceRead {
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly plan: string;
  /** Null where the broker shows no plan. */
  readonly text: string | null;
}

/** A police system: told by a Subscription that something changed, it reads what it may and stores it; it answers its recall Tasks. */
export interface PoliceProgram {
  readonly hook: FakeHook;
  /** What lies in its store: words by the id under which it knows the plan. */
  holds(): ReadonlyMap<string, string>;
  reads(): readonly PoliceRead[];
  /** Recall Tasks that it has answered. */
  answered(): number;
  stop(): Promise<void>;
}

/** Body of the Subscription that leads to `hook`. */
export const policeSubscription = (id: string, hook: FakeHook) => ({
  resourceType: 'Subscription' as const,
  id,
  status: 'requested' as const,
  reason: 'Plan changes',
  criteria: PLAN_TOPIC,
  channel: {
    type: 'rest-hook' as const,
    endpoint: hook.address,
    payload: 'application/fhir+json',
    _payload: { extension: [{ url: Extension.backportPayloadContent, valueCode: 'id-only' }] },
  },
});

/**
 * Starts it. Whatever hints at a plan (event, withdrawal, recall Task) makes it read the plan again, one read after another for each plan:
 * it keeps what it is shown, and drops what it is shown no longer.
 */
export const startPolice = async (client: DoorClient, caller: Caller, pollMs = 500): Promise<PoliceProgram> => {
  const store = new Map<string, string>();
  const reads: PoliceRead[] = [];
  const queues = new Map<string, Promise<void>>();
  let answered = 0;
  let stopped = false;

  const read = async (plan: string): Promise<void> => {
    const askedAt = Date.now();
    const answer = await client.ask(caller, 'GET', `/Composition/${plan}/$document`);
    if (answer.status !== 200 && answer.status !== 404) throw new Error(`police read: ${answer.status}`);
    const text = answer.status === 200 ? answer.text : null;
    reads.push({ askedAt, answeredAt: Date.now(), plan, text });
    if (text === null) store.delete(plan);
    else store.set(plan, text);
  };
  const readAgain = (plan: string): Promise<void> => {
    const next = (queues.get(plan) ?? Promise.resolve()).then(() => (stopped ? undefined : read(plan)));
    queues.set(plan, next);
    return next;
  };
  const poll = async (): Promise<void> => {
    while (!stopped) {
      const { text } = await client.ask(caller, 'GET', '/Task?status=requested&_count=100');
      for (const { resource } of (JSON.parse(text) as Bundle<Task>).entry ?? []) {
        const plan = /^CarePlan\/(.+)$/.exec(resource?.focus?.reference ?? '')?.[1];
        if (resource === undefined || plan === undefined) continue;
        await readAgain(plan);
        // 409: it was taken back meanwhile.
        const done = await client.ask(caller, 'PUT', `/Task/${resource.id}`, { ...resource, status: 'completed' });
        if (done.status !== 200 && done.status !== 409) throw new Error(`police Task: ${done.status} ${done.text}`);
        answered += 1;
      }
      await sleep(pollMs);
    }
  };

  const hook = await startFakeHook(({ focus }) => {
    const plan = focus === null ? undefined : focus.split('/')[1];
    // It answers at once, and reads after.
    if (plan !== undefined) readAgain(plan).catch((error: unknown) => failures.push(error));
  });
  const failures: unknown[] = [];
  const polling = poll().catch((error: unknown) => void failures.push(error));
  return {
    hook,
    holds: () => store,
    reads: () => reads,
    answered: () => answered,
    stop: async () => {
      stopped = true;
      await hook.stop();
      await Promise.allSettled([polling, ...queues.values()]);
      if (failures.length > 0) throw failures[0];
    },
  };
};
