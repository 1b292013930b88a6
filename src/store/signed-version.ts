import { keysOf } from './keys/keys-of.ts';
import { openParcel } from './keys/sealed-parcel.ts';
import { isSealed } from './keys/sealed-text.ts';
import { openBytes } from './keys/sealed-version.ts';
import { unpacked } from './packed-parcel.ts';
import { type Sql, statement } from './pool.ts';

/** An approved version as it was signed. */
export interface SignedVersion {
  readonly carePlanId: string;
  readonly number: number;
  readonly hash: string;
  /** Null once the key of its person was destroyed. */
  readonly bytes: string | null;
}

const versionOf = statement<[string], { care_plan_id: string; number: number; hash: string; bytes: string; wrapped: string | null }>(
  'signed-version',
  `SELECT v.care_plan_id, v.number, v.hash, v.bytes, (SELECT k.wrapped FROM person_key k WHERE k.id = p.patient_id) AS wrapped
     FROM approved_version v JOIN plan p ON p.id = v.plan_id WHERE v.care_plan_id = $1`,
);

/** I9: the bytes that were signed, one by one, and their hash; of an erased person the hash alone. Null where nothing was approved. */
export async function signedVersion(sql: Sql, carePlanId: string): Promise<SignedVersion | null> {
  const [row] = await versionOf(sql, carePlanId);
  if (row === undefined) return null;
  const { care_plan_id: id, number, hash, bytes, wrapped } = row;
  const open = !isSealed(bytes) ? bytes : wrapped === null ? null : openBytes(await keysOf(sql).keyOf(wrapped), id, bytes);
  return { carePlanId: id, number, hash, bytes: open };
}

const parcelOf = statement<[string], { first: string; parcel: object | null; plan_id: string; wrapped: string | null }>(
  'parcel-to-inspect',
  `SELECT coalesce(d.repeats, d.id) AS first, coalesce(o.parcel, d.parcel) AS parcel, k.plan_id,
          (SELECT pk.wrapped FROM person_key pk WHERE pk.id = p.patient_id) AS wrapped
     FROM delivery d LEFT JOIN delivery o ON o.id = d.repeats JOIN ledger_key k ON k.id = d.key_id JOIN plan p ON p.id = k.plan_id
    WHERE d.id::text = $1`,
);

/** I9: what one delivery carried, byte for byte; null where there was none, where it carried nothing, and where the key of its person was destroyed. */
export async function deliveredBytes(sql: Sql, deliveryId: string): Promise<string | null> {
  const [row] = await parcelOf(sql, deliveryId);
  if (row?.parcel == null || ('sealed' in row.parcel && row.wrapped === null)) return null;
  const parcel = unpacked(await openParcel(sql, row.wrapped, row.first, row.parcel));
  return 'bytes' in parcel && typeof parcel.bytes === 'string' ? parcel.bytes : null;
}

/** Who has something shown to an auditor, and why. */
export interface Inspection {
  /** ODS code of who runs the broker. */
  readonly operator: string;
  /** Kept in the trail. Names nobody. */
  readonly reason: string;
  /** Id of a CarePlan, or of a delivery. */
  readonly id: string;
}

const leaveTrail = statement<[string, string, string], { plans: string }>(
  'trail-of-inspection',
  `WITH named AS (SELECT v.plan_id, p.patient_id, NULL::uuid AS key_id, NULL::uuid AS delivery_id FROM approved_version v JOIN plan p ON p.id = v.plan_id
                   WHERE v.care_plan_id = $3
                  UNION ALL SELECT k.plan_id, p.patient_id, k.id, d.id FROM delivery d JOIN ledger_key k ON k.id = d.key_id JOIN plan p ON p.id = k.plan_id
                   WHERE d.id::text = $3),
   written AS (INSERT INTO audit (event, organization, kind, caller, person_id, plan_id, key_id, delivery_id, because)
               SELECT 'inspect', $1, 'operator', 'command line', pt.person_id, n.plan_id, n.key_id, n.delivery_id, $2
                 FROM named n JOIN patient_fact pt ON pt.patient_id = n.patient_id RETURNING 1)
   SELECT count(*) AS plans FROM written`,
);

/** What an auditor asks to see: the bytes that were signed, or that one delivery carried. On record before it is answered; null where there is nothing. */
export async function inspect(sql: Sql, { operator, reason, id }: Inspection): Promise<string | null> {
  const [row] = await leaveTrail(sql, operator, reason, id);
  if (Number(row?.plans ?? 0) === 0) return null;
  return (await signedVersion(sql, id))?.bytes ?? deliveredBytes(sql, id);
}
