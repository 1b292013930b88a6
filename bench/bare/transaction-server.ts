import { randomUUID } from 'node:crypto';
import type { Bundle, Patient, Resource } from '@medplum/fhirtypes';
import { createLog } from '../../src/log.ts';
import type { IndexColumns } from '../../src/store/search/write-index.ts';
import { createPool, transaction } from '../../src/store/pool.ts';
import { PUBLISHER } from '../ground/template.ts';
import { putRows, rowsOf } from './put-rows.ts';
import { serve } from './serve.ts';

/**
 * The bare transaction: `node:http`, `JSON.parse`, and in one durable transaction the rows that the broker writes, one named INSERT a
 * resource and one a fact. References stay as they were sent. `node bench/bare/transaction-server.ts DATABASE_URL MODEL_URL`; the facts
 * are those of the template in the database of the broker.
 */
const [url = '', model = ''] = process.argv.slice(2);
const pool = createPool(url, createLog('error'));
const facts = createPool(model, createLog('error'), { max: 1 });
const { rows: patients } = await facts.query<{ facts: object; disclosed: object }>(
  "SELECT facts, disclosed FROM patient_fact WHERE patient_id = 'template'",
);
const { rows: consents } = await facts.query<{ facts: object }>("SELECT facts FROM consent_fact WHERE consent_id = 'consent'");
await facts.end();
const [patient] = patients;
const [consent] = consents;
if (patient === undefined || consent === undefined) throw new Error('the template has no facts');

const ADD_PERSON = 'INSERT INTO person (id, nhs_number) VALUES ($1, $2)';
const ADD_PATIENT = 'INSERT INTO patient_fact (patient_id, person_id, owner, facts, disclosed) VALUES ($1, $2, $3, $4, $5)';
const ADD_CONSENT = 'INSERT INTO consent_fact (consent_id, patient_id, facts) VALUES ($1, $2, $3)';
const ADD_FAN_OUT = 'INSERT INTO fan_out (persons) VALUES ($1)';

let rows: readonly IndexColumns[] | null = null;

serve(200, async (body) => {
  const { entry = [] }: Bundle = JSON.parse(body);
  const resources = entry.flatMap(({ resource }) => (resource === undefined ? [] : [resource]));
  rows ??= resources.map((resource: Resource) => rowsOf(resource));
  const made = rows;
  const [first] = resources;
  const texts = await transaction(pool, async (tx) => {
    const done: string[] = [];
    for (const [at, resource] of resources.entries()) {
      const columns = made[at];
      if (columns !== undefined) done.push(await putRows(tx, resource, columns));
    }
    const [person, patientId] = [randomUUID(), randomUUID()];
    const number = (first as Patient).identifier?.[0]?.value;
    await tx.query({ name: 'person', text: ADD_PERSON, values: [person, number] });
    await tx.query({ name: 'patient', text: ADD_PATIENT, values: [patientId, person, PUBLISHER, patient.facts, patient.disclosed] });
    await tx.query({ name: 'consent', text: ADD_CONSENT, values: [randomUUID(), patientId, consent.facts] });
    for (let each = 0; each < 2; each += 1) await tx.query({ name: 'fan-out', text: ADD_FAN_OUT, values: [[person]] });
    return done;
  });
  const response = { status: '201', location: 'CarePlan/1/_history/1', etag: 'W/"1"', lastModified: new Date().toISOString() };
  return JSON.stringify({ resourceType: 'Bundle', type: 'transaction-response', entry: texts.map(() => ({ response })) });
});
