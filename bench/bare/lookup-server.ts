import { keysOf } from '../../src/store/keys/keys-of.ts';
import { FACT_COLUMNS } from '../../src/store/look.ts';
import { openPool } from '../ground/keys.ts';
import { serve } from './serve.ts';

/**
 * The bare look-up: `node:http`, a named SELECT, one durable named INSERT of the audit row, with a pool of the broker's own size. No gate, no
 * lock, no ledger, no FHIR, and nothing is opened; the number is found by its blind index, for there is no other. `facts` reads the same rows as the broker's own SELECT; `least` only who it is and which plan, which decides nothing.
 * `node bench/bare/lookup-server.ts DATABASE_URL facts|least`.
 */
const [url = '', mode = 'facts'] = process.argv.slice(2);
const pool = await openPool(url);

const facts = `SELECT k.id AS key_id, k.generation, k.version AS key_version, k.state, d.facts AS destination, ${FACT_COLUMNS}
  FROM person pe JOIN patient_fact pt ON pt.person_id = pe.id JOIN plan p ON p.patient_id = pt.patient_id
  JOIN recipient r ON r.ods = 'AMB' AND r.kind = 'ambulance' JOIN destination d ON d.recipient_id = r.id AND d.facts->>'channel' = 'pull'
  LEFT JOIN ledger_key k ON k.plan_id = p.id AND k.destination_id = d.id WHERE pe.nhs_number = $1`;
const least = `SELECT p.id AS plan_id, pe.id AS person_id FROM person pe JOIN patient_fact pt ON pt.person_id = pe.id
  JOIN plan p ON p.patient_id = pt.patient_id WHERE pe.nhs_number = $1`;
const find = mode === 'least' ? least : facts;
const write = `INSERT INTO audit (event, organization, kind, person_id, plan_id, purpose, headings, digest, because, stamp)
               VALUES ('flag', 'AMB', 'ambulance', $1, $2, 'ETREAT', '{}', NULL, NULL, '1.1.1')`;

const answer = async (form: string): Promise<string> => {
  const number = (new URLSearchParams(form).get('patient.identifier') ?? '').split('|')[1];
  const { rows } = await pool.query<{ plan_id: string; person_id: string }>({
    name: 'find',
    text: find,
    values: [keysOf(pool).index.number(number ?? '')],
  });
  const [row] = rows;
  if (row === undefined) return JSON.stringify({ resourceType: 'Bundle', type: 'searchset', total: 0 });
  await pool.query({ name: 'write', text: write, values: [row.person_id, row.plan_id] });
  const subject = { reference: `Patient/${row.person_id}` };
  const resource = { resourceType: 'Flag', id: row.plan_id, status: 'active', code: { text: 'There is a crisis plan' }, subject };
  return JSON.stringify({ resourceType: 'Bundle', type: 'searchset', total: rows.length, entry: [{ resource }] });
};

serve(200, answer);
