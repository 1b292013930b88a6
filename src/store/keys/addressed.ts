import { createHash, createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Sql } from '../pool.ts';
import { keysOf } from './keys-of.ts';

/** For whom the bytes of an attempt are: all of it is bound together before the wire, and compared right before it. */
export interface Addressed {
  /** The first attempt with these bytes. */
  readonly attemptId: string;
  readonly keyId: string;
  readonly endpointId: string;
  readonly recipientId: string;
  /** ODS code of the recipient. */
  readonly ods: string;
  readonly address: string;
  readonly messageId: string;
  readonly bytes: string;
}

const derived = new WeakMap<KeyObject, KeyObject>();
const secretOf = (own: KeyObject): KeyObject => {
  const known = derived.get(own);
  if (known !== undefined) return known;
  const made = createSecretKey(Buffer.from(hkdfSync('sha256', own, '', 'crisis-plan-broker addressed', 32)));
  derived.set(own, made);
  return made;
};

/** The keyed digest that is stored with a delivery: HMAC-SHA256 under a key that is made of the broker's own. */
export const addressedAs = (sql: Sql, it: Addressed): string => {
  const bytes = createHash('sha256').update(it.bytes).digest('hex');
  return createHmac('sha256', secretOf(keysOf(sql).own))
    .update(JSON.stringify([it.attemptId, it.keyId, it.endpointId, it.recipientId, it.ods, it.address, it.messageId, bytes]))
    .digest('base64url');
};

/** Whether bytes are for exactly these. */
export const isAddressedTo = (sql: Sql, it: Addressed, digest: string): boolean => {
  const expected = Buffer.from(addressedAs(sql, it));
  const given = Buffer.from(digest);
  return given.length === expected.length && timingSafeEqual(given, expected);
};
