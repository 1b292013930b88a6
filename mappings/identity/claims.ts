import { Anomaly } from '../../src/model/anomaly.ts';

type Claims = Readonly<Record<string, unknown>>;

const MOST_TEXT = 256;
const MOST_ENTRIES = 200;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what PostgreSQL and a reader cannot take.
const CONTROL = /[\u0000-\u001f\u007f]/;

const unreadable = (name: string, help: string): Anomaly =>
  new Anomaly('unauthenticated', { at: 'http.X-User-Identity', help: `its claim ${name} ${help}` });

/** A claim that is a text; null where it is missing or empty. A whole number is read as its digits. Throws `unauthenticated` for anything else. */
export const textOf = (claims: Claims, name: string): string | null => {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  if (typeof value !== 'string' || value.length > MOST_TEXT || CONTROL.test(value) || !value.isWellFormed())
    throw unreadable(name, `is a text of at most ${MOST_TEXT} characters`);
  return value.trim() === '' ? null : value.trim();
};

const isEntry = (value: unknown): value is Claims => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A claim that holds objects: several in an array, or one by itself. Throws `unauthenticated` for anything else. */
export const entriesOf = (claims: Claims, name: string): readonly Claims[] => {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (value === undefined || value === null) return [];
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (entries.length > MOST_ENTRIES || !entries.every(isEntry)) throw unreadable(name, `holds at most ${MOST_ENTRIES} objects`);
  return entries.filter(isEntry);
};
