import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { copiesOf, held, type MeshGround, openMeshGround, OURS, until, waiting, WORKFLOW } from '../support/mesh-ground.ts';

// The loop against MESH as nhs.md section 5 has it, and what lies in the recipient's own store at the end.
const DAY = 86_400_000;
let it: MeshGround;
beforeAll(async () => {
  it = await openMeshGround();
}, 60_000);
afterAll(() => it?.stop());

describe('a recipient without an address', () => {
  test('I3: 202 says that MESH has it; the copy is in doubt until the recipient itself answers into our mailbox [mesh.7]', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(it, lane);
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

  test('I8: of the person nothing stands in what MESH shows: its headers hold ids of ours [mesh.8]', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(it, lane);
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
    await waiting(it, lane);
    lane.recipient.look();
    await it.look();
    await held(lane);
    await lane.consent('inactive');
    await waiting(it, lane);
    expect(lane.recipient.holds()).toHaveLength(1);
    lane.recipient.look();
    expect(lane.recipient.holds()).toEqual([]);
    expect((await copiesOf(lane)).filter(({ effect }) => effect !== null)).toHaveLength(1);
    await it.look();
    await until(async () => expect((await copiesOf(lane)).filter(({ effect }) => effect !== null)).toEqual([]));
    expect(lane.recipient.received().map(({ kind }) => kind)).toEqual(['update', 'recall']);
  }, 60_000);

  test('I2, I12: nobody takes it for five days: MESH reports 14, a person is told, and it is said again; what may have been read stays in doubt [mesh.18]', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(it, lane);
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

  test('declared `sync`: taken out of the mailbox is enough, by the tracking of MESH, and counts as transport alone [mesh.16]', async () => {
    const lane = await it.lane({ mode: 'sync' });
    await lane.approve();
    await waiting(it, lane);
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
