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
import { USAGE } from './usage.ts';

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
  all: { type: 'boolean' },
  endpoint: { type: 'string' },
  again: { type: 'boolean' },
  certificate: { type: 'string' },
  fingerprint: { type: 'string' },
  application: { type: 'string' },
  sender: { type: 'string' },
  address: { type: 'string' },
  'token-url': { type: 'string' },
  kid: { type: 'string' },
  alg: { type: 'string' },
  audience: { type: 'string' },
  'token-ca': { type: 'string' },
  cert: { type: 'string' },
  'cert-key': { type: 'string' },
  ca: { type: 'string' },
  'no-credential': { type: 'boolean' },
  level: { type: 'string' },
  basis: { type: 'string' },
  disclosure: { type: 'string' },
  document: { type: 'string', multiple: true },
  checked: { type: 'string' },
  user: { type: 'string' },
} as const;
const CREDENTIAL = ['token-url', 'client', 'key', 'kid', 'alg', 'scope', 'audience', 'token-ca', 'cert', 'cert-key', 'ca'] as const;
/** Which options each command takes: another is a mistake that nobody should have to find out. */
const COMMANDS: Readonly<Record<string, readonly (keyof typeof OPTIONS)[]>> = {
  worker: [],
  'ledger show': ['key'],
  replay: ['key', 'reason'],
  'chase list': [],
  'chase end': ['level', 'basis', 'disclosure', 'document', 'reason', 'checked', 'user'],
  'client new-key': ['out'],
  'client add': ['org', 'kind', 'scope', 'jwks', 'jwks-uri', 'user-audience'],
  'client list': [],
  'client show': ['client'],
  'client suspend': ['client'],
  'client resume': ['client'],
  'client rotate': ['client', 'jwks', 'jwks-uri'],
  token: ['client', 'key', 'scope', 'url'],
  'signing-key rotate': [],
  'hl7 sender add': ['org', 'kind', 'certificate', 'fingerprint', 'application'],
  'hl7 sender list': [],
  'hl7 sender suspend': ['sender'],
  'hl7 sender resume': ['sender'],
  'mesh letter': [],
  'keys rewrap': [],
  erase: ['patient', 'reason', 'yes'],
  inspect: ['key', 'reason'],
  'recipient check': ['endpoint', 'again'],
  'verify plan': ['heads'],
  'recipient pause': ['reason', 'all'],
  'recipient resume': [],
  'trail verify': ['export', 'heads'],
  'trail export': ['out'],
  'trail prove': ['event'],
  'trail check-proof': ['proof', 'heads'],
  'endpoint credential set': ['address', ...CREDENTIAL],
  'endpoint credential rotate': ['address', ...CREDENTIAL],
  'endpoint credential show': [],
  'endpoint credential remove': ['address'],
  'endpoint move': ['address', 'no-credential', ...CREDENTIAL],
};
/** Commands that take what they are about as a word, after their own. */
const ABOUT = [
  'chase end',
  'mesh letter',
  'verify plan',
  'recipient check',
  'recipient pause',
  'recipient resume',
  'endpoint move',
  'endpoint credential set',
  'endpoint credential rotate',
  'endpoint credential show',
  'endpoint credential remove',
];

const { positionals, values } = readArguments();
const about = ABOUT.includes(positionals.slice(0, -1).join(' ')) ? positionals.at(-1) : undefined;
const command = (about === undefined ? positionals : positionals.slice(0, -1)).join(' ');
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
    case 'replay': {
      const { replayCommand } = await import('./replay-command.ts');
      const { withDatabase } = await import('./own-database.ts');
      print(await withDatabase(config, quiet, (pool) => replayCommand(pool, config, values)));
      break;
    }
    case 'chase list': {
      const { listChases } = await import('./chase-command.ts');
      const { withDatabase } = await import('./own-database.ts');
      print(await withDatabase(config, quiet, listChases));
      break;
    }
    case 'chase end': {
      if (about === undefined) refuse(USAGE);
      const { endChaseCommand } = await import('./chase-command.ts');
      const { withDatabase } = await import('./own-database.ts');
      print(await withDatabase(config, quiet, (pool) => endChaseCommand(pool, config, quiet, about, values)));
      break;
    }
    case 'mesh letter': {
      if (about === undefined) refuse(USAGE);
      const { keptLetter } = await import('./store/mailbox.ts');
      const { withDatabase } = await import('./own-database.ts');
      print(
        (await withDatabase(config, quiet, (pool) => keptLetter(pool, about))) ?? refuse('no message with this id came into our mailbox'),
      );
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
      if (about === undefined) refuse(USAGE);
      const { verifyPlanCommand } = await import('./trail-commands.ts');
      const { withDatabase } = await import('./own-database.ts');
      await withDatabase(config, quiet, (pool) => verifyPlanCommand(pool, about, values.heads));
      break;
    }
    case 'recipient pause':
    case 'recipient resume': {
      if (about === undefined) refuse(USAGE);
      const { recipientCommand } = await import('./recipient-commands.ts');
      const { withDatabase } = await import('./own-database.ts');
      await withDatabase(config, quiet, (pool) => recipientCommand(pool, config, { name: command, recipientId: about }, values));
      break;
    }
    case 'recipient check': {
      if (about === undefined) refuse(USAGE);
      const { recipientCheck } = await import('./recipient-check-command.ts');
      const { withDatabase } = await import('./own-database.ts');
      await withDatabase(config, quiet, (pool) => recipientCheck(pool, config, about, values));
      break;
    }
    case 'hl7 sender add':
    case 'hl7 sender list':
    case 'hl7 sender suspend':
    case 'hl7 sender resume': {
      const { hl7Command } = await import('./hl7-commands.ts');
      const { withDatabase } = await import('./own-database.ts');
      print(await withDatabase(config, quiet, (pool) => hl7Command(pool, command, values)));
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
    case 'endpoint credential set':
    case 'endpoint credential rotate':
    case 'endpoint credential show':
    case 'endpoint credential remove':
    case 'endpoint move': {
      if (about === undefined) refuse(USAGE);
      const { endpointCommand } = await import('./endpoint-commands.ts');
      const { withDatabase } = await import('./own-database.ts');
      print(await withDatabase(config, quiet, (pool) => endpointCommand(pool, config, command, about, values)));
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
