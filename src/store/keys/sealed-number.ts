import type { Sql } from '../pool.ts';
import { keysOf } from './keys-of.ts';
import { type Place, seal, unseal } from './sealed-text.ts';

const placeOf = (personId: string): Place => ['person.sealed_number', personId];

/** Seals a person's NHS number under the broker's own key: several trusts may know them, each under a key of its own. */
export const sealNumber = (sql: Sql, personId: string, nhsNumber: string): string => seal(keysOf(sql).own, placeOf(personId), nhsNumber);

/** A person's NHS number; null where none is known any more. Throws AlteredText. */
export const openNumber = (sql: Sql, personId: string, sealed: string | null): string | null =>
  sealed === null ? null : unseal(keysOf(sql).own, placeOf(personId), sealed);
