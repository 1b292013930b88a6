import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLog } from '../../src/log.ts';
import { createPool } from '../../src/store/pool.ts';

/**
 * The least that a look-up could be: `node:http`, the named SELECT of the person's plan, one durable named INSERT of the audit row, on the same
 * rows, with a pool of the broker's own size. No gate, no lock, no ledger, no FHIR. `node bench/bare/lookup-server.ts DATABASE_URL`.
 */
const pool = createPool(process.argv[2] ?? '', createLog('error'));

const find = `SELECT p.id AS plan, pe.id AS person, p.publisher FROM person pe JOIN patient_fact pt ON pt.person_id = pe.id
                JOIN plan p ON p.patient_id = pt.patient_id WHERE pe.nhs_number = $1 AND NOT p.withdrawn`;
const write = `INSERT INTO audit (event, organization, kind, person_id, plan_id, purpose, headings, digest, because, stamp)
               VALUES ('flag', 'AMB', 'ambulance', $1, $2, 'ETREAT', '{}', NULL, NULL, '1.1.1')`;

const answer = async (form: string): Promise<string> => {
  const number = (new URLSearchParams(form).get('patient.identifier') ?? '').split('|')[1];
  const { rows } = await pool.query<{ plan: string; person: string }>({ name: 'find', text: find, values: [number] });
  const [row] = rows;
  if (row === undefined) return JSON.stringify({ resourceType: 'Bundle', type: 'searchset', total: 0 });
  await pool.query({ name: 'write', text: write, values: [row.person, row.plan] });
  const resource = {
    resourceType: 'Flag',
    id: row.plan,
    status: 'active',
    code: { text: 'There is a crisis plan' },
    subject: { reference: `Patient/${row.person}` },
  };
  return JSON.stringify({ resourceType: 'Bundle', type: 'searchset', total: rows.length, entry: [{ resource }] });
};

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    answer(Buffer.concat(chunks).toString()).then(
      (text) => response.writeHead(200, { 'content-type': 'application/fhir+json' }).end(text),
      () => response.writeHead(500).end(),
    );
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}/\n`));
