import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Parameters } from '@medplum/fhirtypes';
import { System } from '../../../profiles/canonicals.ts';
import { erase } from '../../../src/store/erase.ts';
import { caller, operator, publisher } from '../../store/ground.ts';
import { workOnce } from '../../store/work-once.ts';
import * as body from '../../support/bodies.ts';
import type { Answer, MatchGround } from '../match-ground.ts';
import { AMBULANCE, byNumber, openMatchGround, OTHER_TRUST, somebody, tokenOf, TRUST, untraced } from '../match-ground.ts';

/** One answer as it was given live: of which plan and service, at which moment. */
interface Live {
  readonly what: string;
  readonly plan: string;
  readonly recipient: string;
  readonly at: string;
  readonly answer: Answer;
}

const RECIPIENTS = ['svc-ed', 'svc-amb', 'svc-force'];
let door: MatchGround;
let number = '';
const lives: Live[] = [];

const explain = (plan: string, recipient: string, at?: string): Promise<Answer> =>
  door.ask(
    TRUST,
    `CarePlan/${plan}/$explain?recipient=HealthcareService/${recipient}${at === undefined ? '' : `&at=${encodeURIComponent(at)}`}`,
  );
const named = (json: Parameters, name: string) => (json.parameter ?? []).filter((each) => each.name === name);
/** Without what is the call's own: when it was asked for, and what it says of itself. */
const told = ({ status, json }: Answer) => ({
  status,
  said: (json.parameter ?? []).filter(({ name }: { name: string }) => !['at', 'note'].includes(name)),
});
const databaseTime = async (): Promise<string> =>
  (await door.ground.database.pool.query<{ now: Date }>('SELECT clock_timestamp() AS now')).rows[0]?.now.toISOString() ?? '';
/** Until the database's clock shows another millisecond: FHIR instants are told apart by those. */
const nextMoment = async (): Promise<string> => {
  const before = await databaseTime();
  let now = before;
  while (now === before) now = await databaseTime();
  return now;
};
const worked = async (): Promise<void> => {
  await door.ground.fanOutAll();
  while (await workOnce(door.ground.ledger(), 'svc-ed'));
};

/** Does something, and asks what each plan and service is answered after it. */
const after = async (what: string, done: () => Promise<unknown>): Promise<void> => {
  await done();
  await worked();
  const at = await nextMoment();
  for (const plan of ['plan-amber', 'plan-2'])
    for (const recipient of RECIPIENTS) lives.push({ what, plan, recipient, at, answer: await explain(plan, recipient) });
  await nextMoment();
};

const consents = (kinds: readonly ('ed' | 'ambulance')[], more: body.ConsentOptions = {}) =>
  door.ground.put(publisher, body.consent('cons-amber', 'amber', 'org-trust', { kinds, ...more }));
const approve = async (id: string, words: Readonly<Record<string, string>>, options: body.PlanOptions) => {
  await door.ground.put(publisher, body.composition(`words-of-${id}`, 'amber', words));
  await door.ground.put(publisher, body.carePlan(id, 'amber', `words-of-${id}`, options));
  return door.ground.store.approve(publisher, id, '1', body.approval(id), body.approver);
};
const RING = { 'who-to-ring': 'Ring, day and night: 01632 960001' };
/** The ambulance service, which serves an area. */
const service = (active: boolean) =>
  door.ground.put(operator, {
    ...body.service('svc-amb', 'org-amb', 'ambulance'),
    active,
    coverageArea: [{ identifier: { system: System.area, value: 'E06000001' } }],
  });

