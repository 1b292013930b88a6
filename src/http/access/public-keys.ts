import type { JSONWebKeySet, JWK } from 'jose';

const MOST_KEYS = 100;
/** Members of a private or secret key (RFC 7518 section 6). */
const SECRET = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

const isKey = (value: unknown): value is JWK => typeof value === 'object' && value !== null && 'kty' in value;

/** Whether a key holds a secret part. */
export const isSecret = (key: object): boolean => SECRET.some((member) => member in key);

/** A JSON Web Key Set of public keys for signatures; null where it is none, holds a secret, or has no key. */
export const publicKeysIn = (read: unknown): JSONWebKeySet | null => {
  const keys = typeof read === 'object' && read !== null && 'keys' in read ? read.keys : null;
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > MOST_KEYS) return null;
  const found = keys.filter(isKey);
  return found.length < keys.length || found.some(isSecret) ? null : { keys: found };
};
