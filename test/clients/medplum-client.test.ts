import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MedplumClient, OperationOutcomeError } from '@medplum/core';
import type { Bundle, Patient, Practitioner } from '@medplum/fhirtypes';
import { openMessaging } from '../support/messaging-ground.ts';
import { eventually } from '../support/eventually.ts';
import { AMBULANCE, approvePlan, type Caller, example, type OpenDoor, openDoor, TRUST } from '../http/open-door.ts';
import { DELETED, type ExpectedIssue, NO_NARRATIVE, NOT_FOUND, outcomeOf, STALE } from '../support/outcome.ts';

let door: OpenDoor;
let medplum: MedplumClient;
/** The client as an application has it: its own cache is off, so that every call asks the door. */
const clientOf = async (caller: Caller, autoBatchTime = 0): Promise<MedplumClient> =>
  new MedplumClient({
    baseUrl: `${door.origin}/`,
    fhirUrlPath: 'fhir',
    fetch,
    cacheTime: 0,
    autoBatchTime,
    accessToken: await door.tokens.of(caller),
  });
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  medplum = await clientOf(TRUST);
});
afterAll(() => door.close());

const STAFF = 'https://example.invalid/staff';
const practitioner = (value: string, rest: Partial<Practitioner> = {}): Practitioner => ({
  resourceType: 'Practitioner',
  identifier: [{ system: STAFF, value }],
  name: [{ family: 'Plainly-Invented' }],
  ...rest,
});

/** What the client throws for a refusal: its outcome, whole. The status itself it does not tell, but the NHS code does. */
const refused = async (work: Promise<unknown>, status: number, ...issues: readonly ExpectedIssue[]): Promise<void> => {
  const error = await work.then(
    () => null,
    (fault: unknown) => fault,
  );
  expect(error).toBeInstanceOf(OperationOutcomeError);
  if (error instanceof OperationOutcomeError) expect(error.outcome).toEqual(outcomeOf(status, ...issues));
};

describe('MedplumClient: one resource', () => {
  test('creates, reads, and reads a version', async () => {
    const made = await medplum.createResource(practitioner('one'));
    expect(made).toEqual({ ...practitioner('one'), id: expect.any(String), meta: { versionId: '1', lastUpdated: expect.any(String) } });
    expect(await medplum.readResource('Practitioner', made.id)).toEqual(made);
    expect(await medplum.readVersion('Practitioner', made.id, '1')).toEqual(made);
    expect(await medplum.readReference({ reference: `Practitioner/${made.id}` })).toEqual(made);
    await refused(medplum.readResource('Practitioner', 'nobody-at-all'), 404, NOT_FOUND);
    await refused(medplum.readVersion('Practitioner', made.id, '7'), 404, NOT_FOUND);
  });

  test('is told where a resource is wrong', async () => {
    const gender = 'banana' as Practitioner['gender'];
    const error = await medplum.createResource(practitioner('wrong', { gender })).catch((fault: unknown) => fault);
    if (!(error instanceof OperationOutcomeError)) throw new Error('it is refused');
    expect(error.outcome.issue.map(({ severity, expression }) => [severity, expression])).toEqual([['error', ['Practitioner.gender']]]);
  });

  test('updates, and is refused with an old version', async () => {
    const made = await medplum.createResource(practitioner('two'));
    const changed = await medplum.updateResource({ ...made, active: true }, { headers: { 'If-Match': 'W/"1"' } });
    expect([changed.meta?.versionId, changed.active]).toEqual(['2', true]);
    await refused(medplum.updateResource(made, { headers: { 'If-Match': 'W/"1"' } }), 412, STALE);
    expect((await medplum.updateResource({ ...practitioner('chosen'), id: 'chosen-by-medplum' })).meta?.versionId).toBe('1');
  });

  test('patches', async () => {
    const { id } = await medplum.createResource(practitioner('three'));
    const changed = await medplum.patchResource('Practitioner', id, [{ op: 'add', path: '/active', value: false }]);
    expect([changed.meta?.versionId, changed.active]).toEqual(['2', false]);
    await refused(medplum.patchResource('Practitioner', id, [{ op: 'remove', path: '/telecom' }]), 422, {
      category: 'incorrect',
      code: 'processing',
      text: 'there is nothing here that could be done with remove',
      at: 'Practitioner.telecom',
    });
  });

  test('deletes, and reads what is gone, and what it was', async () => {
    const { id } = await medplum.createResource(practitioner('four'));
    await medplum.deleteResource('Practitioner', id);
    await refused(medplum.readResource('Practitioner', id), 410, DELETED);
    const history = await medplum.readHistory('Practitioner', id);
    expect([history.type, history.total, history.entry?.map(({ request }) => request?.method)]).toEqual(['history', 2, ['DELETE', 'POST']]);
    await refused(medplum.deleteResource('Practitioner', 'nobody-at-all'), 404, NOT_FOUND);
    await refused(medplum.readHistory('Practitioner', 'nobody-at-all'), 404, NOT_FOUND);
  });
});

