import { readFile } from 'node:fs/promises';
import { CannotStart } from './model/cannot-start.ts';
import type { CredentialTexts } from './store/read-credential.ts';

/** Parts of a credential that a command line names by a file. */
const FILES = ['key', 'token-ca', 'cert', 'cert-key', 'ca'] as const;
const WORDS = ['token-url', 'client', 'kid', 'alg', 'scope', 'audience'] as const;

/** The parts of a credential as the command line says them: those that are files, read. Throws CannotStart for one that cannot be. */
export const credentialTexts = async (options: CredentialTexts): Promise<CredentialTexts> => {
  const texts: Record<string, string> = {};
  for (const name of WORDS) if (options[name] !== undefined) texts[name] = options[name];
  for (const name of FILES) {
    const file = options[name];
    if (file === undefined) continue;
    texts[name] = await readFile(file, 'utf8').catch((fault: NodeJS.ErrnoException) => {
      throw new CannotStart(`--${name} cannot be read: ${fault.code ?? 'unknown'}`);
    });
  }
  return texts;
};
