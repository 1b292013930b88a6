import { anomaly } from '../../model/anomaly.ts';
import { type Sql, statement } from '../pool.ts';
import { keysOf } from './keys-of.ts';

interface KeyRow {
  readonly wrapped: string | null;
}

const readKey = statement<[string], KeyRow>('person-key', 'SELECT wrapped FROM person_key WHERE id = $1');
const addKey = statement<[string, string, string], KeyRow>(
  'add-person-key',
  'INSERT INTO person_key (id, wrapped, kek_id) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING RETURNING wrapped',
);

/** The refusal to write what would be sealed by a key that was destroyed. */
export const erased = (at: string | null = null) =>
  anomaly('gone', 'is of a person who was erased by law: nothing is written of them any more', at);

/** The wrapped data key of a Patient's record, made where there is none yet. Throws `gone` where it was destroyed: no other is ever made. */
export async function personKey(sql: Sql, patientId: string): Promise<string> {
  const [row] = await readKey(sql, patientId);
  if (row === undefined) {
    const { wrapped, kekId } = await keysOf(sql).make();
    const [added] = await addKey(sql, patientId, wrapped, kekId);
    // Another transaction made one meanwhile: it is committed, or this one would still wait.
    return added?.wrapped ?? personKey(sql, patientId);
  }
  if (row.wrapped === null) throw erased('Patient');
  return row.wrapped;
}
