import type { KeyObject } from 'node:crypto';
import type { Sql } from '../pool.ts';
import { keysOf } from './keys-of.ts';
import { type Place, seal } from './sealed-text.ts';

const placeOf = (attemptId: string): Place => ['delivery.parcel', attemptId];

/** A parcel as the ledger keeps it: its ids lie open, for they name nobody, and its bytes are sealed under the key of the person whom they are about. */
export const sealParcel = (key: KeyObject | null, attemptId: string, parcel: object): object => {
  if (!('bytes' in parcel) || typeof parcel.bytes !== 'string') return parcel;
  if (key === null) throw new Error('nothing is sent of a person whose key was destroyed');
  const { bytes, ...rest } = parcel;
  return { ...rest, sealed: seal(key, placeOf(attemptId), bytes) };
};

/** The parcel as it went to the wire, byte for byte; what an older version left is answered as it is. Throws where its key was destroyed. */
export const openParcel = async (sql: Sql, wrapped: string | null, attemptId: string, stored: object): Promise<object> => {
  if (!('sealed' in stored) || typeof stored.sealed !== 'string') return stored;
  const { sealed, ...rest } = stored;
  const bytes = await keysOf(sql).open(wrapped, placeOf(attemptId), sealed);
  if (bytes === null) throw new Error('the bytes of an attempt are gone: the key of their person was destroyed');
  return { ...rest, bytes };
};
