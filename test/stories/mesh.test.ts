import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { keptLetter } from '../../src/store/mailbox.ts';
import { startTestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { type MeshGround, type MeshLane, meshEnv, openMeshGround, OURS, WORKFLOW } from '../support/mesh-ground.ts';
import { responseTo } from '../support/message-response.ts';

// The loop against MESH as nhs.md section 5 has it, and what lies in the recipient's own store at the end.
const AT_LAST = 20_000;
const DAY = 86_400_000;
let it: MeshGround;
beforeAll(async () => {
  it = await openMeshGround();
}, 60_000);
afterAll(() => it?.stop());

const until = (isSo: () => unknown): Promise<void> => eventually(async () => void (await isSo()), AT_LAST);
const copiesOf = async (lane: MeshLane) => (await lane.key()).copies;
/** MESH has a message for the lane, and the ledger waits for an answer. */
const waiting = (lane: MeshLane): Promise<void> =>
  until(async () => {
    expect(it.mesh.lies(lane.mailbox)).toHaveLength(1);
    expect(await copiesOf(lane)).toContainEqual(expect.objectContaining({ state: 'uncertain', answerBy: expect.any(Number) }));
    expect((await lane.key()).open).toBe(false);
  });
/** Known to be held; earlier tries of the same content may stand beside it. */
const held = (lane: MeshLane): Promise<void> =>
  until(async () => expect((await copiesOf(lane)).filter(({ state }) => state === 'held')).toHaveLength(1));

describe('a recipient without an address', () => {
  test('I3: 202 says that MESH has it; the copy is in doubt until the recipient itself answers into our mailbox', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(lane);
    expect(await lane.deliveries()).toMatchObject([{ outcome: 'unknown', because: 'answer-pending' }]);
    expect((await lane.key()).failures).toBe(0);
    lane.recipient.look();
    expect(lane.recipient.holds()).toMatchObject([{ person: lane.number, text: expect.stringContaining('Loud sirens') }]);
    await it.look();
    await held(lane);
    expect(await lane.deliveries()).toMatchObject([{ outcome: 'accepted' }]);
    expect(await lane.told()).toBeNull();
    // What was taken in is acknowledged: our mailbox is empty.
    expect(it.mesh.lies(OURS)).toEqual([]);
  }, 60_000);

  test('I8: of the person nothing stands in what MESH shows: its headers hold ids of ours', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(lane);
    const [message] = it.mesh.lies(lane.mailbox);
    const [delivery] = await lane.deliveries();
    expect(message?.headers).toEqual({
      'mex-to': lane.mailbox,
      'mex-workflowid': WORKFLOW,
      'mex-localid': delivery?.id,
      'mex-subject': 'Crisis plan',
      'mex-filename': expect.stringMatching(/^[0-9a-f-]{36}\.json$/),
      'mex-content-checksum': expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    for (const { path } of it.mesh.asked()) expect(path).not.toContain(lane.number);
  }, 60_000);

  test('I2: consent taken back, a recall goes into the mailbox; it is over when the recipient answers it, not when MESH has it', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(lane);
    lane.recipient.look();
    await it.look();
    await held(lane);
    await lane.consent('inactive');
    await waiting(lane);
    expect(lane.recipient.holds()).toHaveLength(1);
    lane.recipient.look();
    expect(lane.recipient.holds()).toEqual([]);
    expect((await copiesOf(lane)).filter(({ effect }) => effect !== null)).toHaveLength(1);
    await it.look();
    await until(async () => expect((await copiesOf(lane)).filter(({ effect }) => effect !== null)).toEqual([]));
    expect(lane.recipient.received().map(({ kind }) => kind)).toEqual(['update', 'recall']);
  }, 60_000);

  test('I2, I12: nobody takes it for five days: MESH reports 14, a person is told, and it is said again; what may have been read stays in doubt', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(lane);
    const [first] = it.mesh.sent(lane.mailbox);
    it.mesh.turnClock(5 * DAY);
    expect(it.mesh.lies(lane.mailbox)).toEqual([]);
    await it.look();
    await until(async () => expect(await lane.told()).toBe('update-not-collected'));
    await until(() => expect(it.mesh.lies(lane.mailbox)).toHaveLength(1));
    const [again] = it.mesh.lies(lane.mailbox);
    expect(again?.id).not.toBe(first?.id);
    // Byte for byte the same: a recipient that had taken the first knows it again.
    expect(again?.parts).toEqual(first?.parts);
    expect((await copiesOf(lane)).some(({ effect, state }) => effect !== null && state === 'uncertain')).toBe(true);
    // Whoever revokes now owes a recall, though "nobody collected it".
    await lane.consent('inactive');
    await until(() => expect(it.mesh.lies(lane.mailbox)).toHaveLength(2));
    lane.recipient.look();
    expect(lane.recipient.holds()).toEqual([]);
    await it.look();
    await until(async () => expect((await copiesOf(lane)).filter(({ state }) => state === 'held')).toEqual([]));
  }, 60_000);

  test('declared `sync`: taken out of the mailbox is enough, by the tracking of MESH, and counts as transport alone', async () => {
    const lane = await it.lane({ mode: 'sync' });
    await lane.approve();
    await waiting(lane);
    await it.look();
    expect(await copiesOf(lane)).toMatchObject([{ state: 'uncertain' }]);
    lane.recipient.look(null);
    await it.engine.database.pool.query('UPDATE mailbox_message SET ask_at = clock_timestamp() WHERE ask_at IS NOT NULL');
    await it.look();
    await held(lane);
    const { rows } = await it.engine.database.pool.query("SELECT told, code FROM message_answer WHERE code = 'mesh-taken'");
    expect(rows).toEqual([{ told: 'credited', code: 'mesh-taken' }]);
  }, 60_000);

  test('no answer within the declared time: a person is told, and the same message goes again', async () => {
    const lane = await it.lane({ within: 1_500 });
    await lane.approve();
    await until(() => expect(it.mesh.sent(lane.mailbox).length).toBeGreaterThan(1));
    const [first, second] = it.mesh.sent(lane.mailbox);
    expect(second?.parts).toEqual(first?.parts);
    await until(async () => expect(await lane.told()).not.toBeNull());
    lane.recipient.look();
    expect(lane.recipient.holds()).toHaveLength(1);
    await it.look();
    await held(lane);
  }, 60_000);
});