beforeAll(async () => {
  door = await openMatchGround();
  number = door.ground.numbers.next();
  await door.ground.put(publisher, somebody('amber', number));
  await consents(['ed', 'ambulance']);
  // A draft that nobody approves, and one that is written long before it is in force.
  await door.ground.put(publisher, body.carePlan('plan-late', 'amber', 'no-words', { reach: [], identifier: 'another' }));
  await door.ground.put(publisher, body.composition('words-of-plan-2', 'amber', { ...RING, triggers: 'Loud sirens upset me' }));
  await door.ground.put(publisher, body.carePlan('plan-2', 'amber', 'words-of-plan-2', { reach: ['svc-amb'], replaces: 'plan-amber' }));
  await approveFirst();
  await after('the consent is revoked', () => consents(['ed', 'ambulance'], { status: 'inactive' }));
  await after('consent is given again, for fewer', () => consents(['ed'], { headings: ['who-to-ring', 'please-do'] }));
  await after('the agreement with the ED is ended', () => door.ground.agree('ed', 'terminated'));
  await after('the agreement with the ED is made again', () => door.ground.agree('ed'));
  await after('a consent names a service that nobody knows', () =>
    door.ground.put(publisher, {
      ...body.consent('cons-more', 'amber', 'org-trust', {}),
      provision: {
        type: 'deny',
        provision: [
          {
            type: 'permit',
            actor: [
              {
                role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
                reference: { reference: 'Organization/org-later' },
              },
            ],
          },
        ],
      },
    }),
  );
  await after('and the operator registers it: it is the police force', () =>
    door.ground.put(operator, body.organization('org-later', 'XFORCE', 'police')),
  );
  await after('another trust restricts its record of the same person', async () => {
    await door.ground.put(operator, body.organization('org-other', 'TRUST2', 'publisher'));
    await door.ground.put(caller('TRUST2', 'publisher'), {
      ...somebody('amber-elsewhere', number),
      meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }] },
    });
  });
  await after('and lifts that', () => door.ground.put(caller('TRUST2', 'publisher'), somebody('amber-elsewhere', number)));
  await after('an ambulance crew meets the person', () => door.ground.put(caller('XAMB', 'ambulance'), contact('in-progress')));
  await after('and hands them over', () => door.ground.put(caller('XAMB', 'ambulance'), { ...contact('finished'), id: 'contact-1' }));
  await after('the service is switched off', () => service(false));
  await after('and on again', () => service(true));
  await after('the plan is superseded by one with another reach', () =>
    door.ground.store.approve(publisher, 'plan-2', '1', body.approval('plan-2'), body.approver),
  );
  await after('the ambulance service looks the person up by number', async () => {
    await consents(['ambulance', 'ed']);
    const found = await door.match(AMBULANCE, byNumber(number));
    await door.confirm(AMBULANCE, tokenOf(found), byNumber(number));
  });
  await after('the number is in doubt', () => door.ground.put(publisher, untraced(somebody('amber', number))));
  await after('the ambulance service finds the person by name', async () => {
    const found = await door.match(AMBULANCE, untraced(somebody('amber', number)));
    await door.confirm(AMBULANCE, tokenOf(found), untraced(somebody('amber', number)));
  });
  await after('the number is right after all', () => door.ground.put(publisher, somebody('amber', number)));
  await after('the plan is withdrawn', () => door.ground.store.withdraw(publisher, 'plan-2', 'The person asked for it'));
}, 90_000);
afterAll(() => door?.close());

const contact = (status: 'in-progress' | 'finished') => ({
  resourceType: 'Encounter' as const,
  id: 'contact-1',
  identifier: [{ system: 'https://xamb.example/incident', value: 'INC-1' }],
  status,
  class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'EMER' },
  subject: { identifier: { system: 'https://fhir.nhs.uk/Id/nhs-number', value: number } },
  period: { start: '2026-11-01T10:00:00Z' },
});
const approveFirst = () =>
  after('the first version is approved', () => approve('plan-amber', { ...RING, 'please-do': 'Speak slowly' }, { reach: ['svc-ed'] }));

