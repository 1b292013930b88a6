import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Who has a certificate here: made for these tests, and trusted by nothing else. All are signed by the invented authority but the stranger's,
 * who signed his own in the client's name.
 */
export type Holder = 'server' | 'server-2' | 'client' | 'stranger' | 'expired' | 'future';

const pathOf = (name: string): string => fileURLToPath(new URL(`./certificates/${name}.pem`, import.meta.url));

/** Paths of a holder's PEM files. */
export const filesOf = (holder: Holder): { readonly cert: string; readonly key: string } => ({
  cert: pathOf(holder),
  key: pathOf(`${holder}.key`),
});

/** A holder's certificate and key as PEM. */
export const pemOf = (holder: Holder): { readonly cert: string; readonly key: string } => ({
  cert: readFileSync(filesOf(holder).cert, 'utf8'),
  key: readFileSync(filesOf(holder).key, 'utf8'),
});

/** Path of the authority's certificate. */
export const AUTHORITY = pathOf('authority');
/** The authority's certificate as PEM. */
export const AUTHORITY_PEM = readFileSync(AUTHORITY, 'utf8');

/** Copies of files in a folder of their own, which may be changed. */
export const changeableFiles = (holder: Holder) => {
  const folder = mkdtempSync(join(tmpdir(), 'broker-tls-'));
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem'), clientCa: join(folder, 'ca.pem') };
  const put = (from: Holder, part: 'cert' | 'key'): void => copyFileSync(filesOf(from)[part], files[part]);
  put(holder, 'cert');
  put(holder, 'key');
  copyFileSync(AUTHORITY, files.clientCa);
  return { files, put, remove: () => rmSync(folder, { recursive: true, force: true }) };
};