describe('MedplumClient: conditions', () => {
  test('creates if none exists', async () => {
    const query = `identifier=${STAFF}|once`;
    const first = await medplum.createResourceIfNoneExist(practitioner('once'), query);
    expect(await medplum.createResourceIfNoneExist(practitioner('once', { active: true }), query)).toEqual(first);
    await medplum.createResource(practitioner('once'));
    await refused(medplum.createResourceIfNoneExist(practitioner('once'), query), 412, {
      category: 'stale',
      code: 'multiple-matches',
      text: 'more than one resource meets the condition',
      at: 'http.If-None-Exist',
    });
  });

  test('upserts', async () => {
    const query = `identifier=${STAFF}|upserted`;
    const made = await medplum.upsertResource(practitioner('upserted'), query);
    const changed = await medplum.upsertResource(practitioner('upserted', { active: true }), query);
    expect([changed.id, changed.meta?.versionId, changed.active]).toEqual([made.id, '2', true]);
    await refused(medplum.upsertResource(practitioner('x', { id: 'another' }), query), 400, {
      category: 'malformed',
      code: 'value',
      text: 'the id in the body is not that of the resource that meets the condition',
      at: 'http.path',
    });
  });
});

describe('MedplumClient: search', () => {
  const family = 'Searched-Invented';
  beforeAll(async () => {
    for (const n of [0, 1, 2, 3, 4]) await medplum.createResource(practitioner(`searched-${n}`, { name: [{ family, given: [`G${n}`] }] }));
  });
  const given = (found: readonly Practitioner[]): readonly (string | undefined)[] => found.map(({ name }) => name?.[0]?.given?.[0]);

  test('as a Bundle, as resources, as one, and page by page', async () => {
    const bundle = await medplum.search('Practitioner', `family=${family}&_sort=given&_count=2`);
    expect([bundle.type, bundle.total, bundle.entry?.map(({ search }) => search?.mode)]).toEqual(['searchset', 5, ['match', 'match']]);
    expect(given(await medplum.searchResources('Practitioner', { family, _sort: '-given' }))).toEqual(['G4', 'G3', 'G2', 'G1', 'G0']);
    expect(given([(await medplum.searchOne('Practitioner', { family, _sort: 'given' })) ?? practitioner('none')])).toEqual(['G0']);
    expect(await medplum.searchOne('Practitioner', { family: 'Nobody-Invented' })).toBeUndefined();
    const pages: (readonly (string | undefined)[])[] = [];
    for await (const page of medplum.searchResourcePages('Practitioner', { family, _sort: 'given', _count: 2 })) pages.push(given(page));
    expect(pages).toEqual([['G0', 'G1'], ['G2', 'G3'], ['G4']]);
  });

  test('is refused with a value that is none', async () => {
    await refused(medplum.search('Practitioner', '_lastUpdated=soon'), 400, {
      category: 'malformed',
      code: 'value',
      text: 'is a date or a time with its zone, with eq, ne, gt, lt, ge, le, sa, eb or ap before it',
      at: 'http._lastUpdated',
    });
  });

  test('a recipient finds what it may see', async () => {
    const ambulance = await clientOf(AMBULANCE);
    const flag = await ambulance.searchOne('Flag', { 'patient.identifier': 'https://fhir.nhs.uk/Id/nhs-number|9990012342' });
    expect(flag).toMatchObject({ resourceType: 'Flag', status: 'active' });
  });
});

