import { keysOf } from './keys/keys-of.ts';
import { isSealed } from './keys/sealed-text.ts';
import { openBytes } from './keys/sealed-version.ts';
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