describe('what MESH and others do wrong', () => {
  test('I6: an answer from another mailbox, and one that names nothing, change nothing; each is kept and told of to the operator', async () => {
    const lane = await it.lane();
    const other = await it.lane();
    await lane.approve();
    await waiting(lane);
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

  test('417 with a code proves that nothing was stored: refused, and a person is told', async () => {
    const lane = await it.lane();
    it.mesh.behave('send', 'refuse-20', 3);
    await lane.approve();
    await until(async () =>
      expect(await lane.deliveries()).toContainEqual(expect.objectContaining({ outcome: 'refused', because: 'mesh-20' })),
    );
    await waiting(lane);
  }, 60_000);

  test('MESH is away for a while: a look fails, harms nothing, and the next one takes the answer in', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(lane);
    lane.recipient.look();
    it.mesh.behave('read', 'busy', 1);
    await it.look();
    expect(await copiesOf(lane)).toMatchObject([{ state: 'uncertain' }]);
    await it.look();
    await held(lane);
  }, 60_000);

  test('the acknowledgement of an answer is lost: it is taken in twice, and counts once', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(lane);
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

  test('I2: a report of MESH is of one attempt: what another try of the same message left stays in doubt', async () => {
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

  test('what cannot be written down is not acknowledged: it lies there until it can', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(lane);
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

  test('over all processes one looks at a time, and no sooner than the set time after the last', async () => {
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
