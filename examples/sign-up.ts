import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

/**
 * Makes the callers of README's walk, each with its own keys (`keys/`), registers them with the broker that runs here, and writes for each a file
 * of options for curl with a fresh access token (`examples/as/`). Run again it only fetches tokens anew. It runs nothing but the broker's commands,
 * and says each: npm run -s sign-up; with names behind -- for these callers alone
 */
const BASE = process.env['BROKER'] ?? 'http://127.0.0.1:8080/fhir';
const ISSUER = 'https://sign-in.example';
const SIGN_IN_KEY = 'keys/sign-in/user.key.pem';
const CURL = 'examples/as';

const CALLERS = [
  { name: 'operator', org: process.env['OPERATOR_ODS'] ?? 'BROKER', kind: 'operator', sends: 'application/fhir+json' },
  { name: 'publisher', org: 'ZZ1', kind: 'publisher', sends: 'application/fhir+json' },
  { name: 'ambulance', org: 'ZZ3', kind: 'ambulance', sends: null },
  { name: 'police', org: 'ZZ4', kind: 'police', sends: null },
] as const;
type Caller = (typeof CALLERS)[number];
const named = process.argv.slice(2);
const asked = CALLERS.filter(({ name }) => named.length === 0 || named.includes(name));

const root = new URL('../', import.meta.url);
const script = (path: string): string => new URL(path, root).pathname;
const { NODE_OPTIONS: _options, ...env } = process.env;

const run = async (path: string, args: readonly string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, [script(path), ...args], { env })).stdout.trim();

const stop = (line: string): never => {
  process.stderr.write(`${line}\n`);
  process.exit(1);
};

const quoted = (word: string): string => (/^[\w./:=@-]+$/.test(word) ? word : `'${word}'`);
/** Runs a command of the broker's, and says how it would be typed. */
const broker = async (...args: readonly string[]): Promise<string> => {
  const answer = await run('src/cli.ts', args);
  process.stdout.write(`npm run -s broker -- ${args.map(quoted).join(' ')}\n`);
  return answer;
};

const tokenOf = async (name: string): Promise<string> => {
  const { client_id: id } = JSON.parse(readFileSync(`keys/${name}/client.json`, 'utf8')) as { readonly client_id: string };
  return broker('token', '--client', id, '--key', `keys/${name}/client.key.pem`, '--url', BASE);
};

/** A token; the client is registered where it was not, or where the broker has lost it with its database. */
const signUp = async ({ name, org, kind }: Caller): Promise<string> => {
  const folder = `keys/${name}`;
  if (!existsSync(`${folder}/client.key.pem`)) await broker('client', 'new-key', '--out', folder);
  const known = existsSync(`${folder}/client.json`) ? await tokenOf(name).catch(() => null) : null;
  if (known !== null) return known;
  const who = ['--org', org, '--kind', kind, '--scope', 'system/*.cruds'];
  writeFileSync(`${folder}/client.json`, await broker('client', 'add', ...who, '--jwks', `${folder}/client.jwks.json`));
  return tokenOf(name);
};

/** Options for curl: who calls, and that it prints the status and the address behind the answer. */
const writeCurl = (name: string, token: string, sends: string | null, more: readonly string[] = []): void => {
  const headers = [
    `Authorization: Bearer ${token}`,
    ...more,
    ...(sends === null ? [] : [`Content-Type: ${sends}`]),
    'Prefer: return=minimal',
  ];
  const options = ['silent', 'show-error', 'write-out = "%{http_code} %{url_effective}\\n"'];
  rmSync(`${CURL}/${name}.curl`, { force: true });
  writeFileSync(`${CURL}/${name}.curl`, `${[...headers.map((header) => `header = "${header}"`), ...options].join('\n')}\n`, {
    mode: 0o600,
  });
};

/** The consultant calls by the trust's client, and is named beside it. */
const signInConsultant = (): Promise<string> =>
  run('examples/sign-in.ts', [
    ...['--key', SIGN_IN_KEY, '--issuer', ISSUER, '--audience', BASE, '--name', 'Dr Example Testconsultant-Cedar'],
    ...['--role', 'Consultant', '--org', 'ZZ1', '--registration', 'gmc:9999999'],
  ]);

const unknown = named.find((name) => !CALLERS.some((caller) => caller.name === name));
if (unknown !== undefined) stop(`${unknown} is none of ${CALLERS.map(({ name }) => name).join(', ')}.`);
if (!existsSync(SIGN_IN_KEY))
  stop('There are no keys to sign in by: npm run -s sign-in -- --new-keys keys/sign-in, and start the broker with USER_ISSUERS.');
if (!(await fetch(`${BASE}/metadata`).catch(() => null))?.ok) stop(`No broker answers at ${BASE}: npm start, in another terminal.`);
mkdirSync(CURL, { recursive: true });
try {
  const tokens = await Promise.all(
    asked.map(async (caller) => {
      const token = await signUp(caller);
      writeCurl(caller.name, token, caller.sends);
      return [caller.name, token] as const;
    }),
  );
  const trust = new Map<string, string>(tokens).get('publisher');
  if (trust !== undefined) {
    const identity = `X-User-Identity: ${await signInConsultant()}`;
    writeCurl('consultant', trust, 'application/fhir+json', [identity]);
  }
} catch (fault) {
  stop(fault instanceof Error && 'stderr' in fault ? String(fault.stderr).trim() : String(fault));
}
process.stdout.write(`Tokens for curl are in ${CURL}/, for five minutes; once a line answers 401, run this again.\n`);
