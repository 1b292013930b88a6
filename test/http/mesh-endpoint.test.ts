import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Extension, System } from '../../profiles/canonicals.ts';
import * as body from '../support/bodies.ts';
import { pemOf } from '../support/certificates.ts';
import { openDatabase, type TestDatabase } from '../support/database.ts';
import { type OpenDoor, OPERATOR, openDoorOn } from './open-door.ts';

// An Endpoint whose address is a mailbox, at a door of a broker that has a mailbox of its own, and at one of a broker that has none.
const at = (address: string, id = 'box') => ({ ...body.endpoint(id, 'epr', 'hospital', address) });
const GOOD = 'mesh://X26HOSPITAL1?workflow_id=INVENTED_CRISIS_PLAN';
type Door = Omit<OpenDoor, 'close'> & { close(): Promise<void> };
let database: TestDatabase;
let withMesh: Door;
let without: Door;
let checking: Door;
const layOut = async (door: Door): Promise<void> => {
  await door.put(OPERATOR, { ...body.organization('hospital', 'RHOSP', 'epr') });
  await door.put(OPERATOR, { ...body.service('epr', 'hospital', 'epr') });
};
beforeAll(async () => {
  database = await openDatabase();
  const open = (more: { readonly mesh?: object; readonly requireCheck?: boolean }) =>
    openDoorOn(database, undefined, undefined, { config: more });
  [withMesh, without, checking] = [await open({ mesh: {} }), await open({}), await open({ mesh: {}, requireCheck: true })];
  await layOut(withMesh);
}, 60_000);
afterAll(async () => {
  for (const door of [withMesh, without, checking]) await door?.close();
  await database?.close();
});
const places = (answer: { readonly body: { readonly issue?: readonly { readonly expression?: readonly string[] }[] } }) =>
  (answer.body.issue ?? []).flatMap(({ expression }) => expression ?? []);

describe('I10: an Endpoint with a mailbox', () => {
  test('is taken, of the broker’s own connection type, and read back as it was written [mesh.21]', async () => {
    expect((await withMesh.put(OPERATOR, at(GOOD))).status).toBe(201);
    const read = await withMesh.get(OPERATOR, '/fhir/Endpoint/box');
    expect(read.body).toMatchObject({ address: GOOD, connectionType: { system: System.ownConnectionType, code: 'mesh' } });
  });

  test.each([
    'mesh://X26HOSPITAL1',
    'mesh://X26HOSPITAL1?workflow_id=',
    'mesh://X26HOSPITAL1?workflow_id=A&to=B',
    'mesh://X26HOSPITAL1/inbox?workflow_id=A',
    'mesh://user:secret@X26HOSPITAL1?workflow_id=A',
    'mesh:X26HOSPITAL1?workflow_id=A',
    'https://mesh.example/X26HOSPITAL1?workflow_id=A',
    'mesh://X26%0d%0aMex-To?workflow_id=A',
  ])('%s: 422 that names the address, and nothing is stored [mesh.20] [mesh.21]', async (address) => {
    const endpoint = { ...at(GOOD, 'odd'), address };
    const answer = await withMesh.put(OPERATOR, endpoint);
    expect(answer.status).toBe(422);
    expect(places(answer)).toContain('Endpoint.address');
    expect(answer.text).not.toContain('secret');
    expect((await withMesh.get(OPERATOR, '/fhir/Endpoint/odd')).status).toBe(404);
  });

  test('where the broker has no mailbox it cannot be active, and says so; off it may be registered', async () => {
    const answer = await without.put(OPERATOR, at(GOOD, 'none'));
    expect(answer.status).toBe(422);
    expect(places(answer)).toEqual(['Endpoint.status']);
    expect(answer.text).toContain('this broker has no MESH mailbox of its own');
    expect((await without.put(OPERATOR, { ...at(GOOD, 'none'), status: 'off' })).status).toBe(201);
  });

  test('the code of HL7’s list, with the mailbox of ours, is no MESH', async () => {
    const answer = await withMesh.put(OPERATOR, { ...at(GOOD, 'odd'), connectionType: { system: System.connectionType, code: 'mesh' } });
    expect(answer.status).toBe(422);
    expect(places(answer).join()).toContain('Endpoint.connectionType');
  });
});

describe('the check of a mailbox', () => {
  test('is refused with a sentence', async () => {
    const answer = await withMesh.post(OPERATOR, '/fhir/Endpoint/box/$check', { resourceType: 'Parameters' });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('a mailbox is not checked');
  });

  test('where checks are asked for, an active mailbox states by hand how content is taken back', async () => {
    const answer = await checking.put(OPERATOR, at(GOOD, 'stated'));
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('over MESH nothing is checked: say how content is taken back');
    const stated = {
      ...at(GOOD, 'stated'),
      extension: [...(at(GOOD).extension ?? []), { url: Extension.recallForm, valueCode: 'message' }],
    };
    expect((await checking.put(OPERATOR, stated)).status).toBe(201);
  });
});

describe('a mailbox is moved, and has no credential of its own', () => {
  const ask = (operation: string, parameter: readonly object[]) =>
    withMesh.post(OPERATOR, `/fhir/Endpoint/box/$${operation}`, { resourceType: 'Parameters', parameter });

  test('to another mailbox or workflow; to what is none it is refused, and stays where it is', async () => {
    const moved = 'mesh://X26HOSPITAL1?workflow_id=ANOTHER';
    expect((await ask('move', [{ name: 'address', valueUrl: moved }])).status).toBe(200);
    for (const address of ['https://hospital.example/fhir', 'mesh://X26HOSPITAL1']) {
      const answer = await ask('move', [{ name: 'address', valueUrl: address }]);
      expect(answer.status).toBe(422);
      expect(places(answer).join()).toContain('address');
    }
    expect((await withMesh.get(OPERATOR, '/fhir/Endpoint/box')).body).toMatchObject({ address: moved });
  });

  test('a certificate for it is refused: the broker proves itself to MESH by its own', async () => {
    const { cert, key } = pemOf('client');
    const part = [
      { name: 'cert', valueString: cert },
      { name: 'cert-key', valueString: key },
    ];
    const answer = await ask('rotate-credential', [{ name: 'credential', part }]);
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('the broker proves itself to MESH by its own');
  });
});
