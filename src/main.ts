import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { assertRedis } from '../queues/assert-redis.ts';
import { readApprovalPolicies } from './approval-policies.ts';
import { parseConfig } from './config.ts';
import { createAddressGuard } from './channel/address-guard.ts';
import { createGuardedFetch } from './channel/guarded-fetch.ts';
import { readTls } from './channel/tls-files.ts';
import { startEngine } from './engine.ts';
import { writeBrokerAddress } from './broker-address.ts';
import { KEY_LIMITS } from './http/access/token-provider.ts';
import { readUserIssuers } from './http/access/user-issuers.ts';
import { createRateLimit } from './http/access/rate-limit.ts';
import { createApp } from './http/app.ts';
import { listen } from './http/listen.ts';
import { openWebsocketDoor } from './http/websocket/websocket-door.ts';
import { listenForHealth } from './http/listen-for-health.ts';
import { runUntilSignal } from './lifecycle.ts';
import { readMesh } from './mesh-part.ts';
import { startHl7 } from './hl7-part.ts';
import { createLog, Line } from './log.ts';
import { deliveryMetrics } from './delivery-metrics.ts';
import { engineMetrics } from './engine-metrics.ts';
import { brokerMetrics } from './metrics.ts';
import { CannotStart } from './model/cannot-start.ts';
import { openAccess } from './store/access/access.ts';
import { assertDatabase } from './store/assert-database.ts';
import { startEmbeddedPostgres, takeDataDir } from './store/embedded-postgres.ts';
import { erasedAndBack } from './store/erased-list.ts';
import { openKeysFromFiles } from './store/keys/key-file.ts';
import { prepareRunning } from './store/running-role.ts';
import { sealAsOwner } from './own-database.ts';
import { findLedger } from './store/ledger-epoch.ts';
import { migrate } from './store/migrate.ts';
import { createPool } from './store/pool.ts';
import { rebuildIndex } from './store/search/rebuild-index.ts';
import { openStore } from './store/store.ts';
import { startTrail } from './trail-part.ts';
import { openMetrics, traced } from './watch-process.ts';
import { definitions } from './validate/definitions.ts';
import { validate } from './validate/validate.ts';

const parsed = <T>(read: () => T): T => {
  try {
    return read();
  } catch (fault) {
    if (!(fault instanceof CannotStart)) throw fault;
    process.stderr.write(`${fault.message}\n`);
    process.exit(1);
  }
};

const config = parsed(() => parseConfig(process.env));
/** Read before anything starts, as the settings are. */
const userIssuers = parsed(() => readUserIssuers(config.userIssuers));
const policyOf = parsed(() => readApprovalPolicies(config.approvalPolicy));
const log = createLog(config.logLevel);

/** The broker, part by part: each stands on those above it, and they stop from the bottom up. */
await runUntilSignal(log, async (part) => {
  await traced(part, config, log, 'crisis-plan-broker');
  // What stands in the way of the start is told before a database is made for it.
  if (config.tls !== null) await readTls(config.tls);
  if (config.hl7 !== null && config.hl7.tls !== null) await readTls(config.hl7.tls, 'HL7_');
  await readMesh(config);
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
  const sealed = await sealAsOwner(database.url, config, log);
  if (sealed > 0) log(Line.sealed, { count: sealed });
  const running = await prepareRunning(database.url, config.databaseUrl === null);
  if (running.because !== null) log(Line.runsAsOwner, { because: running.because });
  const pool = await part(
    'pool',
    () => createPool(running.url, log),
    (open) => open.end(),
  );
  await openKeysFromFiles(pool, config, 'first');
  const reindexed = await rebuildIndex(pool);
  if (reindexed > 0) log(Line.searchIndexed, { count: reindexed });
  const back = await erasedAndBack(pool, config.dataDir);
  if (back.length > 0) log(Line.erasedAndBack, { count: back.length });
  const { epoch, replayed, lost } = await findLedger(pool, config.dataDir);
  if (replayed > 0) log(Line.ledgerRestored, { count: replayed });
  if (lost > 0) log(Line.ledgerLost, { count: lost });

  // A fifth of a second of reading, once, before anyone waits for it.
  definitions();
  const metrics = new Registry();
  const engine = await startEngine(part, config, log, pool, running.url, epoch, deliveryMetrics(metrics));
  engineMetrics(metrics, engine);
  const trail = await startTrail(part, config, log, pool);
  const store = openStore(pool, {
    epoch,
    messageLifetime: config.messageLifetimeMs,
    flagLists: { life: config.flagListMs },
    approving: { seal: trail.seal, policyOf },
    changed: engine.changed,
    nudge: engine.nudge,
    queueAnswers: async () => void (await engine.queue.depth()),
  });
  brokerMetrics(metrics, pool, trail);
  const fetchKeys = createGuardedFetch(createAddressGuard(config.outboundAllow), KEY_LIMITS);
  const rateLimit = createRateLimit(pool, { perMinute: config.ratePerMinute, refusedPerMinute: config.refusedPerMinute, log, metrics });
  const app = createApp({
    store,
    access: openAccess(pool),
    fetchKeys,
    userIssuers,
    config,
    metrics,
    validate,
    log,
    newId: randomUUID,
    rateLimit,
  });
  const websockets = openWebsocketDoor({
    sockets: engine.sockets,
    bind: engine.bindSocket,
    log,
    behindProxy: config.behindProxy,
    rateLimit,
  });
  const door = await part(
    'http',
    () =>
      listen(app, {
        host: config.host,
        port: config.port,
        log,
        errorCodeSystem: config.errorCodeSystem,
        tls: config.tls,
        maxConnections: config.maxConnections,
        websockets,
      }),
    (listening) => listening.close(),
  );
  // Before the door: a server that closes waits for its sockets.
  await part(
    'sockets',
    () => websockets,
    (open) => open.close(),
  );
  await part(
    'address',
    () => writeBrokerAddress(config.dataDir, config.publicUrl ?? door.url),
    (takeBack) => takeBack(),
  );
  const { healthPort, boardPort } = config;
  await openMetrics(part, config, log, { metrics, isReady: () => store.isReady() });
  if (boardPort !== null) {
    const { boardOf } = await import('../queues/board.ts');
    await part(
      'board',
      () =>
        listen(boardOf(engine.queue), {
          host: '127.0.0.1',
          port: boardPort,
          log,
          errorCodeSystem: config.errorCodeSystem,
          maxConnections: 20,
        }),
      (listening) => listening.close(),
    );
  }
  if (healthPort !== null)
    await part(
      'health',
      () => listenForHealth(app, { port: healthPort, log, errorCodeSystem: config.errorCodeSystem }),
      (listening) => listening.close(),
    );
  await startHl7(part, config, log, pool, store, engine, metrics);
  process.stdout.write(`ready ${door.url}\n`);
});
