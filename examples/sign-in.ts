import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { calculateJwkThumbprint, exportJWK, exportPKCS8, generateKeyPair, importPKCS8, SignJWT } from 'jose';

/**
 * A small issuer of identities, to try the broker out: it stands where NHS CIS2 Authentication stands in earnest, and signs whatever it is told.
 * Prints only the id token.
 */
const USAGE = `npm run -s sign-in -- --new-keys FOLDER
npm run -s sign-in -- --key FILE --issuer URL --audience A --name N --role R --org ODS [--registration gmc:9999999] [--subject S]
`;

/** The claim by which CIS2 says that somebody is in a register. */
const CLAIMS: Readonly<Record<string, string>> = { gmc: 'gmc_id', nmc: 'nmc_id', hcpc: 'hcpc_id', gdc: 'gdc_id', gphc: 'gphc_id' };

const stop = (line: string): never => {
  process.stderr.write(`${line}\n${USAGE}`);
  process.exit(1);
};

/** What cannot be read or written is told in a line: here only files can. */
const codeOf = (fault: unknown): string =>
  fault instanceof Error && 'code' in fault ? String(fault.code) : 'it is no EC key in PEM (PKCS #8)';

const given = () => {
  try {
    return parseArgs({
      options: {
        'new-keys': { type: 'string' },
        key: { type: 'string' },
        issuer: { type: 'string' },
        audience: { type: 'string' },
        name: { type: 'string' },
        role: { type: 'string' },
        org: { type: 'string' },
        registration: { type: 'string' },
        subject: { type: 'string' },
      },
    });
  } catch (fault) {
    return stop(fault instanceof Error ? fault.message : 'the options cannot be read');
  }
};
const { values } = given();

const makeKeys = async (folder: string): Promise<void> => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(publicKey);
  mkdirSync(folder, { recursive: true });
  const keyFile = join(folder, 'user.key.pem');
  // Never over a key that is there: what it signed would be believed no longer.
  writeFileSync(keyFile, `${await exportPKCS8(privateKey)}\n`, { mode: 0o600, flag: 'wx' });
  chmodSync(keyFile, 0o600);
  const published = { keys: [{ ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'ES256', use: 'sig' }] };
  writeFileSync(join(folder, 'user.jwks.json'), `${JSON.stringify(published, null, 2)}\n`);
};

const signIn = async (): Promise<string> => {
  const needed = (option: 'key' | 'issuer' | 'audience' | 'name' | 'role' | 'org'): string =>
    values[option] ?? stop(`--${option} is missing`);
  const key = await importPKCS8(readFileSync(needed('key'), 'utf8'), 'ES256', { extractable: true });
  const [body = '', number] = values.registration?.split(':') ?? [];
  const claim = values.registration === undefined ? null : (CLAIMS[body.toLowerCase()] ?? null);
  if (values.registration !== undefined && (claim === null || number === undefined))
    stop(`--registration is ${Object.keys(CLAIMS).join(', ')}, a colon and the number`);
  const { d: _, ...jwk } = await exportJWK(key);
  return new SignJWT({
    name: needed('name'),
    nhsid_nrbac_roles: [{ org_code: needed('org'), role_name: needed('role') }],
    ...(claim === null ? {} : { [claim]: number }),
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: await calculateJwkThumbprint(jwk) })
    .setIssuer(needed('issuer'))
    .setAudience(needed('audience'))
    .setSubject(values.subject ?? values.registration ?? needed('name'))
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(key);
};

const folder = values['new-keys'];
try {
  if (folder === undefined) process.stdout.write(`${await signIn()}\n`);
  else await makeKeys(folder);
} catch (fault) {
  stop(`${folder ?? values.key}: ${codeOf(fault)}`);
}
