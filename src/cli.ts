import { parseArgs } from 'node:util';
import type pg from 'pg';
import { assertRedis } from '../queues/assert-redis.ts';
import { type Config, parseConfig } from './config.ts';
import { startEngine } from './engine.ts';
import { runUntilSignal } from './lifecycle.ts';
import { createLog, type Log } from './log.ts';
import { CannotStart } from './model/cannot-start.ts';
import { assertDatabase } from './store/assert-database.ts';
import { believed } from './store/believed.ts';
import { databaseUrl } from './store/embedded-postgres.ts';
import { CannotErase, erase } from './store/erase.ts';
import { noteErased } from './store/erased-list.ts';
import { openKeysFromFiles } from './store/keys/key-file.ts';
import { rewrapKeys } from './store/keys/rewrap.ts';
import { currentEpoch } from './store/ledger-epoch.ts';
import { createPool } from './store/pool.ts';
import { inspect } from './store/signed-version.ts';

const USAGE = `usage: npm run -s broker -- COMMAND
  worker                     a further worker process on the same database, until a signal
  ledger show [--key K]      what is believed of each destination, as JSON; of one key, disclosure or CarePlan with --key
  keys rewrap                wraps every data key by KEY_FILE, also those of KEY_FILE_OLD
  erase --patient ID --reason TEXT [--yes]
                             lawful erasure: destroys the key of a Patient's record for good; without --yes only tells what that would be
  inspect --key ID --reason TEXT
                             for an auditor: the bytes that were signed (ID of a CarePlan) or sent (ID of a delivery); it stands in the trail`;

const OPTIONS = {
  key: { type: 'string' },
  patient: { type: 'string' },
  reason: { type: 'string' },
  yes: { type: 'boolean' },
} as const;
const { positionals, values } = readArguments();
const command = positionals.join(' ');

function readArguments() {
  try {
    return parseArgs({ args: process.argv.slice(2), allowPositionals: true, options: OPTIONS });
  } catch {
    return refuse(USAGE);
  }
}

function refuse(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** A reason is kept in the trail, which holds no person (I8). */
function isReason(text: string): boolean {
  return text.trim() !== '' && text.length <= 200 && !/\d{3}\D?\d{3}\D?\d{4}/.test(text);
}

/** Runs a command on the database and its keys, beside a broker or without one. */
async function withDatabase(config: Config, log: Log, work: (pool: pg.Pool) => Promise<void>): Promise<void> {
  const url = await databaseUrl(config);
  await assertDatabase(url);
  const pool = createPool(url, log, { max: 2 });
  try {
    await openKeysFromFiles(pool, config, 'beside');
    await work(pool);
  } finally {
    await pool.end();
  }
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
    case 'keys rewrap':
      await withDatabase(config, log, async (pool) => {
        process.stdout.write(`${JSON.stringify({ rewrapped: await rewrapKeys(pool) })}\n`);
      });
      break;
    case 'erase': {
      const { patient, reason = '', yes = false } = values;
      if (patient === undefined || !isReason(reason)) refuse(USAGE);
      await withDatabase(config, log, async (pool) => {
        const asked = { patientId: patient, reason, operator: config.operatorOds, isRehearsal: !yes };
        const told = await erase(pool, asked);
        if (told.erased) noteErased(config.dataDir, { patient, reason, at: new Date().toISOString() });
        process.stdout.write(`${JSON.stringify(told)}\n`);
        if (!yes) process.stderr.write('nothing was erased: --yes destroys the key, and nobody can bring it back\n');
      });
      break;
    }
    case 'inspect': {
      const { key, reason = '' } = values;
      if (key === undefined || !isReason(reason)) refuse(USAGE);
      await withDatabase(config, log, async (pool) => {
        const bytes = await inspect(pool, { operator: config.operatorOds, reason, id: key });
        if (bytes === null) throw new CannotStart('there is nothing to be shown: no such version or delivery, or its person was erased');
        process.stdout.write(bytes);
      });
      break;
    }
    default:
      refuse(USAGE);
  }
} catch (fault) {
  if (!(fault instanceof CannotStart || fault instanceof CannotErase)) throw fault;
  refuse(fault.message);
}
