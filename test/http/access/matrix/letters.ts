import type { Scope } from '../../../../src/model/scope.ts';
import { LETTERS } from './answers/scopes.ts';
import type { TypeRoute } from './routes-of.ts';

const written: ReadonlyMap<string, string> = new Map(
  LETTERS.trim()
    .split('\n')
    .map((line): [string, string] => {
      const [, route = '', letter = ''] = /^(.+?)\s+(any|[cruds]+)$/.exec(line) ?? [];
      return [route, letter];
    }),
);

const lettersOf = (name: string): string => {
  const letters = written.get(name);
  if (letters === undefined || letters === '') throw new Error(`no letters are written for ${name}`);
  return letters;
};

const scope = (type: string, letters: string): Scope => `system/${type}.${letters}`;

/** The least scope with which a route may be asked for: of its type alone, or of all types. */
export const rightScope = (route: TypeRoute, isOfType: boolean, creates = false): Scope => {
  const letters = lettersOf(creates && route.name === 'PUT' ? 'PUT that creates' : route.name);
  return scope(isOfType ? route.type : '*', letters === 'any' ? 's' : letters);
};

/** Scopes with which it may not: every letter on another type, and on all types every letter but one of those. */
export const wrongScopes = (route: TypeRoute): readonly Scope[] => {
  const letters = lettersOf(route.name);
  const ofAnother = scope(route.type === 'Flag' ? 'Location' : 'Flag', 'cruds');
  return [ofAnother, ...(letters === 'any' ? [] : [...letters].map((letter) => scope('*', 'cruds'.replace(letter, ''))))];
};
