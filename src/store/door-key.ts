import { hkdfSync } from 'node:crypto';
import type pg from 'pg';
import { keysOf } from './keys/keys-of.ts';

/** What the doors of a broker seal for whoever asks, to have it back at whichever process is asked next. */
export type Sealing = 'match confirmation' | 'page of an answer';

/** A key that every process makes of the broker's own secret: the same for each, another for each use. 32 bytes. */
export const doorKey = (pool: pg.Pool, use: Sealing): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', keysOf(pool).own, '', `crisis-plan-broker ${use}`, 32));
