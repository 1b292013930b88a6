import { openQueue } from '../../queues/nudge.ts';
import { startWorkers } from '../../queues/worker.ts';

/** A worker process of its own whose slices never end: to be killed in one. Its store comes as JSON in the first argument. */
const address = JSON.parse(process.argv[2] ?? '{}') as { databaseUrl: string; redisUrl?: string };
const queue = await openQueue(address, () => undefined);
await startWorkers(queue, {
  concurrency: 4,
  slice: () => {
    process.stdout.write('running\n');
    return new Promise(() => undefined);
  },
  fanOut: async () => ({ more: false, recipients: [] }),
});
await queue.nudge('recipient-a');
