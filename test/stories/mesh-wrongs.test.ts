import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Task } from '@medplum/fhirtypes';
import { TaskCode } from '../../profiles/canonicals.ts';
import { taskId } from '../../src/store/broker-task.ts';
import { keptLetter, sinceMailboxLook } from '../../src/store/mailbox.ts';
import { readResource } from '../../src/store/resources.ts';
import { startTestEngine } from '../support/engine.ts';
import { copiesOf, held, type MeshGround, meshEnv, openMeshGround, OURS, until, waiting, WORKFLOW } from '../support/mesh-ground.ts';
import { responseTo } from '../support/message-response.ts';

// MESH stalls, refuses, loses and lies, others write into our mailbox, and several processes look into it.
let it: MeshGround;
beforeAll(async () => {
  it = await openMeshGround({ MESH_LETTER_DAYS: '7', SWEEP_MS: '100' });
}, 60_000);
afterAll(() => it?.stop());

describe('what MESH and others do wrong', () => {
  test('I6: an answer from another mailbox, and one that names nothing, change nothing; each is kept and told of to the operator', async () => {
    const lane = await it.lane();
    const other = await it.lane();
    await lane.approve();
    await waiting(it, lane);
    const [message] = it.mesh.lies(lane.mailbox);
    const text = message?.parts.map(String).join('') ?? '';
    const before = (await it.letters()).length;
    it.mesh.put(other.mailbox, OURS, `${WORKFLOW}_ACK`, JSON.stringify(responseTo(text)));
    it.mesh.put(lane.mailbox, OURS, `${WORKFLOW}_ACK`, JSON.stringify(responseTo(text, { names: '0b9d2a5e-0000-4000-8000-0123456789ab' })));
    it.mesh.put(lane.mailbox, OURS, 'SOMETHING_ELSE', 'Dear broker, 9990000018 is well');
    it.mesh.put(lane.mailbox, OURS, WORKFLOW, '{"resourceType":"Bundle","type":"message","entry":{"a":[null]}}');
    await it.look();
    const kept = (await it.letters()).slice(before);
    expect(kept.map(({ what }) => what)).toEqual(['letter-of-nothing', 'letter-of-nothing', 'letter-unreadable', 'letter-unreadable']);
    expect(kept.every(({ sealed }) => sealed !== null && !sealed.includes('9990000018'))).toBe(true);
    expect(await copiesOf(lane)).toMatchObject([{ state: 'uncertain' }]);
    expect(it.mesh.lies(OURS)).toEqual([]);
    // Whoever looks after the broker can read what came.
    expect(await keptLetter(it.engine.database.pool, kept[2]?.message_id ?? '')).toMatchObject({
      what: 'letter-unreadable',
      letter: { body: 'Dear broker, 9990000018 is well', headers: { 'mex-from': lane.mailbox } },
    });
    expect(await keptLetter(it.engine.database.pool, 'NONE')).toBeNull();
    const { rows } = await it.engine.database.pool.query(
      "SELECT FROM task_reason WHERE reason IN ('letter-of-nothing', 'letter-unreadable')",
    );
    expect(rows.length).toBeGreaterThanOrEqual(4);
  }, 60_000);

  test('what could not be made sense of is kept for so many days, and no longer: what it said is gone then, and nobody is asked to look at it any more', async () => {
    const lane = await it.lane();
    const [old, young] = ['9990000018 was here', '9990000026 was here'].map((text) =>
      it.mesh.put(lane.mailbox, OURS, 'SOMETHING_ELSE', text),
    );
    await it.look();
    const { pool } = it.engine.database;
    const task = async (id: string | undefined): Promise<string | undefined> =>
      ((await readResource(pool, 'Task', taskId({ code: TaskCode.attention, owner: 'BROKER', about: `mailbox ${id}` })))?.body as Task)
        ?.status;
    expect([await task(old), await task(young)]).toEqual(['requested', 'requested']);
    const age = (id: string | undefined, days: string) =>
      pool.query('UPDATE mailbox_letter SET came_at = clock_timestamp() - $2::interval WHERE message_id = $1', [id, days]);
    await age(young, '6 days 23 hours');
    await age(old, '7 days');
    await until(async () => expect(await keptLetter(pool, old ?? '')).toEqual({ what: 'letter-unreadable', letter: null }));
    expect(await keptLetter(pool, young ?? '')).toMatchObject({ letter: { body: '9990000026 was here' } });
    await until(async () => expect([await task(old), await task(young)]).toEqual(['cancelled', 'requested']));
  }, 60_000);

  test.each([
    ['its answer is lost', 'lose-answer'],
    ['it stalls', 'stall'],
    ['it says 202 and no id', 'garbage'],
    ['it is busy', 'busy'],
    ['it answers after our deadline', 'late'],
  ] as const)(
    'I2, I3: %s: the message goes again under its ids, the recipient holds it once, and gives it back',
    async (_title, how) => {
      const lane = await it.lane();
      it.mesh.behave('send', how, 1, 2_000);
      await lane.approve();
      await until(async () => expect(await copiesOf(lane)).toContainEqual(expect.objectContaining({ answerBy: expect.any(Number) })));
      lane.recipient.look();
      expect(lane.recipient.holds()).toHaveLength(1);
      await it.look();
      await held(lane);
      await lane.consent('inactive');
      await until(() => expect(it.mesh.lies(lane.mailbox).length).toBeGreaterThan(0));
      lane.recipient.look();
      expect(lane.recipient.holds()).toEqual([]);
    },
    60_000,
  );

  test('417 with a code proves that nothing was stored: refused, and a person is told [mesh.11]', async () => {
    const lane = await it.lane();
    it.mesh.behave('send', 'refuse-20', 3);
    await lane.approve();
    await until(async () =>
      expect(await lane.deliveries()).toContainEqual(expect.objectContaining({ outcome: 'refused', because: 'mesh-20' })),
    );
    await waiting(it, lane);
  }, 60_000);

  test('MESH is away for a while: a look fails, harms nothing, and the next one takes the answer in', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(it, lane);
    lane.recipient.look();
    it.mesh.behave('read', 'busy', 1);
    await it.look();
    expect(await copiesOf(lane)).toMatchObject([{ state: 'uncertain' }]);
    await it.look();
    await held(lane);
  }, 60_000);

  test('messages that MESH lists and does not give out keep no other from being taken in; each is told of, and over when it comes [mesh.13]', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(it, lane);
    const long = Array.from({ length: 3 }, () => it.mesh.put(lane.mailbox, OURS, WORKFLOW, 'x'.repeat(5_100_000)));
    lane.recipient.look();
    await it.look();
    await held(lane);
    expect(it.mesh.lies(OURS).map(({ id }) => id)).toEqual(long);
    const kept = (await it.letters()).filter(({ message_id: id }) => long.includes(id));
    expect(kept).toMatchObject(long.map(() => ({ what: 'letter-not-had', sealed: null })));
    const open = async (): Promise<number> =>
      (await it.engine.database.pool.query("SELECT FROM task_reason WHERE reason = 'letter-not-had'")).rows.length;
    expect(await open()).toBe(3);
    await it.look();
    expect(await open()).toBe(3);
    it.mesh.take(OURS);
  }, 60_000);

  test('MESH is greeted when a process starts, and again within a day [mesh.6]', async () => {
    const greetings = (): number =>
      it.mesh.asked().filter(({ method, path }) => method === 'POST' && path === `/messageexchange/${OURS}`).length;
    await it.look();
    const before = greetings();
    expect(before).toBeGreaterThan(0);
    await it.look();
    expect(greetings()).toBe(before);
    await it.engine.database.pool.query("UPDATE mailbox SET handshake_at = handshake_at - interval '13 hours'");
    await it.look();
    expect(greetings()).toBe(before + 1);
    expect(await sinceMailboxLook(it.engine.database.pool)).toBeLessThan(60);
  }, 60_000);

  test('the acknowledgement of an answer is lost: it is taken in twice, and counts once [mesh.14]', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(it, lane);
    const [message] = it.mesh.take(lane.mailbox);
    const answer = JSON.stringify(responseTo(message?.text ?? ''));
    it.mesh.put(lane.mailbox, OURS, `${WORKFLOW}_ACK`, answer);
    it.mesh.put(lane.mailbox, OURS, `${WORKFLOW}_ACK`, answer, 3);
    await it.look();
    await held(lane);
    const { rows } = await it.engine.database.pool.query(
      'SELECT m.code, m.times FROM message_answer m JOIN delivery d ON d.id = m.delivery_id WHERE d.key_id = $1',
      [(await lane.key()).id],
    );
    expect(rows).toEqual([{ code: 'ok', times: 2 }]);
    expect(it.mesh.lies(OURS)).toEqual([]);
  }, 60_000);

  test('I2: a report of MESH is of one attempt: what another try of the same message left stays in doubt [mesh.19]', async () => {
    const lane = await it.lane();
    it.mesh.behave('send', 'lose-answer', 1);
    await lane.approve();
    await until(() => expect(it.mesh.sent(lane.mailbox)).toHaveLength(2));
    await until(async () => expect((await lane.key()).open).toBe(false));
    const [first, second] = it.mesh.sent(lane.mailbox);
    if (first === undefined || second === undefined) throw new Error('two were sent');
    const ids = [first, second].map(({ headers }) => headers['mex-localid']);
    const kept = (await it.letters()).filter(({ what }) => what.startsWith('letter')).length;
    it.mesh.report(second, '20');
    await it.look();
    await until(async () =>
      expect(await lane.deliveries()).toContainEqual(expect.objectContaining({ id: ids[1], outcome: 'refused', because: 'mesh-20' })),
    );
    expect((await copiesOf(lane)).map(({ id }) => id)).toContain(ids[0]);
    expect((await copiesOf(lane)).map(({ id }) => id)).not.toContain(ids[1]);
    await until(async () => expect(await lane.told()).not.toBeNull());
    // MESH's answer to the first was lost, and nobody here knows its id there: it is found by ours.
    it.mesh.report(first, '14');
    await it.look();
    expect((await it.letters()).filter(({ what }) => what.startsWith('letter'))).toHaveLength(kept);
    expect((await copiesOf(lane)).map(({ id }) => id)).toContain(ids[0]);
  }, 60_000);

  test.each(['12', '17', '06'] as const)(
    'a report with %s proves that nobody was given it: refused, and a person is told [mesh.19]',
    async (code) => {
      const lane = await it.lane();
      await lane.approve();
      await waiting(it, lane);
      const [message] = it.mesh.take(lane.mailbox);
      if (message === undefined) throw new Error('it was sent');
      it.mesh.report(message.message, code);
      await it.look();
      await until(async () =>
        expect(await lane.deliveries()).toContainEqual(expect.objectContaining({ outcome: 'refused', because: `mesh-${code}` })),
      );
      await until(async () => expect(await lane.told()).not.toBeNull());
    },
    60_000,
  );

  test('I2: a report with a code that nobody has heard of proves nothing: it stays in doubt, and a person is told [mesh.19]', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(it, lane);
    const [message] = it.mesh.lies(lane.mailbox);
    if (message === undefined) throw new Error('it was sent');
    it.mesh.report(message, '99');
    await it.look();
    await until(async () => expect(await lane.told()).toBe('update-not-collected'));
    expect((await copiesOf(lane)).some(({ effect, state }) => effect !== null && state === 'uncertain')).toBe(true);
  }, 60_000);

  test('an answer counts by what it is, under whatever workflow it comes [mesh.20]', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(it, lane);
    const [message] = it.mesh.take(lane.mailbox);
    it.mesh.put(lane.mailbox, OURS, 'ANOTHER_WORKFLOW', JSON.stringify(responseTo(message?.text ?? '')));
    await it.look();
    await held(lane);
  }, 60_000);

  test.each([
    ['and says where the list goes on, behind what stays there', true],
    ['and says nothing of it: it is asked again', false],
  ])(
    'more lies there than MESH lists at once, %s [mesh.12]',
    async (_how, isPaged) => {
      const lane = await it.lane();
      await lane.approve();
      await waiting(it, lane);
      it.mesh.page(isPaged);
      it.mesh.putGone(OURS, 500, isPaged);
      lane.recipient.look();
      await it.look();
      await held(lane);
      it.mesh.take(OURS);
    },
    60_000,
  );

  test('what cannot be written down is not acknowledged: it lies there until it can [mesh.14]', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(it, lane);
    lane.recipient.look();
    const { owner } = it.engine.database;
    await owner.query('ALTER TABLE message_answer RENAME TO message_answer_away');
    await it.look();
    await owner.query('ALTER TABLE message_answer_away RENAME TO message_answer');
    expect(it.mesh.lies(OURS)).toHaveLength(1);
    expect(await copiesOf(lane)).toMatchObject([{ state: 'uncertain' }]);
    await it.look();
    await held(lane);
    expect(it.mesh.lies(OURS)).toEqual([]);
  }, 60_000);

  test('over all processes one looks at a time, and no sooner than the set time after the last [mesh.15]', async () => {
    const period = { MESH_POLL_MS: '60000', SWEEP_MS: '60000' };
    await it.look();
    const asked = (): number => it.mesh.asked().filter(({ method, path }) => method === 'GET' && path.endsWith('/inbox')).length;
    const before = asked();
    // Each looks when it starts, and finds that another process has just looked.
    for (let count = 0; count < 2; count += 1) await (await startTestEngine({ ...meshEnv(it.mesh), ...period }, it.engine.database)).stop();
    expect(asked()).toBe(before);
    // Two at the same moment: whoever comes while another looks goes away.
    const beside = await startTestEngine({ ...meshEnv(it.mesh), ...period }, it.engine.database);
    await beside.engine.pollMailbox();
    const now = asked();
    it.mesh.behave('read', 'late', 1, 1_000);
    const first = it.look();
    await until(() => expect(asked()).toBe(now + 1));
    await beside.engine.pollMailbox();
    expect(asked()).toBe(now + 1);
    await first;
    await beside.stop();
  }, 60_000);
});