describe('$explain at a past instant', () => {
  test('the ground tells moments apart', () => {
    const bodies = new Set(lives.map(({ answer }) => JSON.stringify(told(answer))));
    expect(bodies.size).toBeGreaterThan(15);
  });

  test('each moment is answered as it was answered live: gates, facts by version and hash, answer, addresses', async () => {
    for (const { what, plan, recipient, at, answer } of lives) {
      const then = await explain(plan, recipient, at);
      expect({ what, plan, recipient, ...told(then) }).toEqual({ what, plan, recipient, ...told(answer) });
      if (then.status === 200) expect(named(then.json, 'at')[0]?.valueInstant).toBe(at);
    }
  }, 60_000);

  test('a draft was in force at no time', async () => {
    expect((await explain('plan-late', 'svc-ed', lives.at(-1)?.at)).status).toBe(404);
  });

  test('what could not be read as it was then is said, and nothing of it where it was', async () => {
    const last = lives.findLast(({ answer }) => answer.status === 200);
    if (last === undefined) throw new Error('the ground has answers');
    const notes = async (): Promise<readonly string[]> =>
      named((await explain(last.plan, last.recipient, last.at)).json, 'note').map(({ valueString }) => String(valueString));
    expect(await notes()).toEqual([
      expect.stringMatching(/rules of the broker as it runs now/),
      expect.stringMatching(/^Records of other organisations/),
      expect.stringMatching(/^Crisis contacts/),
    ]);
    expect(named((await explain(last.plan, last.recipient)).json, 'note')).toEqual([]);
    const found = lives.find(({ what, recipient, plan }) => what.includes('by name') && recipient === 'svc-amb' && plan === 'plan-2');
    expect(named(found?.answer.json, 'answer')).toEqual([{ name: 'answer', valueCode: 'hold' }]);
    expect(JSON.stringify((await explain('plan-2', 'svc-amb', found?.at)).json)).toMatch(/read from the trail of that time/);
    // As of a key that was made before it was noted when.
    await door.ground.database.pool.query(`UPDATE ledger_key SET made_at = NULL WHERE recipient_id = $1`, ['svc-ed']);
    const ed = lives.findLast(({ answer, recipient }) => answer.status === 200 && recipient === 'svc-ed');
    expect(JSON.stringify((await explain('plan-2', 'svc-ed', ed?.at)).json)).toMatch(/Of some addresses it is not known since when/);
  });

  test.each([
    ['of a day', '2026-11-01', /one instant/],
    ['without a zone', '2026-11-01T10:00:00', /one instant/],
    ['of a day that is none', '2026-02-30T10:00:00Z', /one instant/],
    ['of an hour that is none', '2026-02-03T24:00:01Z', /one instant/],
    ['of nothing', '', /one instant/],
    ['that is no instant at all', "x' OR 1=1", /one instant/],
    ['in the future', '2999-01-01T00:00:00Z', /in the future/],
    ['before the plan was written', '2020-01-01T00:00:00+01:00', /before this CarePlan was written/],
  ])('an instant %s is refused, and it is said why', async (_, at, why) => {
    const { status, json } = await explain('plan-2', 'svc-amb', at);
    expect([status, json.resourceType, json.issue[0].expression]).toEqual([400, 'OperationOutcome', ['http.at']]);
    expect(JSON.stringify(json.issue)).toMatch(why);
  });

  test('two instants are refused, and an instant may be written with any zone', async () => {
    const [first] = lives;
    if (first === undefined) throw new Error('the ground has answers');
    const twice = await door.ask(TRUST, `CarePlan/plan-2/$explain?recipient=svc-amb&at=${first.at}&at=${first.at}`);
    expect(twice.status).toBe(400);
    const inIndia = new Date(Date.parse(first.at) + 5.5 * 3_600_000).toISOString().replace('Z', '+05:30');
    expect((await explain('plan-amber', 'svc-ed', inIndia)).json).toEqual((await explain('plan-amber', 'svc-ed', first.at)).json);
  });

  test('I6, I7: another’s plan is not there at any time, a recipient may not ask, and each call is on record', async () => {
    const path = `CarePlan/plan-2/$explain?recipient=svc-amb&at=${lives[0]?.at}`;
    expect([(await door.ask(OTHER_TRUST, path)).status, (await door.ask(AMBULANCE, path)).status]).toEqual([404, 403]);
    const count = async () =>
      (await door.ground.database.pool.query(`SELECT count(*)::integer AS rows FROM audit WHERE event = 'explain'`)).rows[0].rows;
    const before = await count();
    await explain('plan-2', 'svc-amb', lives[0]?.at);
    expect(await count()).toBeGreaterThan(before);
  });

  test('a write that is under way is waited for: an instant that has passed is answered once all of it is committed', async () => {
    const { pool } = door.ground.database;
    const writer = await pool.connect();
    try {
      await writer.query('BEGIN');
      await writer.query('SELECT pg_advisory_xact_lock(3, hashtext($1))', ['svc-amb']);
      let isAnswered = false;
      const asked = explain('plan-2', 'svc-amb', await databaseTime()).finally(() => {
        isAnswered = true;
      });
      const waiting = async (): Promise<number> =>
        (await pool.query(`SELECT count(*)::integer AS waiting FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`)).rows[0].waiting;
      while (!isAnswered && (await waiting()) === 0);
      expect(isAnswered).toBe(false);
      await writer.query('COMMIT');
      expect((await asked).status).toBe(200);
    } finally {
      writer.release();
    }
  });

  test('of an erased person nothing is answered', async () => {
    await door.ground.database.pool.query(`UPDATE ledger_key SET state = state || '{"copies": []}', open_delivery = NULL`);
    await erase(door.ground.database.pool, { patientId: 'amber', reason: 'Asked for', operator: 'BROKER', isRehearsal: false });
    for (const { plan, recipient, at } of lives.filter((_, index) => index % 8 === 0)) {
      const { status, text } = await explain(plan, recipient, at);
      expect([404, 410]).toContain(status);
      expect(text).not.toContain('Contract/');
    }
  });
});
