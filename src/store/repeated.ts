import { openParcel } from './keys/sealed-parcel.ts';
import { unpacked } from './packed-parcel.ts';
import { type Sql, statement } from './pool.ts';

/** What goes with an attempt into `begin`. */
export interface Frozen {
  /** Bytes and ids, for the first attempt with them. */
  readonly parcel: object;
  /** The attempt whose parcel a retry repeats: always the first with it. */
  readonly repeats: string | null;
}

const parcelOf = statement<[string], { first: string; parcel: object; wrapped: string | null }>(
  'parcel-of-delivery',
  `SELECT coalesce(d.repeats, d.id) AS first, coalesce(o.parcel, d.parcel) AS parcel, pk.wrapped
     FROM delivery d LEFT JOIN delivery o ON o.id = d.repeats JOIN ledger_key k ON k.id = d.key_id JOIN plan p ON p.id = k.plan_id
     LEFT JOIN person_key pk ON pk.id = p.patient_id WHERE d.id = $1`,
);
/** The bytes and ids of the attempt that a retry repeats. Throws where they are gone: their person was erased. */
export async function repeated(sql: Sql, deliveryId: string): Promise<Frozen> {
  const [row] = await parcelOf(sql, deliveryId);
  if (row === undefined) throw new Error('the bytes of an attempt are gone');
  const parcel = await openParcel(sql, row.wrapped, row.first, row.parcel);
  return { parcel: unpacked(parcel), repeats: row.first };
}
