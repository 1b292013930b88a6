import type { Sql } from '../pool.ts';
import { keysOf } from './keys-of.ts';
import { type Place, seal, unseal } from './sealed-text.ts';

const placeOf = (version: string, destinationId: string): Place => ['subscription_secret.sealed', version, destinationId];

/** Seals the secret by which a Subscription's notifications are signed, under the broker's own key. */
export const sealSecret = (sql: Sql, version: string, destinationId: string, secret: string): string =>
  seal(keysOf(sql).own, placeOf(version, destinationId), secret);

/** Opens it. Throws AlteredText where it is another Subscription's. */
export const openSecret = (sql: Sql, version: string, destinationId: string, sealed: string): string =>
  unseal(keysOf(sql).own, placeOf(version, destinationId), sealed);
