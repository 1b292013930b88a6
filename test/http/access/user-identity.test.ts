import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Bundle } from '@medplum/fhirtypes';
import { Registry } from 'prom-client';
import type { Test } from 'supertest';
import { createRateLimit } from '../../../src/http/access/rate-limit.ts';
import { ROUTES } from '../../../src/http/routes.ts';
import { claimsFor, identityFor, identityOf } from '../../support/sign-in.ts';
import { AMBER, AMBULANCE, approvePlan, NHS_NUMBER_SYSTEM, type OpenDoor, openDoor, openDoorOn, TRUST } from '../open-door.ts';
import { type FakeIssuer, openIssuer } from './fake-issuer.ts';
import { forgedIdentities } from './forged-identities.ts';

const HEADER = 'X-User-Identity';

let issuer: FakeIssuer;
let trap: FakeIssuer;
let door: OpenDoor;
beforeAll(async () => {
  [issuer, trap] = await Promise.all([openIssuer(), openIssuer()]);
  door = await openDoor(['127.0.0.0/8'], [(await import('../../support/sign-in.ts')).userIssuers(), issuer.issuer]);
  await approvePlan(door);
}, 60_000);
afterAll(async () => {
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  // Whoever is signed in is in the trail, and never in the log.
  expect(door.lines.join('\n')).not.toMatch(/Cedar|9999999|999000000001/);
  await Promise.all([door.close(), issuer.close(), trap.close()]);
});

const audience = (): string => `${door.origin}/fhir`;
const refusal = (status: number, code: string, says: RegExp) => ({
  status,
  body: {
    resourceType: 'OperationOutcome',
    issue: [{ code, expression: [`http.${HEADER}`], details: { text: expect.stringMatching(says) } }],
  },
});

