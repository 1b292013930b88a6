import { setTimeout as sleep } from 'node:timers/promises';

// Loaded into the broker before its own code (`--import`): at SIGUSR2 it collects garbage twice and tells its resident memory on standard output.
const collect = globalThis.gc;
process.on('SIGUSR2', () => {
  void (async () => {
    await collect?.();
    await sleep(200);
    await collect?.();
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
    process.stdout.write(`resident ${rss} heap ${heapUsed} of ${heapTotal} external ${external}\n`);
  })();
});
