import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client, FhirResource } from 'fhir-kit-client';
import { AMBULANCE, approvePlan, example, type OpenDoor, openDoor, TRUST } from '../http/open-door.ts';
import { NO_NARRATIVE, NOT_FOUND, outcomeOf } from '../support/outcome.ts';
import { clientOf, entriesOf, practitioner, refused } from './fhir-kit.ts';

let door: OpenDoor;
let client: Client;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  client = await clientOf(door, TRUST);
});
afterAll(() => door.close());

describe('fhir-kit-client: Bundles and operations', () => {
  const A = 'urn:uuid:6f1b1c1e-0000-4000-8000-0000000000a1';

  test('a transaction whose entries refer to each other', async () => {
    const answer = await client.transaction({
      body: {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [
          {
            request: { method: 'POST', url: 'PractitionerRole' },
            resource: { resourceType: 'PractitionerRole', practitioner: { reference: A } },
          },
          { fullUrl: A, request: { method: 'POST', url: 'Practitioner' }, resource: practitioner('of-transaction') },
        ],
      },
    });
    expect(answer).toMatchObject({
      type: 'transaction-response',
      entry: [{ response: { status: '201' } }, { response: { status: '201' } }],
    });
    const [role, who] = entriesOf(answer).map(({ response }) => response.location.split('/fhir/')[1]?.split('/_history')[0] ?? '');
    expect(await client.resolve({ reference: role ?? '' })).toMatchObject({ practitioner: { reference: who } });
  });

  test('a transaction that fails leaves nothing', async () => {
    const before = await door.stored();
    await refused(
      client.transaction({
        body: {
          resourceType: 'Bundle',
          type: 'transaction',
          entry: [
            { request: { method: 'POST', url: 'Practitioner' }, resource: practitioner('half') },
            { request: { method: 'DELETE', url: 'Practitioner/nobody-at-all' } },
          ],
        },
      }),
      404,
      { ...NOT_FOUND, at: 'Bundle.entry[1]' },
    );
    expect(await door.stored()).toBe(before);
  });

  test('a batch', async () => {
    const answer = await client.batch({
      body: {
        resourceType: 'Bundle',
        type: 'batch',
        entry: [
          { request: { method: 'GET', url: 'Practitioner/nurse' } },
          { request: { method: 'GET', url: 'Practitioner/nobody-at-all' } },
        ],
      },
    });
    expect(answer).toMatchObject({
      type: 'batch-response',
      entry: [
        { resource: { resourceType: 'Practitioner', id: 'nurse' }, response: { status: '200' } },
        { response: { status: '404', outcome: outcomeOf(404, NOT_FOUND) } },
      ],
    });
  });

  test('$validate', async () => {
    const bad = example('plan-patient', 'invalid-check-digit') as FhirResource;
    const answer = await client.operation({ name: 'validate', resourceType: 'Patient', input: bad });
    expect(answer).toEqual({
      resourceType: 'OperationOutcome',
      issue: [
        ...outcomeOf(422, {
          category: 'incorrect',
          code: 'value',
          text: 'fails the check digit (modulus 11)',
          at: 'Patient.identifier[0].value',
        }).issue,
        NO_NARRATIVE,
      ],
    });
    const good = await client.operation({
      name: '$validate',
      resourceType: 'Patient',
      input: example('plan-patient') as FhirResource,
    });
    expect(good).toEqual({
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'information', code: 'informational', details: { text: 'nothing is wrong: this would be taken' } }, NO_NARRATIVE],
    });
  });

  test('$match, and its confirmation; what is not certain is nobody', async () => {
    const ambulance = await clientOf(door, AMBULANCE);
    const match = (resource: FhirResource, ...more: readonly Record<string, unknown>[]) =>
      ambulance.operation({
        name: 'match',
        resourceType: 'Patient',
        input: {
          resourceType: 'Parameters',
          parameter: [{ name: 'resource', resource }, { name: 'onlyCertainMatches', valueBoolean: true }, ...more],
        },
      });
    const amber = { resourceType: 'Patient', identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990012342' }] };
    const found = await match(amber);
    expect(found).toMatchObject({
      type: 'searchset',
      total: 1,
      entry: [{ resource: { resourceType: 'Patient' }, search: { mode: 'match', score: 1 } }],
    });
    const [entry] = entriesOf(found) as unknown as { search: { extension: { url: string; valueString: string }[] } }[];
    const valueString = entry?.search.extension.find(({ url }) => url.endsWith('/match-confirmation'))?.valueString;
    const confirmed = await match(amber, { name: 'confirm', valueString });
    expect(confirmed).toMatchObject({ total: 1, entry: [{ resource: { resourceType: 'Patient', birthDate: '1987-03-14' } }] });
    expect(await match({ ...amber, identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990000018' }] })).toMatchObject({
      type: 'searchset',
      total: 0,
    });
    await refused(match(amber, { name: 'banana', valueString: 'x' }), 422, {
      category: 'incorrect',
      code: 'not-supported',
      text: 'is one of resource, onlyCertainMatches, count, confirm',
      at: 'Parameters.parameter[2].name',
    });
  });

  test('$everything, by GET and by POST', async () => {
    const found = await client.operation({
      name: 'everything',
      resourceType: 'Patient',
      id: 'amber',
      method: 'GET',
      input: { _count: 3 } as unknown as FhirResource,
    });
    expect(found).toMatchObject({ resourceType: 'Bundle', type: 'searchset' });
    expect(entriesOf(found)[0]?.resource).toMatchObject({ resourceType: 'Patient', id: 'amber' });
    const posted = await client.operation({
      name: 'everything',
      resourceType: 'Patient',
      id: 'amber',
      input: { resourceType: 'Parameters' },
    });
    expect(entriesOf(posted)[0]?.resource).toMatchObject({ resourceType: 'Patient', id: 'amber' });
    await refused(client.operation({ name: 'everything', resourceType: 'Patient', id: 'nobody-at-all', method: 'GET' }), 404, NOT_FOUND);
  });

  test('the CapabilityStatement', async () => {
    const statement = await client.capabilityStatement();
    expect(statement).toMatchObject({ resourceType: 'CapabilityStatement', fhirVersion: '4.0.1', kind: 'instance' });
  });
});
