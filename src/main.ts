import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { assertRedis } from '../queues/assert-redis.ts';
import { type Config, parseConfig } from './config.ts';
import { startEngine } from './engine.ts';
import { createApp } from './http/app.ts';
import { listen } from './http/listen.ts';
import { runUntilSignal } from './lifecycle.ts';
import { createLog, Line } from './log.ts';
import { brokerMetrics } from './metrics.ts';
import { CannotStart } from './model/cannot-start.ts';
import { assertDatabase } from './store/assert-database.ts';
import { startEmbeddedPostgres, takeDataDir } from './store/embedded-postgres.ts';
import { erasedAndBack } from './store/erased-list.ts';
import { openKeysFromFiles } from './store/keys/key-file.ts';
import { sealOpen } from './store/keys/seal-open.ts';
import { findLedger } from './store/ledger-epoch.ts';
import { migrate } from './store/migrate.ts';
import { createPool } from './store/pool.ts';
import { rebuildIndex } from './store/search/rebuild-index.ts';
import { openStore } from './store/store.ts';
import { definitions } from './validate/definitions.ts';
import { validate } from './validate/validate.ts';

const readConfig = (): Config => {
  try {
    return parseConfig(process.env);
  } catch (fault) {
    if (!(fault instanceof CannotStart)) throw fault;
    process.stderr.write(`${fault.message}\n`);
    process.exit(1);
  }
};

const config = readConfig();
const log = createLog(config.logLevel);

/** The broker, part by part: each stands on those above it, and they stop from the bottom up. */
await runUntilSignal(log, async (part) => {
  if (config.redisUrl !== null) await assertRedis(config.redisUrl);
  // On a database of somebody else's, too: ledger epoch and attempts stand in the folder, and one broker at a time writes them.
  if (config.databaseUrl !== null)
    await part(
      'data folder',
      () => takeDataDir(config.dataDir),
      (unlock) => unlock(),
    );
  const database =
    config.databaseUrl === null
      ? await part(
          'database',
          () => startEmbeddedPostgres(config.dataDir, log),
          (embedded) => embedded.stop(),
        )
      : { url: config.databaseUrl };
  await assertDatabase(database.url);
  log(Line.migrated, { count: await migrate(database.url) });
  const pool = await part(
    'pool',
    () => createPool(database.url, log),
    (open) => open.end(),
  );
  await openKeysFromFiles(pool, config, 'first');
  const sealed = await sealOpen(pool);
  if (sealed > 0) log(Line.sealed, { count: sealed });
  const reindexed = await rebuildIndex(pool);
  if (reindexed > 0) log(Line.searchIndexed, { count: reindexed });
  const back = await erasedAndBack(pool, config.dataDir);
  if (back.length > 0) log(Line.erasedAndBack, { count: back.length });
  const { epoch, replayed, lost } = await findLedger(pool, config.dataDir);
  if (replayed > 0) log(Line.ledgerRestored, { count: replayed });
  if (lost > 0) log(Line.ledgerLost, { count: lost });

  // Half a second of reading, once, before anyone waits for it.
  definitions();
  const engine = await startEngine(part, config, log, pool, database.url, epoch);
  const store = openStore(pool, {
    epoch,
    messageLifetime: config.messageLifetimeMs,
    changed: engine.changed,
    queueAnswers: async () => void (await engine.queue.depth()),
  });
  const metrics = brokerMetrics(new Registry(), pool, engine);
  const app = createApp({ store, config, metrics, validate, log, newId: randomUUID });
  const door = await part(
    'http',
    () => listen(app, { host: config.host, port: config.port, log, errorCodeSystem: config.errorCodeSystem }),
    (listening) => listening.close(),
  );
  process.stdout.write(`ready ${door.url}\n`);
});
