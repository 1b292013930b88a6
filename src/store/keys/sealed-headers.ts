import type { Sql } from '../pool.ts';
import { keysOf } from './keys-of.ts';
import { type Place, seal, unseal } from './sealed-text.ts';

/** How a subscriber asked to be told, as it is stored: its header lines are as secret as passwords. */
export interface SealedSubscribed<Content extends string> {
  readonly content: Content;
  readonly sealed?: string;
  /** As an older version left them. */
  readonly headers?: readonly string[];
}

const placeOf = (destinationId: string): Place => ['destination.subscription', destinationId];

/** Seals header lines under the broker's own key. */
export const sealHeaders = (sql: Sql, destinationId: string, headers: readonly string[]): string =>
  seal(keysOf(sql).own, placeOf(destinationId), JSON.stringify(headers));

/** Opens header lines. Throws AlteredText. */
export const openHeaders = (sql: Sql, destinationId: string, { sealed, headers }: SealedSubscribed<string>): readonly string[] =>
  sealed === undefined ? (headers ?? []) : (JSON.parse(unseal(keysOf(sql).own, placeOf(destinationId), sealed)) as readonly string[]);
