import { readFileSync } from 'node:fs';
import { CannotStart } from './model/cannot-start.ts';

/** Settings that hold a password, and may stand in a file of their own. */
const SECRETS = ['DATABASE_URL', 'REDIS_URL', 'MESH_PASSWORD', 'MESH_SHARED_KEY'] as const;

const readSecret = (name: string, path: string): string => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (fault) {
    const { code } = fault as NodeJS.ErrnoException;
    throw new CannotStart(`${name} cannot be read (${code ?? 'no reason given'})`);
  }
  if (text === '') throw new CannotStart(`${name} is empty`);
  return text;
};

/**
 * Puts what stands in the file that `NAME_FILE` names in the place of `NAME`. Throws CannotStart with one line where a file cannot be read or
 * holds nothing, and where both are set: which one counts, nobody could say.
 */
export const withSecretFiles = (given: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
  const read = SECRETS.flatMap((name) => {
    const path = given[`${name}_FILE`];
    if (path === undefined) return [];
    if (given[name] !== undefined) throw new CannotStart(`${name} and ${name}_FILE must not both be set`);
    return [[name, readSecret(`${name}_FILE`, path)] as const];
  });
  return { ...given, ...Object.fromEntries(read) };
};