describe('a forged or misused identity is refused on the door', () => {
  test.each(Object.keys(forgedIdentities('ZZ1', '', '')))('%s', async (name) => {
    const forge = forgedIdentities('ZZ1', audience(), trap.issuer)[name];
    if (forge === undefined) throw new Error('the list has changed');
    const { sent, says } = await forge();
    expect(await door.get(TRUST, '/fhir/Practitioner').set(HEADER, sent)).toMatchObject(refusal(401, 'login', says));
    expect(trap.asked).toEqual([]);
  });

  test('two header lines', async () => {
    const token = await identityFor(TRUST, audience());
    const headers = [
      ['Host', new URL(door.origin).host],
      ['Authorization', `Bearer ${await door.tokens.of(TRUST)}`],
      [HEADER, token],
      [HEADER, token],
    ].flat();
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request(`${door.origin}/fhir/Practitioner`, { headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(401);
  });

  test("the client's own access token, and the assertion by which it got it", async () => {
    const { assertionOf } = await import('../../support/access.ts');
    const assertion = await assertionOf(await door.tokens.clientIdOf(TRUST), audience());
    for (const [sent, says] of [
      [await door.tokens.of(TRUST), /its typ is JWT/],
      [assertion, /is of an issuer that the broker does not know/],
    ] as const)
      expect(await door.get(TRUST, '/fhir/Practitioner').set(HEADER, sent)).toMatchObject(refusal(401, 'login', says));
  });

  test("another client's user: the name of that client is no audience of this one", async () => {
    const sent = await identityFor(TRUST, await door.tokens.clientIdOf(AMBULANCE));
    expect(await door.get(TRUST, '/fhir/Practitioner').set(HEADER, sent)).toMatchObject(
      refusal(401, 'login', /is meant for another system/),
    );
  });

  test('a user of another organisation', async () => {
    const sent = await identityFor(AMBULANCE, audience());
    expect(await door.get(TRUST, '/fhir/Practitioner').set(HEADER, sent)).toMatchObject(
      refusal(403, 'forbidden', /no role at the organisation that calls/),
    );
  });

  test('every closed route refuses it, and an open one does not look at it', async () => {
    for (const { method, path, open } of ROUTES) {
      const at = path
        .replace(':type', 'Patient')
        .replace(':definition', 'StructureDefinition')
        .replace(':id', 'x')
        .replace(':version', '1');
      const send = { GET: 'get', POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'delete' } as const;
      const { status } = await door.as(door.agent[send[method]](at), TRUST).set(HEADER, 'garbage');
      expect([method, path, status === 401]).toEqual([method, path, !open]);
    }
  });
});

describe('an address from where known clients send wrong identities', () => {
  test('is not shut out for them: only for who proves to be nobody', async () => {
    const limited = await openDoorOn(door.database, ['127.0.0.0/8'], undefined, {
      limiting: (pool, log) => createRateLimit(pool, { perMinute: 1_000, refusedPerMinute: 3, log, metrics: new Registry() }),
    });
    const proxied = (test: Test): Test => test.set('X-Forwarded-For', '192.0.2.1');
    const known = (): Test => proxied(limited.get(TRUST, '/fhir/Practitioner'));
    try {
      for (let time = 0; time < 6; time++) expect((await known().set(HEADER, 'garbage')).status).toBe(401);
      expect((await known()).status).toBe(200);
      for (let time = 0; time < 3; time++) expect((await proxied(limited.agent.get('/fhir/Practitioner'))).status).toBe(401);
      expect((await known()).status).toBe(429);
    } finally {
      await limited.close();
    }
  });
});

describe('an identity that is right', () => {
  test.each([
    ['the broker', async () => audience()],
    ['the broker, by another name of this machine', async () => audience().replace('127.0.0.1', 'localhost')],
    ['the client', () => door.tokens.clientIdOf(TRUST)],
  ])('is taken, meant for %s', async (_, meant) => {
    const { status } = await door.get(TRUST, '/fhir/Practitioner').set(HEADER, await identityFor(TRUST, await meant()));
    expect(status).toBe(200);
  });

  test('I7 is in the trail of what they saw, without their name', async () => {
    const sent = await identityFor(AMBULANCE, audience());
    const query = new URLSearchParams({ 'patient.identifier': `${NHS_NUMBER_SYSTEM}|${AMBER}` });
    const { status } = await door.search(AMBULANCE, 'Flag', query.toString()).set(HEADER, sent);
    expect(status).toBe(200);
    const { rows } = await door.pool.query('SELECT caller FROM audit WHERE organization = $1 ORDER BY id DESC LIMIT 1', ['ZZ3']);
    expect(rows).toEqual([{ caller: 'https://fhir.hl7.org.uk/Id/gmc-number|9999999' }]);
  });
});

describe('an issuer that publishes its keys', () => {
  const ask = async (key = 'first') =>
    door.get(TRUST, '/fhir/Practitioner').set(HEADER, await issuer.sign({ ...claimsFor('ZZ1'), iss: issuer.issuer, aud: audience() }, key));

  test('that is down is told as passing, and nothing is let through', async () => {
    issuer.behave({ status: 503 });
    const answer = await ask();
    expect(answer).toMatchObject(refusal(503, 'transient', /the keys of its issuer cannot be had now: try again/));
    expect(answer.headers['retry-after']).toBe('2');
    // Whoever names nobody is not kept from anything.
    expect((await door.get(TRUST, '/fhir/Practitioner')).status).toBe(200);
    issuer.behave({});
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect((await ask()).status).toBe(200);
    expect(await ask('second')).toMatchObject(refusal(401, 'login', /is signed by no key of its issuer/));
  }, 20_000);
});

const plan = (id: string): Record<string, unknown> => ({
  ...JSON.parse(JSON.stringify(drafts.plan)),
  id,
  identifier: [{ system: 'https://publisher.example/plan', value: id }],
  supportingInfo: [{ reference: `Composition/words-${id}` }],
});
let drafts: { plan: Record<string, unknown>; words: Record<string, unknown> };
beforeAll(async () => {
  const { example } = await import('../open-door.ts');
  const { extension, ...bare } = example('crisis-plan');
  drafts = { plan: { ...bare, extension }, words: example('plan-words') };
});

interface Agent {
  readonly who: string;
  readonly as?: string;
}

/** Writes a draft and asks for its approval, by these agents, with this identity. */
const approve = async (id: string, agents: readonly Agent[], identity: string | null) => {
  const made = [await door.put(TRUST, { ...drafts.words, id: `words-${id}` }), await door.put(TRUST, plan(id))];
  for (const { status, text } of made) if (status > 201) throw new Error(text);
  return ask(id, agents, identity);
};
const parameters = (id: string, agents: readonly Agent[]) => ({
  resourceType: 'Parameters',
  parameter: [
    { name: 'version', valueString: '1' },
    {
      name: 'provenance',
      resource: {
        resourceType: 'Provenance',
        target: [{ reference: `CarePlan/${id}` }],
        recorded: '2026-11-02T09:00:00Z',
        activity: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-DocumentCompletion', code: 'LA' }] },
        agent: agents.map(({ who, as = 'attester' }) => ({
          type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type', code: as }] },
          who: { reference: who },
          onBehalfOf: { reference: 'Organization/trust' },
        })),
      },
    },
  ],
});
const ask = async (id: string, agents: readonly Agent[], identity: string | null) => {
  // Without the clinician whom the support of the tests signs in by default.
  const test = door.agent.post(`/fhir/CarePlan/${id}/$approve`).set('Authorization', `Bearer ${await door.tokens.of(TRUST)}`);
  return (identity === null ? test : test.set(HEADER, identity))
    .set('Content-Type', 'application/fhir+json')
    .send(JSON.stringify(parameters(id, agents)));
};
const signedIn = (claims: Record<string, unknown> = {}) => identityOf({ ...claimsFor('ZZ1'), aud: audience(), ...claims });
const approvedBy = async (id: string) =>
  (await door.pool.query('SELECT approved_by FROM approved_version WHERE care_plan_id = $1', [id])).rows[0]?.approved_by;

describe('G12 $approve needs the clinician who signs', () => {
  const GMC = 'https://fhir.hl7.org.uk/Id/gmc-number';
  const OTHER = /is another clinician than the user in X-User-Identity/;
  beforeAll(async () => {
    const practitioner = (id: string, identifier: readonly object[]) => ({
      resourceType: 'Practitioner',
      id,
      identifier,
      name: [{ family: 'Testclinician' }],
    });
    const made = [
      practitioner('cedar', [{ system: GMC, value: '9999999' }]),
      practitioner('cedar-by-code', [{ system: GMC, value: 'C9999999' }]),
      practitioner('cedar-by-spine', [{ system: 'https://fhir.nhs.uk/Id/sds-user-id', value: '999000000001' }]),
      practitioner('birch', [{ system: 'https://fhir.hl7.org.uk/Id/nmc-number', value: '99A9999X' }]),
      practitioner('same-digits', [{ system: 'https://fhir.hl7.org.uk/Id/nmc-number', value: '9999999' }]),
      practitioner('local-only', [{ system: 'https://publisher.example/staff', value: '17' }]),
      {
        resourceType: 'PractitionerRole',
        id: 'cedar-role',
        practitioner: { reference: 'Practitioner/cedar' },
        organization: { reference: 'Organization/trust' },
      },
      {
        resourceType: 'PractitionerRole',
        id: 'birch-role',
        practitioner: { reference: 'Practitioner/birch' },
        organization: { reference: 'Organization/trust' },
      },
    ];
    for (const resource of made) expect((await door.put(TRUST, resource)).status).toBe(201);
  });

  test('a client alone is refused, and the draft stays one', async () => {
    expect(await approve('alone', [{ who: 'Practitioner/cedar' }], null)).toMatchObject(
      refusal(403, 'forbidden', /approve needs a person: send the id token of the clinician who does it/),
    );
    expect((await door.get(TRUST, '/fhir/CarePlan/alone')).body.status).toBe('draft');
  });

  test('somebody without a registration is refused', async () => {
    const secretary = await signedIn({ gmc_id: undefined, sub: 'rowan', name: 'Example Testsecretary-Rowan' });
    expect(await approve('unregistered', [{ who: 'Practitioner/cedar' }], secretary)).toMatchObject(
      refusal(403, 'forbidden', /approve needs a registered clinician/),
    );
  });

  test('somebody of another organisation is refused', async () => {
    expect(await approve('elsewhere', [{ who: 'Practitioner/cedar' }], await identityFor({ ods: 'ZZ9' }, audience()))).toMatchObject(
      refusal(403, 'forbidden', /no role at the organisation that calls/),
    );
  });

  test.each([
    ['cedar', 'by a GMC number'],
    ['cedar-by-code', 'by a GMC number as consultant code'],
    ['cedar-by-spine', 'by the SDS user id'],
    ['local-only', 'who carries no registration: the claim is kept, and nothing is compared'],
    ['consultant', 'who carries no identifier'],
  ])('%s approves, %s', async (who) => {
    const { status, body } = await approve(`by-${who}`, [{ who: `Practitioner/${who}` }], await signedIn());
    expect([status, body.status]).toEqual([200, 'active']);
    expect(await approvedBy(`by-${who}`)).toEqual({
      issuer: 'https://sign-in.example',
      subject: '999000000001',
      sdsUserId: '999000000001',
      name: 'Example Testconsultant-Cedar',
      role: { code: 'S8000:G8000:R8000', display: 'Consultant' },
      organization: 'ZZ1',
      registrations: [{ system: GMC, value: '9999999' }],
      assurance: { identity: '3', authentication: '3' },
    });
  });

  test('by a role of theirs, too', async () => {
    expect((await approve('by-role', [{ who: 'PractitionerRole/cedar-role' }], await signedIn())).status).toBe(200);
    expect(await approve('by-role-of-another', [{ who: 'PractitionerRole/birch-role' }], await signedIn())).toMatchObject({
      status: 403,
      body: { issue: [{ expression: ['Provenance.agent[0].who'], details: { text: expect.stringMatching(OTHER) } }] },
    });
  });

  test.each([
    ['birch', 'another clinician'],
    ['same-digits', 'whose number in another register has the same digits'],
  ])('%s does not: %s', async (who) => {
    expect(await approve(`not-${who}`, [{ who: `Practitioner/${who}` }], await signedIn())).toMatchObject({
      status: 403,
      body: { issue: [{ expression: ['Provenance.agent[0].who'], details: { text: expect.stringMatching(OTHER) } }] },
    });
    expect((await door.get(TRUST, `/fhir/CarePlan/not-${who}`)).body.status).toBe('draft');
    expect(await approvedBy(`not-${who}`)).toBeUndefined();
  });

  test('an identity proves one: a second who signs needs one of their own', async () => {
    const both = [{ who: 'Practitioner/cedar' }, { who: 'Practitioner/birch', as: 'verifier' }];
    expect(await approve('two-sign', both, await signedIn())).toMatchObject({
      status: 403,
      body: { issue: [{ expression: ['Provenance.agent[1].who'] }] },
    });
    const twice = [{ who: 'Practitioner/cedar' }, { who: 'PractitionerRole/cedar-role', as: 'verifier' }];
    expect((await approve('signs-twice', twice, await signedIn())).status).toBe(200);
  });

  test('whoever wrote it signs nothing where another attests, and everything where nobody does', async () => {
    const wrote = [{ who: 'Practitioner/birch', as: 'author' }, { who: 'Practitioner/cedar' }];
    expect((await approve('birch-wrote', wrote, await signedIn())).status).toBe(200);
    const alone = [{ who: 'Practitioner/birch', as: 'author' }];
    expect(await approve('birch-alone', alone, await signedIn())).toMatchObject({
      status: 403,
      body: { issue: [{ expression: ['Provenance.agent[0].who'] }] },
    });
  });

  test('the second clinician is not the user under another name', async () => {
    const { extension } = drafts.plan as { extension: { url: string }[] };
    const without = extension.filter(({ url }) => !url.endsWith('agreed-with-person'));
    const agreed = {
      url: 'https://crisis-plan-broker.example/fhir/StructureDefinition/agreed-with-person',
      extension: [
        { url: 'agreed', valueBoolean: false },
        { url: 'reason', valueString: 'Lacks capacity for now' },
        { url: 'secondClinician', valueReference: { reference: 'Practitioner/cedar-by-code' } },
      ],
    };
    await door.put(TRUST, { ...drafts.words, id: 'words-second' });
    expect((await door.put(TRUST, { ...plan('second'), extension: [...without, agreed] })).status).toBe(201);
    expect(await ask('second', [{ who: 'Practitioner/cedar' }], await signedIn())).toMatchObject({
      status: 403,
      body: { issue: [{ expression: ['CarePlan.extension.agreedWithPerson.secondClinician'] }] },
    });
  });

  test('what was approved by whom never changes', async () => {
    const change = door.pool.query("UPDATE approved_version SET approved_by = NULL WHERE care_plan_id = 'by-cedar'");
    await expect(change).rejects.toMatchObject({ code: '23001' });
  });

  test('in a Bundle one user holds for every entry, and none for none', async () => {
    for (const id of ['in-bundle', 'in-bundle-alone']) {
      await door.put(TRUST, { ...drafts.words, id: `words-${id}` });
      await door.put(TRUST, plan(id));
    }
    const batch = (id: string) => ({
      resourceType: 'Bundle',
      type: 'batch',
      entry: [
        { request: { method: 'GET', url: 'Practitioner/cedar' } },
        { request: { method: 'POST', url: `CarePlan/${id}/$approve` }, resource: parameters(id, [{ who: 'Practitioner/cedar' }]) },
      ],
    });
    const statuses = ({ body }: { body: Bundle }) => (body.entry ?? []).map(({ response }) => response?.status?.slice(0, 3));
    const alone = await door.post(TRUST, '/fhir', batch('in-bundle-alone'));
    expect(statuses(alone)).toEqual(['200', '403']);
    const sent = await door.post(TRUST, '/fhir', batch('in-bundle')).set(HEADER, await signedIn());
    expect(statuses(sent)).toEqual(['200', '200']);
    expect(await approvedBy('in-bundle')).toMatchObject({ subject: '999000000001' });
  });
});

describe('$withdraw', () => {
  test('needs nobody, and keeps who it was where there is somebody', async () => {
    const withdraw = (id: string) =>
      door.post(TRUST, `/fhir/CarePlan/${id}/$withdraw`, {
        resourceType: 'Parameters',
        parameter: [{ name: 'reason', valueString: 'asked for' }],
      });
    for (const id of ['ended-by-user', 'ended-by-client'])
      expect((await approve(id, [{ who: 'Practitioner/cedar' }], await signedIn())).status).toBe(200);
    expect((await withdraw('ended-by-client')).status).toBe(200);
    expect((await withdraw('ended-by-user').set(HEADER, await signedIn({ gmc_id: undefined, sub: 'rowan' }))).status).toBe(200);
    const { rows } = await door.pool.query('SELECT care_plan_id, withdrawn_by FROM withdrawal ORDER BY care_plan_id');
    expect(rows).toEqual([
      { care_plan_id: 'ended-by-client', withdrawn_by: null },
      { care_plan_id: 'ended-by-user', withdrawn_by: 'https://sign-in.example|rowan' },
    ]);
  });
});
