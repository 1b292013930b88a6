import { parseArgs } from 'node:util';
import { parseConfig } from './config.ts';
import { createLog, Line } from './log.ts';
import { CannotStart } from './model/cannot-start.ts';
import { assertDatabase } from './store/assert-database.ts';
import { believed } from './store/believed.ts';
import { databaseUrl } from './store/embedded-postgres.ts';
import { CannotErase } from './store/erase.ts';
import { openKeysFromFiles } from './store/keys/key-file.ts';
import { currentEpoch } from './store/ledger-epoch.ts';
import { createPool } from './store/pool.ts';
import { runningOn } from './store/running-role.ts';

const USAGE = `usage: npm run -s broker -- COMMAND
  worker                     a further worker process on the same database, until a signal
  ledger show [--key K]      what is believed of each destination, as JSON; of one key, disclosure or CarePlan with --key
  chase list                 recalls that nobody has answered, the oldest first: who, since when, which documents
  client new-key --out DIR   a pair of keys: client.key.pem to keep, client.jwks.json to register
  client add --org ODS --kind K --scope S (--jwks FILE | --jwks-uri URL) [--user-audience A]
                             registers a system that calls, and prints its client_id
  client list | show | suspend | resume | rotate [--client ID] [--jwks FILE | --jwks-uri URL]
  token --client ID --key FILE [--scope S] [--url URL]
                             prints an access token; the key is PEM or JWK
  signing-key rotate         another key for access tokens; those that are out stay good
  keys rewrap                wraps every data key by KEY_FILE, also those of KEY_FILE_OLD
  erase --patient ID --reason TEXT [--yes]
                             lawful erasure: destroys the key of a Patient's record for good; without --yes only tells what that would be
  inspect --key ID --reason TEXT
                             for an auditor: the bytes that were signed (ID of a CarePlan) or sent (ID of a delivery); it stands in the trail
  verify plan ID [--heads FILE]
                             whether an approved version (ID of its CarePlan) and the words that leave are what was approved, by whom, under the seal
  trail verify [--export FILE] [--heads FILE]
                             whether any row of the trail was changed, removed, inserted or cut off; by the second owner's heads where they are given
  trail export --out FILE    all that a check needs, to be checked on another machine
  trail prove --event ID     proof for one AuditEvent;  trail check-proof --proof FILE --heads FILE
                             checks it by the keys that the second owner was handed
These work beside a running broker and without one.`;

const OPTIONS = {
  key: { type: 'string' },
  org: { type: 'string' },
  kind: { type: 'string' },
  scope: { type: 'string' },
  jwks: { type: 'string' },
  'jwks-uri': { type: 'string' },
  'user-audience': { type: 'string', multiple: true },
  client: { type: 'string' },
  out: { type: 'string' },
  url: { type: 'string' },
  patient: { type: 'string' },
  reason: { type: 'string' },
  yes: { type: 'boolean' },
  export: { type: 'string' },
  heads: { type: 'string' },
  event: { type: 'string' },
  proof: { type: 'string' },
} as const;
/** Which options each command takes: another is a mistake that nobody should have to find out. */
const COMMANDS: Readonly<Record<string, readonly (keyof typeof OPTIONS)[]>> = {
  worker: [],
  'ledger show': ['key'],
  'chase list': [],
  'client new-key': ['out'],
  'client add': ['org', 'kind', 'scope', 'jwks', 'jwks-uri', 'user-audience'],
  'client list': [],
  'client show': ['client'],
  'client suspend': ['client'],
  'client resume': ['client'],
  'client rotate': ['client', 'jwks', 'jwks-uri'],
  token: ['client', 'key', 'scope', 'url'],
  'signing-key rotate': [],
  'keys rewrap': [],
  erase: ['patient', 'reason', 'yes'],
  inspect: ['key', 'reason'],
  'verify plan': ['heads'],
  'trail verify': ['export', 'heads'],
  'trail export': ['out'],
  'trail prove': ['event'],
  'trail check-proof': ['proof', 'heads'],
};

const { positionals, values } = readArguments();
/** One command takes what it is about as a word. */
const [, , planId] = positionals[0] === 'verify' && positionals.length === 3 ? positionals : [];
const command = (planId === undefined ? positionals : positionals.slice(0, 2)).join(' ');
const taken = COMMANDS[command];
if (taken === undefined || Object.keys(values).some((name) => !taken.some((each) => each === name))) refuse(USAGE);

const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);

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

