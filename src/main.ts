import { createServer } from 'node:http';
import { type Config, parseConfig } from './config.ts';
import { runUntilSignal } from './lifecycle.ts';
import { listen } from './listen.ts';
import { createLog, Line } from './log.ts';
import { CannotStart } from './model/cannot-start.ts';
import { assertDatabase } from './store/assert-database.ts';
import { startEmbeddedPostgres } from './store/embedded-postgres.ts';
import { migrate } from './store/migrate.ts';
import { createPool } from './store/pool.ts';

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
  await part(
    'pool',
    () => createPool(database.url, log),
    (pool) => pool.end(),
  );

  const server = createServer((_request, response) => response.writeHead(503).end());
  const door = await part(
    'http',
    () => listen(server, config.host, config.port),
    (listening) => listening.close(),
  );
  log(Line.listening, { host: config.host, port: door.port });
  process.stdout.write(`ready ${door.origin}/fhir\n`);
});
