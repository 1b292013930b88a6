import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { example, type openDoor as Open, openDoor, OPERATOR, TRUST } from '../open-door.ts';

let door: Awaited<ReturnType<typeof Open>>;
beforeAll(async () => {
  door = await openDoor();
  await door.put(OPERATOR, {
    resourceType: 'Organization',
    id: 'trust',
    identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZ1' }],
    name: 'Example trust',
  });
  await door.put(TRUST, example('plan-patient'));
});
afterAll(() => door.close());

type Body = Record<string, unknown>;
const practitioner = (family: string): Body => ({ resourceType: 'Practitioner', name: [{ family }] });
const plan = (patient: string): Body => ({ ...example('crisis-plan'), subject: { reference: `Patient/${patient}` } });
const many = Array.from({ length: 24 }, (_, at) => at);
const fanOuts = async (): Promise<number> => (await door.pool.query('SELECT FROM fan_out')).rowCount ?? 0;

describe('resources that are created at once', () => {
  test('are each stored as if they had come alone: as answered, with their time, and found', async () => {
    const { id: patient } = example('plan-patient');
    const bodies = many.map((at) => (at % 3 === 0 ? plan(String(patient)) : practitioner(`At-Once-${at}`)));
    const answers = await Promise.all(bodies.map((body) => door.post(TRUST, `/fhir/${String(body['resourceType'])}`, body)));
    expect(answers.map(({ status }) => status)).toEqual(many.map(() => 201));
    for (const [at, { body, headers }] of answers.entries()) {
      const read = await door.get(TRUST, `/fhir/${body.resourceType}/${body.id}`);
      expect(read.body).toEqual(body);
      expect(read.body).toEqual({ ...bodies[at], id: body.id, meta: { ...(bodies[at]?.['meta'] ?? {}), ...body.meta } });
      expect(body.meta.versionId).toBe('1');
      const { rows } = await door.pool.query<{ updated_at: Date }>(
        'SELECT r.updated_at FROM resource r JOIN resource_version v USING (type, id, version, owner, updated_at, body) WHERE id = $1',
        [body.id],
      );
      expect((await door.get(TRUST, `/fhir/${body.resourceType}/${body.id}/_history/1`)).body).toEqual(body);
      expect(rows[0]?.updated_at.toISOString()).toBe(body.meta.lastUpdated);
      expect(headers['last-modified']).toBe(new Date(body.meta.lastUpdated).toUTCString());
    }
    const { body: found } = await door.search(TRUST, 'Practitioner', 'name=at-once-1&_count=100');
    const names = found.entry.map(({ resource }: { resource: { name: { family: string }[] } }) => resource.name[0]?.family).sort();
    expect(names).toEqual(['At-Once-1', 'At-Once-10', 'At-Once-11', 'At-Once-13', 'At-Once-14', 'At-Once-16', 'At-Once-17', 'At-Once-19']);
  });

  test('are refused by themselves: plans of no Patient of this organisation, among others that are stored', async () => {
    const before = await door.stored();
    const answers = await Promise.all(
      many.map((at) =>
        door.post(TRUST, `/fhir/${at % 2 === 0 ? 'CarePlan' : 'Practitioner'}`, at % 2 === 0 ? plan('of-nobody') : practitioner('Beside')),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(many.map((at) => (at % 2 === 0 ? 422 : 201)));
    expect(answers[0]?.body.issue[0].expression).toEqual(['CarePlan.subject']);
    expect((await door.stored()) - before).toBe(12);
  });

  test('fail by themselves where the database fails one of them', async () => {
    await door.owner.query(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'on purpose'; END $$`);
    await door.owner.query(
      `CREATE TRIGGER fails BEFORE INSERT ON resource FOR EACH ROW WHEN (NEW.body LIKE '%Fails-On-Purpose%') EXECUTE FUNCTION fail()`,
    );
    // The first two statements wait for the table; all that comes meanwhile shares the next ones.
    const holding = await door.pool.connect();
    await holding.query('BEGIN; LOCK TABLE resource IN SHARE MODE');
    const asked = many.map((at) => door.post(TRUST, '/fhir/Practitioner', practitioner(at === 7 ? 'Fails-On-Purpose' : 'Does-Not-Fail')));
    const answering = Promise.all(asked);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await holding.query('COMMIT');
    holding.release();
    const answers = await answering;
    await door.owner.query('DROP TRIGGER fails ON resource');
    expect(answers.map(({ status }) => status)).toEqual(many.map((at) => (at === 7 ? 500 : 201)));
  });
});

describe('a transaction', () => {
  const send = (entry: readonly Body[]) => door.post(TRUST, '/fhir', { resourceType: 'Bundle', type: 'transaction', entry });
  const A = 'urn:uuid:6f1b1c1e-0000-4000-8000-00000000000a';

  test('finds what it has created, by a search and by its name', async () => {
    const { body } = await send([
      { request: { method: 'GET', url: 'Practitioner?name=Seen-At-Once' } },
      { request: { method: 'POST', url: 'Practitioner' }, resource: practitioner('Seen-At-Once') },
      { request: { method: 'POST', url: 'Practitioner' }, resource: practitioner('Seen-At-Once') },
    ]);
    expect(body.entry[0].resource.total).toBe(2);
  });

  test('that fails after what it has created stores none of it', async () => {
    const before = await door.stored();
    const { status, body } = await send([
      { request: { method: 'POST', url: 'Practitioner' }, resource: practitioner('Undone') },
      { request: { method: 'POST', url: 'CarePlan' }, resource: plan('of-nobody') },
    ]);
    expect(status).toBe(422);
    expect(body.issue[0].expression).toEqual(['Bundle.entry[1].resource.subject']);
    expect(await door.stored()).toBe(before);
  });

  test('tells of a reference by full URL to what may not stand there, with all else that is wrong', async () => {
    const { status, body } = await send([
      { fullUrl: A, request: { method: 'POST', url: 'Practitioner' }, resource: practitioner('No-Organisation') },
      {
        request: { method: 'POST', url: 'PractitionerRole' },
        resource: { resourceType: 'PractitionerRole', organization: { reference: A } },
      },
      { request: { method: 'POST', url: 'PractitionerRole' }, resource: { resourceType: 'PractitionerRole', active: 'yes' } },
    ]);
    expect(status).toBe(422);
    const places = body.issue.map(({ expression }: { expression: string[] }) => expression[0]);
    expect(places).toContain('Bundle.entry[1].resource.organization');
    expect(places).toContain('Bundle.entry[2].resource.active');
  });

  test('that writes a person and two consents leaves one row to fan out, and a write of no fact leaves none', async () => {
    const before = await fanOuts();
    const { id: _chosen, identifier: _number, ...patient } = example('plan-patient', 'valid-full');
    const numbered = { ...patient, identifier: [{ ...(_number as Body[])[0], value: '9990000018' }] };
    const { id: _id, ...consent } = example('sharing-consent', 'valid-first');
    const about = { ...consent, patient: { reference: A } };
    const { status } = await send([
      { fullUrl: A, request: { method: 'POST', url: 'Patient' }, resource: numbered },
      { request: { method: 'POST', url: 'Consent' }, resource: about },
      { request: { method: 'POST', url: 'Consent' }, resource: about },
    ]);
    expect(status).toBe(200);
    expect((await fanOuts()) - before).toBe(1);
    await door.post(TRUST, '/fhir/Practitioner', practitioner('No-Fact'));
    expect((await fanOuts()) - before).toBe(1);
  });
});
