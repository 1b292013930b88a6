import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AuditEvent, Task } from '@medplum/fhirtypes';
import type { MatchGround } from './match-ground.ts';
import { AMBULANCE, ED, openMatchGround, OPERATOR, TRUST } from './match-ground.ts';

let door: MatchGround;
beforeAll(async () => {
  door = await openMatchGround();
}, 60_000);
afterAll(() => door?.close());

const parameters = (...parameter: readonly object[]): object => ({
  resourceType: 'Parameters',
  ...(parameter.length > 0 ? { parameter } : {}),
});
const reason = (valueString: string): object => ({ name: 'reason', valueString });
const pause = (caller = OPERATOR, sent: object = parameters(reason('Their upgrade')), id = 'svc-ed') =>
  door.ask(caller, `HealthcareService/${id}/$pause`, sent);
const resume = (caller = OPERATOR, sent: object = parameters(), id = 'svc-ed') => door.ask(caller, `HealthcareService/${id}/$resume`, sent);
const paused = async (): Promise<readonly string[]> =>
  (await door.ground.database.pool.query('SELECT recipient_id AS id FROM pace WHERE paused_at IS NOT NULL')).rows.map(({ id }) => id);
const tasks = async (caller = OPERATOR): Promise<readonly Task[]> =>
  ((await door.ask(caller, 'Task?code=attention&_count=50')).json.entry ?? [])
    .map(({ resource }: { resource: Task }) => resource)
    .filter(({ statusReason }: Task) => statusReason?.text === 'recipient-paused');
const events = async (): Promise<readonly AuditEvent[]> =>
  ((await door.ask(OPERATOR, 'AuditEvent?_count=100')).json.entry ?? [])
    .map(({ resource }: { resource: AuditEvent }) => resource)
    .filter(({ subtype }: AuditEvent) => subtype?.some(({ code }) => code === 'pause' || code === 'resume'));

describe('HealthcareService/[id]/$pause and $resume', () => {
  test('an operator pauses a recipient and resumes it: said in the answer, on the trail, and in a Task with each who has to know', async () => {
    const answer = await pause();
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      resourceType: 'Parameters',
      parameter: [
        { name: 'recipient', valueReference: { reference: 'HealthcareService/svc-ed' } },
        { name: 'paused', valueBoolean: true },
        { name: 'since', valueInstant: expect.any(String) },
        { name: 'by', valueString: expect.any(String) },
        { name: 'reason', valueString: 'Their upgrade' },
        { name: 'recalls', valueBoolean: false },
        { name: 'recallsOwed', valueUnsignedInt: 0 },
      ],
    });
    expect(await paused()).toEqual(['svc-ed']);
    expect((await tasks()).map(({ status, focus }) => [status, focus?.reference])).toEqual([['requested', 'HealthcareService/svc-ed']]);
    expect((await tasks(TRUST)).map(({ status }) => status)).toEqual(['requested']);
    expect(await tasks(ED)).toEqual([]);

    const over = await resume();
    expect(over.json.parameter).toEqual([
      { name: 'recipient', valueReference: { reference: 'HealthcareService/svc-ed' } },
      { name: 'paused', valueBoolean: false },
      { name: 'recallsOwed', valueUnsignedInt: 0 },
    ]);
    expect(await paused()).toEqual([]);
    expect((await tasks()).map(({ status }) => status)).toEqual(['completed']);
    // Twice is no news.
    expect((await resume()).status).toBe(200);
    const told = await events();
    expect(told.map(({ subtype, entity }) => [subtype?.[0]?.code, entity?.[0]?.what?.reference])).toEqual([
      ['resume', 'HealthcareService/svc-ed'],
      ['pause', 'HealthcareService/svc-ed'],
    ]);
  });

  test('I12: with recalls held back the Task says how many are owed', async () => {
    await pause(OPERATOR, parameters(reason('They were broken into'), { name: 'recalls', valueBoolean: true }));
    expect((await tasks())[0]?.description).toContain('Recalls are held back too: 0 may be owed now');
    // What is said again is said anew, and lasts from when it began.
    const again = await pause(OPERATOR, parameters(reason('Only their upgrade')));
    expect(again.json.parameter[5]).toEqual({ name: 'recalls', valueBoolean: false });
    expect((await tasks())[0]).toMatchObject({ status: 'requested', description: expect.stringContaining('Recalls still go') });
    await resume();
  });

  test.each([
    ['no reason', parameters(), "Parameters.parameter.where(name='reason')"],
    ['an empty reason', parameters(reason('  ')), 'Parameters.parameter[0].value'],
    ['a reason that names a person', parameters(reason('of 999 000 0018')), "Parameters.parameter.where(name='reason')"],
    ['a reason that is too long', parameters(reason('x'.repeat(201))), "Parameters.parameter.where(name='reason')"],
    [
      'a word for recalls',
      parameters(reason('Why'), { name: 'recalls', valueString: 'yes' }),
      "Parameters.parameter.where(name='recalls')",
    ],
    ['a parameter that there is not', parameters(reason('Why'), { name: 'until', valueString: 'Monday' }), 'Parameters.parameter[1].name'],
  ])('I10: %s is refused with its place, and nothing is paused', async (_what, sent, at) => {
    const answer = await pause(OPERATOR, sent);
    expect([answer.status, answer.json.issue[0].expression]).toEqual([422, [at]]);
    expect(await paused()).toEqual([]);
  });

  test('nobody else pauses or resumes anybody, and what is no recipient is not there', async () => {
    for (const caller of [TRUST, ED, AMBULANCE]) expect([(await pause(caller)).status, (await resume(caller)).status]).toEqual([403, 403]);
    expect((await pause(OPERATOR, parameters(reason('Why')), 'nobody')).status).toBe(404);
    expect((await resume(OPERATOR, parameters(), 'nobody')).status).toBe(404);
    expect(await paused()).toEqual([]);
  });
});