describe('MedplumClient: Bundles and operations', () => {
  const A = 'urn:uuid:6f1b1c1e-0000-4000-8000-0000000000b1';

  test('a transaction whose entries refer to each other, and one that fails', async () => {
    const entry: Bundle['entry'] = [
      {
        request: { method: 'POST', url: 'PractitionerRole' },
        resource: { resourceType: 'PractitionerRole', practitioner: { reference: A } },
      },
      { fullUrl: A, request: { method: 'POST', url: 'Practitioner' }, resource: practitioner('of-transaction') },
    ];
    const answer = await medplum.executeBatch({ resourceType: 'Bundle', type: 'transaction', entry });
    expect([answer.type, answer.entry?.map(({ response }) => response?.status)]).toEqual(['transaction-response', ['201', '201']]);
    const before = await door.stored();
    await refused(
      medplum.executeBatch({
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [...entry, { request: { method: 'DELETE', url: 'Practitioner/nobody-at-all' } }],
      }),
      404,
      { ...NOT_FOUND, at: 'Bundle.entry[2]' },
    );
    expect(await door.stored()).toBe(before);
  });

  test('requests of one moment, sent as one batch', async () => {
    const batching = await clientOf(TRUST, 20);
    const [nurse, consultant, nobody] = await Promise.allSettled([
      batching.readResource('Practitioner', 'nurse'),
      batching.readResource('Practitioner', 'consultant'),
      batching.readResource('Practitioner', 'nobody-at-all'),
    ]);
    expect([nurse, consultant]).toMatchObject([{ value: { id: 'nurse' } }, { value: { id: 'consultant' } }]);
    await refused(nobody?.status === 'rejected' ? Promise.reject(nobody.reason) : Promise.resolve(), 404, NOT_FOUND);
  });

  test('$validate', async () => {
    const bad = await medplum.validateResource(example('plan-patient', 'invalid-check-digit') as unknown as Patient);
    expect(bad).toEqual({
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
    const good = await medplum.validateResource(example('plan-patient') as unknown as Patient);
    expect(good.issue.map(({ severity }) => severity)).not.toContain('error');
  });

  test('everything of a person', async () => {
    const found = await medplum.readPatientEverything('amber');
    expect([found.type, found.entry?.[0]?.resource?.id]).toEqual(['searchset', 'amber']);
    await refused(medplum.readPatientEverything('nobody-at-all'), 404, NOT_FOUND);
  });

  test('reads the CapabilityStatement, and definitions', async () => {
    expect(await medplum.get(medplum.fhirUrl('metadata'))).toMatchObject({ resourceType: 'CapabilityStatement', fhirVersion: '4.0.1' });
    const url = 'https://crisis-plan-broker.example/fhir/StructureDefinition/crisis-plan';
    expect(await medplum.searchOne('StructureDefinition', { url })).toMatchObject({ url, type: 'CarePlan' });
  });

  // `requestSchema` asks for what is not loaded yet by GraphQL, which R4 leaves to each server, and which nothing here offers: definitions are
  // read as StructureDefinitions, as above. In this process the broker has loaded them, so the client would not ask.
  test('is told that there is no GraphQL, by which it would ask for schemas', async () => {
    await refused(medplum.graphql('{ StructureDefinitionList(name: "Patient") { name } }'), 404, {
      category: 'unsupported',
      code: 'not-supported',
      text: 'this resource type is not offered: see /fhir/metadata',
      at: null,
    });
  });
});

describe('MedplumClient: a recipient that answers by a message of its own', () => {
  test('[3a.2] [3a.8] reads the message, answers it, and is told that the answer was taken; a stranger is told of no such message', async () => {
    const it = await openMessaging();
    try {
      const lane = await it.lane({ mode: 'async', within: 600_000 });
      lane.epr.behave({ how: 'pending' });
      await lane.approve();
      await eventually(() => expect(lane.updates()).toHaveLength(1));
      const connect = async (caller: Caller) =>
        new MedplumClient({
          baseUrl: `${it.door.origin}/`,
          fhirUrlPath: 'fhir',
          fetch,
          cacheTime: 0,
          accessToken: await it.door.tokens.of(caller),
        });
      const epr = await connect(lane.caller);
      const message = JSON.parse(lane.updates()[0]?.bytes ?? '') as Bundle;
      const header = message.entry?.[0]?.resource;
      if (header?.resourceType !== 'MessageHeader') throw new Error('the header is first');
      const id = crypto.randomUUID();
      const answer: Bundle = {
        resourceType: 'Bundle',
        id: crypto.randomUUID(),
        type: 'message',
        timestamp: new Date().toISOString(),
        entry: [
          {
            fullUrl: `urn:uuid:${id}`,
            resource: {
              resourceType: 'MessageHeader',
              id,
              ...(header.eventCoding === undefined ? {} : { eventCoding: header.eventCoding }),
              source: { endpoint: lane.epr.address },
              response: { identifier: header.id ?? '', code: 'ok' },
            },
          },
        ],
      };
      const responseUrl = new URLSearchParams(lane.updates()[0]?.query).get('response-url') ?? '';
      expect(new URL(responseUrl).pathname).toBe('/fhir/$process-message');
      const stranger = await connect({ ods: 'ZZ8', kind: 'epr' });
      await expect(stranger.post(stranger.fhirUrl('$process-message'), answer)).rejects.toThrow(/no message of ours/);
      expect(await epr.post(epr.fhirUrl('$process-message'), answer)).toMatchObject({
        resourceType: 'OperationOutcome',
        issue: [{ severity: 'information' }],
      });
      await eventually(async () => expect((await lane.key()).copies).toMatchObject([{ state: 'held' }]));
      expect(lane.updates()).toHaveLength(1);
    } finally {
      await it.close();
    }
  }, 60_000);
});
