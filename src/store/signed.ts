import { anomaly } from '../model/anomaly.ts';
import { type Sql, statement } from './pool.ts';

/** Along its index, for each type of which an approved version is made. */
const SIGNED = {
  CarePlan: statement<[string], never>('signed-care-plan', 'SELECT FROM approved_version WHERE care_plan_id = $1'),
  Composition: statement<[string], never>('signed-composition', 'SELECT FROM approved_version WHERE composition_id = $1'),
  Provenance: statement<[string], never>('signed-provenance', 'SELECT FROM approved_version WHERE provenance_id = $1'),
};
const isSigned = (type: string): type is keyof typeof SIGNED => Object.hasOwn(SIGNED, type);

/** I9: an approved version, the words that were signed with it and the signature neither change nor go. Throws `conflict`. */
export async function checkUnsigned(sql: Sql, { type, id }: { readonly type: string; readonly id: string }): Promise<void> {
  if (isSigned(type) && (await SIGNED[type](sql, id)).length > 0)
    throw anomaly('conflict', 'an approved version never changes: write a new draft that replaces it', type);
}
