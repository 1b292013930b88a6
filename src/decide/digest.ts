import { hash } from 'node:crypto';

/** SHA-256 of a JSON value with its keys in order, in hex. The same value gives the same digest on every machine. */
export const digest = (value: unknown): string => hash('sha256', canonical(value), 'hex');

/** JSON with the keys of each object sorted. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
