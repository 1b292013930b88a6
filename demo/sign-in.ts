import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const script = fileURLToPath(new URL('../examples/sign-in.ts', import.meta.url));
const run = async (...args: readonly string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, [script, ...args], { env: { ...process.env, NODE_OPTIONS: '' } })).stdout.trim();

const ISSUER = 'https://sign-in.example';

/** Where clinicians sign in, in place of NHS CIS2 Authentication: its keys lie in `folder`. */
export interface SignIn {
  /** Makes its keys. */
  open(): Promise<void>;
  /** What the broker's USER_ISSUERS must say to believe it. */
  readonly issuers: string;
  /** The id token of the consultant of the examples, meant for the broker at `base`. */
  consultant(base: string): Promise<string>;
}

export const signInAt = (folder: string): SignIn => ({
  open: async () => void (await run('--new-keys', folder)),
  issuers: `${ISSUER}=${join(folder, 'user.jwks.json')}`,
  consultant: (base) =>
    run(
      ...['--key', join(folder, 'user.key.pem'), '--issuer', ISSUER, '--audience', base],
      ...['--name', 'Dr Example Testconsultant-Cedar', '--role', 'Consultant', '--org', 'ZZ1', '--registration', 'gmc:9999999'],
    ),
});
