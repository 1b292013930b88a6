import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Consent, Encounter } from '@medplum/fhirtypes';
import { Code, Extension, System } from '../../profiles/canonicals.ts';
import { resync } from '../../src/store/fan-out.ts';
import type { Ground } from '../store/ground.ts';
import { caller, layGround, operator, publisher } from '../store/ground.ts';
import * as body from '../support/bodies.ts';

let ground: Ground;

const encounter = (id: string, number: string): Encounter => ({
  resourceType: 'Encounter',
  id,
  identifier: [{ system: 'https://sender.example/contact', value: id }],
  status: 'in-progress',
  class: { system: System.actCode, code: 'EMER' },
  subject: { identifier: { system: System.nhsNumber, value: number } },
});
const supersedes = (id: string) => ({ extension: [{ url: Extension.supersedes, valueReference: { reference: `Consent/${id}` } }] });
const keysAt = async (destination: string): Promise<number> =>
  (await ground.database.pool.query('SELECT FROM ledger_key WHERE destination_id = $1', [destination])).rows.length;
/** An organisation and its service with an agreement, and no address yet. */
const service = async (name: string): Promise<void> => {
  await ground.put(operator, body.organization(`org-${name}`, `X${name.toUpperCase()}`, 'ed'));
  await ground.put(operator, body.service(`svc-${name}`, `org-${name}`, 'ed'));
  await ground.agree(name);
};

beforeAll(async () => {
  ground = await layGround();
}, 60_000);
afterAll(() => ground?.close());

describe('keys come to be whatever came first', () => {
  test('I3: an address that is registered while a contact is open gets its key', async () => {
    await service('late');
    const { number } = await ground.person('late', []);
    await ground.put(caller('XLATE', 'ed'), encounter('contact-late', number));
    await ground.fanOutAll();
    await ground.put(operator, body.endpoint('end-late', 'svc-late', 'org-late', 'https://late.example/fhir'));
    await ground.fanOutAll();
    expect(await keysAt('end-late')).toBe(1);
  });

  test('I3: a resync finds what only an open contact puts in reach', async () => {
    await ground.database.pool.query("DELETE FROM ledger_key WHERE destination_id = 'end-late'");
    expect(await resync(ground.database.pool, 1)).toEqual(['svc-late']);
    expect(await resync(ground.database.pool, 1)).toEqual([]);
  });

  test('I4: what any record of the person says of death or restriction holds for every plan of theirs', async () => {
    const lane = await ground.lane('twice');
    const look = () => ground.store.lookUp(caller(lane.ods, 'ed'), { nhsNumber: lane.number }, true);
    expect(await look()).toHaveLength(1);
    await ground.put(operator, body.organization('org-other', 'TRUST2', 'publisher'));
    const other = { ...publisher, organization: 'TRUST2' };
    const record = body.patient('pat-other', lane.number);
    await ground.put(other, { ...record, meta: { security: [{ system: System.confidentiality, code: 'R' }] } });
    expect(await look()).toHaveLength(0);
    await ground.put(other, record);
    expect(await look()).toHaveLength(1);
    await ground.put(other, { ...record, deceasedBoolean: true });
    expect(await look()).toHaveLength(0);
  });

  test('I3: a consent that named a service, or an organisation, before it was registered speaks of it once it is', async () => {
    const { number, patient } = await ground.person('early', []);
    const to = (reference: string): Consent => {
      const said = body.consent(`cons-${reference.replace('/', '-')}`, patient, 'org-trust', { deny: ['ed'] });
      const actor = [{ role: { coding: [Code.recipientOfInformation] }, reference: { reference } }];
      return { ...said, provision: { type: 'deny', provision: [{ type: 'permit', actor }] } };
    };
    await ground.put(publisher, { ...to('HealthcareService/svc-soon'), ...supersedes('cons-early') });
    await service('soon');
    await ground.fanOutAll();
    expect(await ground.store.lookUp(caller('XSOON', 'ed'), { nhsNumber: number }, true)).toHaveLength(1);

    await ground.put(publisher, { ...to('Organization/org-later'), ...supersedes('cons-HealthcareService-svc-soon') });
    expect(await ground.store.lookUp(caller('XSOON', 'ed'), { nhsNumber: number }, true)).toHaveLength(0);
    await service('later');
    expect(await ground.store.lookUp(caller('XLATER', 'ed'), { nhsNumber: number }, true)).toHaveLength(1);
  });
});
