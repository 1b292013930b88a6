import { parseArgs } from 'node:util';
import { assertRedis } from '../queues/assert-redis.ts';
import { parseConfig } from './config.ts';
import { startEngine } from './engine.ts';
import { runUntilSignal } from './lifecycle.ts';
import { createLog } from './log.ts';
import { CannotStart } from './model/cannot-start.ts';
import { assertDatabase } from './store/assert-database.ts';
import { believed } from './store/believed.ts';
import { databaseUrl } from './store/embedded-postgres.ts';
import { openKeysFromFiles } from './store/keys/key-file.ts';
import { currentEpoch } from './store/ledger-epoch.ts';
import { createPool } from './store/pool.ts';

const USAGE = `usage: npm run -s broker -- COMMAND
  worker                     a further worker process on the same database, until a signal
  ledger show [--key K]      what is believed of each destination, as JSON; of one key, disclosure or CarePlan with --key`;

const { positionals, values } = readArguments();
const command = positionals.join(' ');

function readArguments() {
  try {
    return parseArgs({ args: process.argv.slice(2), allowPositionals: true, options: { key: { type: 'string' } } });
  } catch {
    return refuse(USAGE);
  }
}

function refuse(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

try {
  const config = parseConfig(process.env);
  const log = createLog(config.logLevel);
  switch (command) {
    case 'worker':
      await runUntilSignal(log, async (part) => {
        const url = await databaseUrl(config);
        await assertDatabase(url);
        if (config.redisUrl !== null) await assertRedis(config.redisUrl);
        const pool = await part(
          'pool',
          () => createPool(url, log, { name: 'crisis-plan-broker worker' }),
          (open) => open.end(),
        );
        await openKeysFromFiles(pool, config, 'beside');
        await startEngine(part, config, log, pool, url, await currentEpoch(pool));
        process.stdout.write('ready worker\n');
      });
      break;
    case 'ledger show': {
      const url = await databaseUrl(config);
      await assertDatabase(url);
      const pool = createPool(url, log, { max: 1 });
      await openKeysFromFiles(pool, config, 'beside');
      const keys = await believed(pool, values.key ?? null);
      process.stdout.write(`${JSON.stringify(keys, null, 2)}\n`);
      await pool.end();
      if (values.key !== undefined && keys.length === 0) refuse('no such key');
      break;
    }
    default:
      refuse(USAGE);
  }
} catch (fault) {
  if (!(fault instanceof CannotStart)) throw fault;
  refuse(fault.message);
}
