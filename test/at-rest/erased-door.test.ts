import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { erase } from '../../src/store/erase.ts';
import {
  AMBER,
  AMBULANCE,
  approvePlan,
  type Caller,
  example,
  NHS_NUMBER_SYSTEM,
  OPERATOR,
  type OpenDoor,
  openDoor,
  OTHER_TRUST,
  POLICE,
  TRUST,
} from '../http/open-door.ts';

let door: OpenDoor;
let opaque: string;
const form = `patient.identifier=${encodeURIComponent(`${NHS_NUMBER_SYSTEM}|${AMBER}`)}`;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  // A look-up that keeps nothing: what an ambulance service reads it may keep, and would have to give up first.
  const flags = (await door.search(AMBULANCE, 'Flag', form)).body;
  opaque = flags.entry[0].resource.id;
  await door.pool.query(`UPDATE ledger_key SET state = jsonb_set(state, '{copies}', '[]')`);
  await erase(door.pool, { patientId: 'amber', reason: 'request 12', operator: 'BROKER', isRehearsal: false });
}, 60_000);
afterAll(() => door?.close());

const statusOf = async (caller: Caller, path: string): Promise<number> => (await door.get(caller, path)).status;

describe('after a lawful erasure', () => {
  const OWN = ['Patient/amber', 'CarePlan/plan-1', 'Composition/plan-1-words', 'Consent/consent-1'];

  test('the person’s own trust is answered 410 for what was theirs, as it is and by version', async () => {
    const stored = await door.pool.query<{ type: string; id: string }>(
      `SELECT DISTINCT type, id FROM resource_version WHERE sealed_by = 'amber' ORDER BY type, id`,
    );
    const paths = stored.rows.map(({ type, id }) => `${type}/${id}`);
    expect(paths).toEqual(expect.arrayContaining(['Patient/amber', 'CarePlan/plan-1']));
    expect(paths.length).toBeGreaterThanOrEqual(OWN.length);
    for (const path of paths) {
      expect([path, await statusOf(TRUST, `/fhir/${path}`)]).toEqual([path, 410]);
      expect([path, await statusOf(TRUST, `/fhir/${path}/_history/1`)]).toEqual([path, 410]);
      const history = await door.get(TRUST, `/fhir/${path}/_history`);
      expect([history.status, history.body.total, history.body.entry[0].request.method]).toEqual([200, 1, 'DELETE']);
      for (const caller of [OTHER_TRUST, AMBULANCE, POLICE])
        for (const more of ['', '/_history/1']) expect(await statusOf(caller, `/fhir/${path}${more}`)).not.toBe(410);
    }
    expect(await statusOf(TRUST, '/fhir/Patient/amber/$everything')).toBe(410);
  });

  test('I6: to everyone else there is no plan', async () => {
    for (const caller of [AMBULANCE, POLICE]) {
      expect((await door.search(caller, 'Flag', form)).body).toMatchObject({ total: 0 });
      expect((await door.search(caller, 'CarePlan', form)).body).toMatchObject({ total: 0 });
      expect(await statusOf(caller, `/fhir/CarePlan/${opaque}`)).toBe(404);
      expect(await statusOf(caller, `/fhir/Flag/${opaque}`)).toBe(404);
    }
  });

  test('nothing fails: each search, history, operation and write is answered, and never by 5xx', async () => {
    const person = { ...example('plan-patient') };
    const match = {
      resourceType: 'Parameters',
      parameter: [
        { name: 'resource', resource: { ...person, id: undefined } },
        { name: 'onlyCertainMatches', valueBoolean: true },
      ],
    };
    const document = (caller: Caller, id: string) => door.get(caller, `/fhir/Composition/${id}/$document`);
    const answers = await Promise.all([
      ...[TRUST, OTHER_TRUST, AMBULANCE, POLICE, OPERATOR].flatMap((caller) => [
        door.get(caller, '/fhir/Patient/_history'),
        door.get(caller, '/fhir/CarePlan/_history'),
        door.search(caller, 'Patient', `identifier=${encodeURIComponent(`${NHS_NUMBER_SYSTEM}|${AMBER}`)}`),
        door.search(caller, 'CarePlan', 'patient=Patient/amber&_include=CarePlan:patient&_revinclude=Provenance:target'),
        door.search(caller, 'Consent', '_sort=-_lastUpdated'),
        door.search(caller, 'Task', ''),
        door.get(caller, '/fhir/AuditEvent?patient=Patient/amber'),
        door.get(caller, '/fhir/AuditEvent'),
        door.post(caller, '/fhir/Patient/$match', match),
        document(caller, opaque),
        document(caller, 'plan-1-words'),
      ]),
      door.put(TRUST, person),
      door.put(TRUST, example('sharing-consent')),
      door.post(TRUST, '/fhir/CarePlan/plan-1/$withdraw', {
        resourceType: 'Parameters',
        parameter: [{ name: 'reason', valueString: 'asked' }],
      }),
    ]);
    expect(answers.filter(({ status }) => status >= 500).map(({ status, text }) => [status, text])).toEqual([]);
    const [patient, consent] = answers.slice(-3);
    expect(patient?.status).toBe(410);
    expect(consent?.status).toBe(410);
    expect(door.lines.filter((line) => line.includes('"level":"error"') || line.includes('request failed'))).toEqual([]);
    const { body: told } = await door.get(TRUST, '/fhir/AuditEvent?patient=Patient/amber');
    expect(JSON.stringify(told)).toContain('"code":"erase"');
  });
});
