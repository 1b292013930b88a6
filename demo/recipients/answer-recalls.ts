import { setTimeout as delay } from 'node:timers/promises';
import type { Ask } from './broker-client.ts';
import { form, json } from './broker-client.ts';
import { at, listAt, textAt } from './json-path.ts';
import type { Program } from './program.ts';

type Serially = <T>(work: () => Promise<T>) => Promise<T>;

/** Does one recall Task: gives up what is held of the plan, then says so. */
const doTask = async ({ store, heard }: Program, ask: Ask, task: unknown): Promise<void> => {
  const id = textAt(task, 'id');
  const plan = /(?:^|\/)CarePlan\/([^/]+)$/.exec(textAt(task, 'focus', 'reference') ?? '')?.[1];
  const version = textAt(task, 'meta', 'versionId');
  if (id === null || plan === undefined || version === null) return;
  heard.push('recall');
  for (const [key, held] of store.held) if (held.plan === plan) store.held.delete(key);
  store.save();
  // Refused where the Task was changed or ended meanwhile: the next look finds it again, or finds it gone.
  await ask('PUT', `Task/${id}`, json({ ...(typeof task === 'object' ? task : {}), status: 'completed' }, `W/"${version}"`));
};

/** Looks for recall Tasks every `everyMs`, for ever, and does them; `serially` keeps them apart from reads. A look that fails is said on standard error. */
export const answerRecalls = async (program: Program, ask: Ask, serially: Serially, everyMs: number): Promise<never> => {
  for (;;) {
    try {
      const found = await ask('POST', 'Task/_search', form({ status: 'requested', code: 'recall' }));
      for (const entry of listAt(found.body, 'entry')) {
        const task = at(entry, 'resource');
        if (at(task, 'resourceType') === 'Task') await serially(() => doTask(program, ask, task));
      }
    } catch (error) {
      process.stderr.write(`recall Tasks: ${error instanceof Error ? error.message : 'failed'}\n`);
    }
    await delay(everyMs);
  }
};
