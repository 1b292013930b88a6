import { type Anomaly, anomaly } from '../../model/anomaly.ts';
import { type Sql, statement } from '../pool.ts';

const ofPatient = statement<[string], { person_id: string; owner: string }>(
  'person-of-owned-patient',
  'SELECT person_id, owner FROM patient_fact WHERE patient_id = $1',
);

/** Another's answers as one that is not there. */
export const noSuchPatient = (at: string): Anomaly => anomaly('incorrect', 'names no Patient of this organisation', at);

/** The person of a publisher's own Patient. Another's answers as one that is not there. */
export async function personOf(sql: Sql, patientId: string, owner: string, at: string): Promise<string> {
  const [row] = await ofPatient(sql, patientId);
  if (row === undefined || row.owner !== owner) throw noSuchPatient(at);
  return row.person_id;
}
