import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AMBER, AMBULANCE, approvePlan, NOBODY, OPERATOR, openDoor, POLICE, TRUST } from '../open-door.ts';
import type { Caller, OpenDoor } from '../open-door.ts';
import { BASE, consumerAt, SUBJECT } from './consumer.ts';

let door: OpenDoor;
let nrl: ReturnType<typeof consumerAt>;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  nrl = consumerAt(door);
});
afterAll(() => door.close());

const SNOMED = 'http://snomed.info/sct';
const ODS = 'https://fhir.nhs.uk/Id/ods-organization-code';
const ofAmber = { 'subject:identifier': `${SUBJECT}${AMBER}` };
const ofNobody = { 'subject:identifier': `${SUBJECT}${NOBODY}` };
/** Another service that may ask, in no agreement. */
const STRANGER: Caller = { ods: 'ZZ8', kind: 'ed' };
const pointer = async () => (await nrl.post(AMBULANCE, ofAmber)).body.entry[0].resource;
const events = async (): Promise<readonly string[]> =>
  (await door.pool.query<{ event: string }>('SELECT event FROM audit ORDER BY id')).rows.map(({ event }) => event);

/** The NRL's code of an answer, which says no more than one thing. */
const codeOf = ({
  status,
  body,
}: {
  readonly status: number;
  readonly body: { issue: { code: string; details: { coding: object[] } }[] };
}) => {
  expect(body.issue).toHaveLength(1);
  const [issue] = body.issue;
  expect(issue?.details.coding).toHaveLength(1);
  const [coding] = (issue?.details.coding ?? []) as { system: string; code: string }[];
  expect(coding?.system).toBe('https://fhir.nhs.uk/CodeSystem/Spine-ErrorOrWarningCode');
  return [status, issue?.code, coding?.code];
};

