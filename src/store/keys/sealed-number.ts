import type { Sql } from '../pool.ts';
import { BROKER_KEY } from './keys.ts';
import { keysOf } from './keys-of.ts';
import { wrappedKey } from './person-keys.ts';
import { type Place, seal } from './sealed-text.ts';

const placeOf = (personId: string): Place => ['person.sealed_number', personId];

/** Seals a person's NHS number under the broker's own key: several trusts may know them, each under a key of its own. */
export const sealNumber = async (sql: Sql, personId: string, nhsNumber: string): Promise<string> => {
  const wrapped = await wrappedKey(sql, BROKER_KEY);
  if (wrapped === null) throw new Error('the broker has no data key');
  return seal(await keysOf(sql).keyOf(wrapped), placeOf(personId), nhsNumber);
};

/** A person's NHS number; null where none is known any more. Throws AlteredText. */
export const openNumber = async (sql: Sql, personId: string, sealed: string | null): Promise<string | null> =>
  sealed === null ? null : keysOf(sql).open(await wrappedKey(sql, BROKER_KEY), placeOf(personId), sealed);
