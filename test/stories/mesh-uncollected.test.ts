import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { copiesOf, held, type MeshGround, type MeshLane, openMeshGround, until, waiting } from '../support/mesh-ground.ts';

// What lies in a recipient's mailbox and is not taken out of it is told of in minutes (I12), and changes nothing of what is believed or sent.
const DAY = 86_400_000;
let it: MeshGround;
beforeAll(async () => {
  it = await openMeshGround();
}, 60_000);
afterAll(() => it?.stop());

/** The time that was promised for what was put into its mailbox is over. */
const age = (lane: MeshLane) =>
  it.engine.database.pool.query(
    'UPDATE mailbox_message SET look_by = clock_timestamp(), ask_at = CASE WHEN ask_at IS NOT NULL THEN clock_timestamp() END WHERE mailbox = $1',
    [lane.mailbox],
  );
const late = async (lane: MeshLane): Promise<void> => {
  await age(lane);
  await it.look();
};
const ASKED = 'update-not-collected-yet';
const isWaitedFor = async (lane: MeshLane): Promise<void> => {
  expect(await copiesOf(lane)).toContainEqual(expect.objectContaining({ state: 'uncertain', answerBy: expect.any(Number) }));
  expect(it.mesh.sent(lane.mailbox)).toHaveLength(1);
};

describe('I12: a message that nobody takes out of its mailbox', () => {
  test('is told of once the time is over within which its recipient looks there, and no sooner; it stays in doubt, and no second is sent', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(it, lane);
    await it.look();
    expect(await lane.toldOfMailbox()).toBeNull();
    await late(lane);
    expect(await lane.toldOfMailbox()).toBe(ASKED);
    await isWaitedFor(lane);
    // Asked for again and again, it is one Task.
    await it.look();
    expect(await lane.told()).toBeNull();
    // Taken out, and not answered: its answer has its own time.
    lane.recipient.look(null);
    await it.look();
    expect(await lane.toldOfMailbox()).toBeNull();
    await isWaitedFor(lane);
  }, 60_000);

  test('is told of no more once it is answered', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(it, lane);
    await late(lane);
    expect(await lane.toldOfMailbox()).toBe(ASKED);
    lane.recipient.look();
    await it.look();
    await held(lane);
    expect(await lane.toldOfMailbox()).toBeNull();
    await late(lane);
    expect(await lane.toldOfMailbox()).toBeNull();
    // What is sent next has a time of its own.
    await lane.approve('Sudden noise upsets me');
    await waiting(it, lane);
    await it.look();
    expect(await lane.toldOfMailbox()).toBeNull();
  }, 60_000);

  test('is not even asked about where it was answered in time', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(it, lane);
    const [message] = it.mesh.sent(lane.mailbox);
    lane.recipient.look();
    await it.look();
    await held(lane);
    await late(lane);
    expect(await lane.toldOfMailbox()).toBeNull();
    expect(it.mesh.asked().filter(({ path }) => path.includes(`tracking?messageID=${message?.id}`))).toEqual([]);
  }, 60_000);

  test('is not told of where it was taken out in time, though nobody has answered', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(it, lane);
    lane.recipient.look(null);
    await late(lane);
    expect(await lane.toldOfMailbox()).toBeNull();
    await isWaitedFor(lane);
  }, 60_000);

  test('is told of though MESH does not answer: nobody knows that it was taken', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(it, lane);
    it.mesh.behave('read', 'busy', 100);
    await late(lane);
    it.mesh.behave('read', 'busy', 0);
    expect(await lane.toldOfMailbox()).toBe(ASKED);
  }, 60_000);

  test('counts from the oldest: versions that follow each other there put nothing off', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(it, lane);
    await age(lane);
    await lane.approve('Sudden noise upsets me');
    await until(() => expect(it.mesh.lies(lane.mailbox)).toHaveLength(2));
    await until(async () => expect((await lane.key()).open).toBe(false));
    await it.look();
    expect(await lane.toldOfMailbox()).toBe(ASKED);
    lane.recipient.look();
    await it.look();
    await held(lane);
    expect(await lane.toldOfMailbox()).toBeNull();
  }, 60_000);

  test('I2: is told of if it is a recall, too', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(it, lane);
    lane.recipient.look();
    await it.look();
    await held(lane);
    await lane.consent('inactive');
    await waiting(it, lane);
    await late(lane);
    expect(await lane.toldOfMailbox()).toBe('recall-not-collected-yet');
    lane.recipient.look();
    await it.look();
    await until(async () => expect((await copiesOf(lane)).filter(({ effect }) => effect !== null)).toEqual([]));
    expect(await lane.toldOfMailbox()).toBeNull();
  }, 60_000);

  test('declared `sync`: is told of until the tracking of MESH says that it was taken', async () => {
    const lane = await it.lane({ mode: 'sync' });
    await lane.approve();
    await waiting(it, lane);
    await late(lane);
    expect(await lane.toldOfMailbox()).toBe(ASKED);
    lane.recipient.look(null);
    await it.look();
    await held(lane);
    expect(await lane.toldOfMailbox()).toBeNull();
  }, 60_000);

  test('that MESH gave back after five days is told of as such, and what was sent again has its own time', async () => {
    const lane = await it.lane();
    await lane.approve();
    await waiting(it, lane);
    await late(lane);
    it.mesh.turnClock(5 * DAY);
    await it.look();
    await until(async () => expect(await lane.told()).toBe('update-not-collected'));
    await until(() => expect(it.mesh.lies(lane.mailbox)).toHaveLength(1));
    await until(async () => expect((await lane.key()).open).toBe(false));
    await it.look();
    expect(await lane.toldOfMailbox()).toBeNull();
    await late(lane);
    expect(await lane.toldOfMailbox()).toBe(ASKED);
  }, 60_000);
});

test.each([
  ['where nothing is declared that is half an hour', undefined, 1_800],
  ['what is declared counts', 1_000, 1],
])(
  'I12: %s',
  async (_, collects, seconds) => {
    const lane = await it.lane(collects === undefined ? {} : { collects });
    await lane.approve();
    await waiting(it, lane);
    const { rows } = await it.engine.database.pool.query(
      'SELECT extract(epoch FROM look_by - taken_at)::integer AS seconds FROM mailbox_message WHERE mailbox = $1',
      [lane.mailbox],
    );
    expect(rows).toEqual([{ seconds }]);
  },
  60_000,
);