try {
  const config = parseConfig(process.env);
  const log = createLog(config.logLevel);
  // A command's answer is what it prints: that a database was started for it is no news.
  const quiet = createLog(config.logLevel === 'info' ? 'warn' : config.logLevel);
  // Each loads what it needs itself: with all of the broker before it, a command that only makes a key took 1.5 s of processor time, and takes 0.7.
  switch (command) {
    case 'worker': {
      const { assertRedis } = await import('../queues/assert-redis.ts');
      const { runUntilSignal } = await import('./lifecycle.ts');
      const { traced } = await import('./watch-process.ts');
      await runUntilSignal(log, async (part) => {
        await traced(part, config, log, 'crisis-plan-broker worker');
        const owner = await databaseUrl(config);
        await assertDatabase(owner);
        const { url, because } = await runningOn(owner, config.databaseUrl === null);
        if (because !== null) log(Line.runsAsOwner, { because });
        if (config.redisUrl !== null) await assertRedis(config.redisUrl);
        const pool = await part(
          'pool',
          () => createPool(url, log, { name: 'crisis-plan-broker worker' }),
          (open) => open.end(),
        );
        await openKeysFromFiles(pool, config, 'beside');
        const { runWorker } = await import('./run-worker.ts');
        await runWorker(part, config, log, pool, url, await currentEpoch(pool));
        process.stdout.write('ready worker\n');
      });
      break;
    }
    case 'ledger show': {
      const owner = await databaseUrl(config);
      await assertDatabase(owner);
      const pool = createPool((await runningOn(owner, config.databaseUrl === null)).url, log, { max: 1 });
      await openKeysFromFiles(pool, config, 'beside');
      const keys = await believed(pool, values.key ?? null);
      process.stdout.write(`${JSON.stringify(keys, null, 2)}\n`);
      await pool.end();
      if (values.key !== undefined && keys.length === 0) refuse('no such key');
      break;
    }
    case 'chase list': {
      const { listChases } = await import('./chase-command.ts');
      const { withDatabase } = await import('./own-database.ts');
      print(await withDatabase(config, quiet, listChases));
      break;
    }
    case 'client new-key': {
      const { writeNewKeys } = await import('./client-keys.ts');
      print(await writeNewKeys(values.out ?? '.'));
      break;
    }
    case 'token': {
      const { client, key, scope = null, url = null } = values;
      if (client === undefined || key === undefined || (url !== null && !URL.canParse(url))) refuse(USAGE);
      const { tokenCommand } = await import('./token-command.ts');
      process.stdout.write(`${await tokenCommand({ client, key, scope, url }, config, quiet)}\n`);
      break;
    }
    case 'signing-key rotate': {
      const { newSigningKey } = await import('./http/access/new-signing-key.ts');
      const { withDatabase } = await import('./own-database.ts');
      const { rotateSigningKey } = await import('./store/access/signing-keys.ts');
      print({ kid: (await withDatabase(config, quiet, (pool) => rotateSigningKey(pool, newSigningKey))).kid });
      break;
    }
    case 'keys rewrap':
    case 'erase':
    case 'inspect': {
      const { keyCommand } = await import('./key-commands.ts');
      const { withDatabase } = await import('./own-database.ts');
      await withDatabase(config, quiet, (pool) => keyCommand(pool, config, command, values));
      break;
    }
    case 'verify plan': {
      if (planId === undefined) refuse(USAGE);
      const { verifyPlanCommand } = await import('./trail-commands.ts');
      const { withDatabase } = await import('./own-database.ts');
      await withDatabase(config, quiet, (pool) => verifyPlanCommand(pool, planId, values.heads));
      break;
    }
    case 'trail check-proof': {
      const { checkProof } = await import('./trail-commands.ts');
      if (values.proof === undefined) refuse(USAGE);
      await checkProof(values.proof, values.heads);
      break;
    }
    case 'trail verify':
    case 'trail export':
    case 'trail prove': {
      const { trailCommand, verifyExport } = await import('./trail-commands.ts');
      if (values.export !== undefined) {
        await verifyExport(values.export, values);
        break;
      }
      const { withDatabase } = await import('./own-database.ts');
      await withDatabase(config, quiet, (pool) => trailCommand(pool, command, values));
      break;
    }
    default: {
      const { clientCommand } = await import('./client-commands.ts');
      const { withDatabase } = await import('./own-database.ts');
      print(await withDatabase(config, quiet, (pool) => clientCommand(pool, config, positionals[1] ?? '', values)));
    }
  }
} catch (fault) {
  if (!(fault instanceof CannotStart || fault instanceof CannotErase)) throw fault;
  refuse(fault.message);
}
