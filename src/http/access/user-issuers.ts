import { readFileSync } from 'node:fs';
import type { JSONWebKeySet } from 'jose';
import { CannotStart } from '../../model/cannot-start.ts';
import { publicKeysIn } from './public-keys.ts';

/** An issuer of identities that is believed. `keys` null has it asked for them. */
export interface UserIssuer {
  readonly issuer: string;
  readonly keys: JSONWebKeySet | null;
  /** Whether it signs for the persons whose plans they are, and then for nobody else. */
  readonly isForPersons: boolean;
}

/** Before an issuer for persons, in `USER_ISSUERS`. */
const FOR_PERSONS = 'person:';

/** The issuer of an entry of `USER_ISSUERS`, as its tokens name it. */
export const issuerOf = (entry: string): string => entry.replace(FOR_PERSONS, '').split('=')[0] ?? '';

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

/**
 * Whether a text is one entry of `USER_ISSUERS`: `https://issuer`, or `https://issuer=FILE`, with `person:` before it where it is for persons. Plain
 * `http:` is judged when it is asked.
 */
export const isUserIssuer = (entry: string): boolean => /^(?:person:)?https?:\/\/[^\s,=?#]+(=[^\0]+)?$/.test(entry);

/** Reads the key files of the issuers of `USER_ISSUERS`. Throws CannotStart in one line that names the file which cannot be used. */
export const readUserIssuers = (entries: readonly string[]): readonly UserIssuer[] =>
  entries.map((entry) => {
    const [, ...path] = entry.split('=');
    return {
      issuer: issuerOf(entry),
      keys: path.length === 0 ? null : keysIn(path.join('=')),
      isForPersons: entry.startsWith(FOR_PERSONS),
    };
  });
