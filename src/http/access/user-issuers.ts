import { readFileSync } from 'node:fs';
import type { JSONWebKeySet } from 'jose';
import { CannotStart } from '../../model/cannot-start.ts';
import { publicKeysIn } from './public-keys.ts';

/** An issuer of identities that is believed. `keys` null has it asked for them. */
export interface UserIssuer {
  readonly issuer: string;
  readonly keys: JSONWebKeySet | null;
}

const keysIn = (path: string): JSONWebKeySet => {
  const refused = (why: string): CannotStart => new CannotStart(`USER_ISSUERS: the key file ${path} ${why}`);
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw refused(error instanceof SyntaxError ? 'is no JSON' : 'cannot be read');
  }
  const keys = publicKeysIn(read);
  if (keys === null) throw refused('is no JSON Web Key Set of public keys only');
  return keys;
};

/** Whether a text is one entry of `USER_ISSUERS`: `https://issuer`, or `https://issuer=FILE`. Plain `http:` is judged when it is asked. */
export const isUserIssuer = (entry: string): boolean => /^https?:\/\/[^\s,=?#]+(=[^\0]+)?$/.test(entry);

/** Reads the key files of the issuers of `USER_ISSUERS`. Throws CannotStart in one line that names the file which cannot be used. */
export const readUserIssuers = (entries: readonly string[]): readonly UserIssuer[] =>
  entries.map((entry) => {
    const [issuer = '', ...path] = entry.split('=');
    return { issuer, keys: path.length === 0 ? null : keysIn(path.join('=')) };
  });