describe('a consumer asks for pointers', () => {
  test('by POST and by GET it finds the same one pointer [nrl.1] [nrl.9]', async () => {
    const posted = await nrl.post(AMBULANCE, ofAmber);
    expect([posted.status, posted.body.resourceType, posted.body.type, posted.body.total]).toEqual([200, 'Bundle', 'searchset', 1]);
    expect(posted.headers['cache-control']).toBe('no-store');
    const got = await nrl.find(AMBULANCE, ofAmber);
    expect(got.body).toEqual(posted.body);
    expect(posted.body.link).toEqual([{ relation: 'self', url: `${door.origin}${BASE}?subject:identifier=` }]);
  });

  test('the pointer is as the NRL asks [nrl.10] [nrl.11] [nrl.12]', async () => {
    const found = await pointer();
    expect(found.id).toMatch(/^ZZ1-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    const trust = { type: 'Organization', identifier: { system: ODS, value: 'ZZ1' } };
    expect(found).toMatchObject({
      status: 'current',
      docStatus: 'final',
      type: { coding: [{ system: SNOMED, code: '736253002', display: 'Mental health crisis plan' }] },
      category: [{ coding: [{ system: SNOMED, code: '734163000', display: 'Care plan' }] }],
      subject: { identifier: { system: 'https://fhir.nhs.uk/Id/nhs-number', value: AMBER } },
      author: [trust],
      custodian: trust,
      securityLabel: [{ coding: [{ code: 'V' }] }],
      context: { practiceSetting: { coding: [{ system: SNOMED, code: '788002001' }] } },
    });
    expect(found.subject).not.toHaveProperty('reference');
    expect(found.date).toBe(found.meta.lastUpdated);
    expect(
      found.content.map((each: { attachment: { contentType: string }; format: { code: string } }) => [
        each.attachment.contentType,
        each.format.code,
      ]),
    ).toEqual([
      ['application/pdf', 'urn:nhs-ic:unstructured'],
      ['text/html', 'urn:nhs-ic:record-contact'],
    ]);
    for (const { extension } of found.content) {
      expect(
        extension.map((each: { valueCodeableConcept: { coding: { code: string }[] } }) => each.valueCodeableConcept.coding[0]?.code),
      ).toEqual(['dynamic', 'Direct']);
    }
    // Neither an address nor anything but the subject tells who it is.
    expect(JSON.stringify({ ...found, subject: null })).not.toContain(AMBER);
    expect(JSON.stringify(found)).not.toMatch(/touch me|Amber|duty nurse/);
  });

  test('one pointer is read by its id, and only under its custodian [nrl.2]', async () => {
    const found = await pointer();
    const read = await nrl.get(AMBULANCE, `${BASE}/${found.id}`);
    expect([read.status, read.body]).toEqual([200, found]);
    const other = await nrl.get(AMBULANCE, `${BASE}/${String(found.id).replace('ZZ1', 'ZZ9')}`);
    expect(codeOf(other)).toEqual([404, 'not-found', 'NO_RECORD_FOUND']);
  });

  test('_summary=count gives the total only [nrl.8]', async () => {
    const { body } = await nrl.post(AMBULANCE, { ...ofAmber, _summary: 'count' });
    expect(body.total).toBe(1);
    expect(body).not.toHaveProperty('entry');
  });

  test('type, category and custodian narrow it; without a match it is an empty searchset [nrl.7]', async () => {
    const total = async (more: Readonly<Record<string, string>>): Promise<number> => {
      const { status, body } = await nrl.post(AMBULANCE, { ...ofAmber, ...more });
      expect(status).toBe(200);
      return body.total;
    };
    expect(await total({ type: `${SNOMED}|736253002`, category: `${SNOMED}|734163000`, 'custodian:identifier': `${ODS}|ZZ1` })).toBe(1);
    expect(await total({ type: `${SNOMED}|736373009` })).toBe(0);
    expect(await total({ type: `${SNOMED}|736373009,${SNOMED}|736253002` })).toBe(1);
    expect(await total({ category: `${SNOMED}|823651000000106` })).toBe(0);
    expect(await total({ 'custodian:identifier': `${ODS}|ZZ9` })).toBe(0);
  });

  test('I7 that a plan exists is on record as that, and no more [nrl.16]', async () => {
    const before = (await events()).length;
    await nrl.post(AMBULANCE, ofAmber);
    expect((await events()).slice(before)).toEqual(['flag']);
  });

  test('I8 no line of the log holds the number that a GET had in its address [nrl.17]', async () => {
    await nrl.find(AMBULANCE, ofAmber);
    await nrl.find(AMBULANCE, { ...ofAmber, unknown: AMBER });
    expect(door.lines.join('\n')).not.toContain(AMBER);
    expect((await door.agent.get('/metrics')).text).not.toContain(AMBER);
  });
});

describe('headers', () => {
  test.each([
    ['no organisation', { 'NHSD-End-User-Organisation-ODS': null }, [400, 'required', 'PRECONDITION_FAILED']],
    ['an empty organisation', { 'NHSD-End-User-Organisation-ODS': ' ' }, [403, 'forbidden', 'ACCESS_DENIED']],
    ["another's organisation", { 'NHSD-End-User-Organisation-ODS': 'ZZ9' }, [403, 'forbidden', 'ACCESS_DENIED']],
    ['no request id', { 'X-Request-ID': null }, [400, 'invalid', 'MISSING_OR_INVALID_HEADER']],
    ['a request id that is no UUID', { 'X-Request-ID': '1234' }, [400, 'invalid', 'MISSING_OR_INVALID_HEADER']],
    ['a token that is none', { Authorization: 'Bearer none' }, [401, 'forbidden', 'ACCESS_DENIED']],
    ['another media type', { Accept: 'application/fhir+xml' }, [406, 'not-supported', 'BAD_REQUEST']],
  ])('%s is refused [nrl.3] [nrl.4] [nrl.14]', async (_, headers, expected) => {
    expect(codeOf(await nrl.post(AMBULANCE, ofAmber, headers))).toEqual(expected);
  });

  test('without a token nothing is said of what is here [nrl.14]', async () => {
    for (const path of [BASE, '/nrl/elsewhere', '/nrl'])
      expect(codeOf(await door.agent.get(path))).toEqual([401, 'forbidden', 'ACCESS_DENIED']);
  });

  test('the ids go back as they came, with an error too [nrl.4]', async () => {
    const ids = { 'X-Request-ID': randomUUID(), 'X-Correlation-ID': 'incident-7' };
    for (const parameters of [ofAmber, {}]) {
      const { headers } = await nrl.post(AMBULANCE, parameters, ids);
      expect([headers['x-request-id'], headers['x-correlation-id']]).toEqual(Object.values(ids));
    }
  });
});

describe('parameters that are wrong change nothing, and say which', () => {
  const given = (name: string, value: string) => ({ ...ofAmber, [name]: value });
  test.each([
    ['no subject', {}, 'INVALID_PARAMETER', 'http.subject:identifier'],
    [
      'a subject of another system',
      { 'subject:identifier': `https://fhir.nhs.uk/id/nhs-number|${AMBER}` },
      'INVALID_PARAMETER',
      'http.subject:identifier',
    ],
    ['letters for a number', { 'subject:identifier': `${SUBJECT}abcdefghij` }, 'INVALID_PARAMETER', 'http.subject:identifier'],
    ['a wrong check digit', { 'subject:identifier': `${SUBJECT}9990012343` }, 'INVALID_NHS_NUMBER', 'http.subject:identifier'],
    ['too few digits', { 'subject:identifier': `${SUBJECT}999001234` }, 'INVALID_NHS_NUMBER', 'http.subject:identifier'],
    ['an unknown parameter', given('patient', AMBER), 'INVALID_PARAMETER', 'http.query'],
    ['a type without a system', given('type', '736253002'), 'INVALID_PARAMETER', 'http.type'],
    ['a type of another system', given('type', 'http://loinc.org|1-8'), 'INVALID_CODE_SYSTEM', 'http.type'],
    ['a category of another system', given('category', 'http://loinc.org|1-8'), 'INVALID_CODE_SYSTEM', 'http.category'],
    ['a custodian of another system', given('custodian:identifier', 'urn:x|ZZ1'), 'INVALID_PARAMETER', 'http.custodian:identifier'],
    ['another summary', given('_summary', 'text'), 'INVALID_PARAMETER', 'http._summary'],
    ['a page that was never given', given('next-page-token', 'abc'), 'INVALID_PARAMETER', 'http.next-page-token'],
    ['a format', given('_format', 'xml'), 'INVALID_PARAMETER', 'http.query'],
    ['a NUL', given('type', '\0'), 'INVALID_PARAMETER', 'http.type'],
  ])('%s is 400 [nrl.5] [nrl.6] [nrl.13]', async (_, parameters, code, at) => {
    const before = (await events()).length;
    for (const answer of [await nrl.post(AMBULANCE, parameters), await nrl.find(AMBULANCE, parameters)]) {
      expect([codeOf(answer)[0], codeOf(answer)[2], answer.body.issue[0].expression]).toEqual([400, code, [at]]);
      expect(answer.text).not.toMatch(/9990012343|9990012342|999001234/);
    }
    expect((await events()).length).toBe(before);
  });

  test('a parameter twice, in the address and in the form, is 400 [nrl.5]', async () => {
    const answer = await nrl
      .get(AMBULANCE, BASE)
      .query(new URLSearchParams([...Object.entries(ofAmber), ...Object.entries(ofAmber)]).toString());
    expect(codeOf(answer)).toEqual([400, 'invalid', 'INVALID_PARAMETER']);
  });

  test('what is not offered is refused with what is [nrl.13]', async () => {
    const written = await door.as(door.agent.post(BASE), AMBULANCE).set('Content-Type', 'application/fhir+json').send('{}');
    expect([...codeOf(written), written.headers['allow']]).toEqual([405, 'not-supported', 'BAD_REQUEST', 'GET']);
    expect(codeOf(await nrl.get(AMBULANCE, '/nrl/consumer/FHIR/R4/Patient'))).toEqual([404, 'not-found', 'RESOURCE_NOT_FOUND']);
    const json = await nrl.post(AMBULANCE, ofAmber).set('Content-Type', 'application/json');
    expect(codeOf(json)[0]).toBe(415);
  });
});

describe('who may ask', () => {
  test.each([
    ['police', POLICE],
    ['a publisher', TRUST],
    ['the operator', OPERATOR],
  ])('%s may not, whatever is asked [nrl.15]', async (_, caller) => {
    for (const answer of [
      await nrl.post(caller, ofAmber),
      await nrl.get(caller, `${BASE}/${(await pointer()).id}`),
      await nrl.get(caller, `/nrl/content/${String((await pointer()).id).slice(4)}/plan`),
      await nrl.get(caller, `/nrl/content/${String((await pointer()).id).slice(4)}/contact`),
    ])
      expect(codeOf(answer)).toEqual([403, 'forbidden', 'ACCESS_DENIED']);
  });

  test('the scope of DocumentReference is what counts, letter by letter [nrl.15]', async () => {
    const { id } = await pointer();
    const searching: Caller = { ...AMBULANCE, scopes: ['system/DocumentReference.s'] };
    const reading: Caller = { ...AMBULANCE, scopes: ['system/DocumentReference.r'] };
    const other: Caller = { ...AMBULANCE, scopes: ['system/CarePlan.rs'] };
    expect((await nrl.post(searching, ofAmber)).status).toBe(200);
    expect((await nrl.get(searching, `${BASE}/${id}`)).status).toBe(403);
    expect((await nrl.post(reading, ofAmber)).status).toBe(403);
    expect((await nrl.get(reading, `${BASE}/${id}`)).status).toBe(200);
    expect((await nrl.get(searching, `/nrl/content/${String(id).slice(4)}/plan`)).status).toBe(403);
    expect((await nrl.post(other, ofAmber)).status).toBe(403);
  });

  test('I6 a service in no agreement is answered as if there were nobody [nrl.9]', async () => {
    const refused = await nrl.post(STRANGER, ofAmber);
    const absent = await nrl.post(STRANGER, ofNobody);
    expect([refused.status, refused.body.total, refused.text]).toEqual([200, 0, absent.text]);
    const { id } = await pointer();
    const nowhere = '00000000-0000-4000-8000-000000000000';
    for (const path of [`${BASE}/ZZ1-:id`, '/nrl/content/:id/plan', '/nrl/content/:id/contact']) {
      const [hidden, none] = [
        await nrl.get(STRANGER, path.replace(':id', String(id).slice(4))),
        await nrl.get(STRANGER, path.replace(':id', nowhere)),
      ];
      expect(codeOf(hidden)).toEqual([404, 'not-found', 'NO_RECORD_FOUND']);
      expect(hidden.text).toBe(none.text);
      expect(Object.keys(hidden.headers).sort()).toEqual(Object.keys(none.headers).sort());
    }
  });
});

test('I1 a plan that is withdrawn has no pointer any more, by search, by id, or by what it pointed to [nrl.18]', async () => {
  const other = await openDoor();
  try {
    await approvePlan(other);
    const asked = consumerAt(other);
    const { id } = (await asked.post(AMBULANCE, ofAmber)).body.entry[0].resource;
    const reason = { resourceType: 'Parameters', parameter: [{ name: 'reason', valueString: 'Asked for by the person' }] };
    expect((await other.post(TRUST, '/fhir/CarePlan/plan-1/$withdraw', reason)).status).toBe(200);
    expect((await asked.post(AMBULANCE, ofAmber)).body.total).toBe(0);
    const uuid = String(id).slice(4);
    for (const path of [`${BASE}/${id}`, `/nrl/content/${uuid}/plan`, `/nrl/content/${uuid}/contact`])
      expect((await asked.get(AMBULANCE, path)).status).toBe(404);
  } finally {
    await other.close();
  }
}, 30_000);
