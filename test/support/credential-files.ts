import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AUTHORITY, filesOf, type Holder } from './certificates.ts';

/** What a command line says of a holder's certificate, with the invented authority. */
export const certificateOptions = (holder: Holder): { readonly cert: string; readonly 'cert-key': string; readonly ca: string } => ({
  cert: filesOf(holder).cert,
  'cert-key': filesOf(holder).key,
  ca: AUTHORITY,
});

/** A folder for files of secrets, removed at the end. */
export const secretFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'broker-secrets-'));
  return {
    put: (name: string, text: string): string => {
      const path = join(folder, name);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
};
