import { anomaly } from '../model/anomaly.ts';
import { type Sql, statement } from './pool.ts';

const signed = statement<[string | null, string | null], never>(
  'signed-version',
  'SELECT FROM approved_version WHERE care_plan_id = $1 OR composition_id = $2',
);

/** I9: an approved version and the words that were signed with it neither change nor go. Throws `conflict`. */
export async function checkUnsigned(sql: Sql, { type, id }: { readonly type: string; readonly id: string }): Promise<void> {
  if (type !== 'CarePlan' && type !== 'Composition') return;
  const rows = await signed(sql, type === 'CarePlan' ? id : null, type === 'Composition' ? id : null);
  if (rows.length > 0) throw anomaly('conflict', 'an approved version never changes: write a new draft that replaces it', type);
}
