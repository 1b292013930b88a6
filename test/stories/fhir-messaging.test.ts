import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import type { How } from '../support/fake-recipient.ts';
import { responseTo } from '../support/message-response.ts';
import type { Lane, Messaging } from '../support/messaging-ground.ts';
import { openMessaging } from '../support/messaging-ground.ts';

// The whole broker, loop and door, and what lies in the recipient's own store: delivery.md section 3a, "test matrix".
let it: Messaging;
beforeAll(async () => {
  it = await openMessaging();
}, 60_000);
afterAll(() => it?.close());

const holds = ({ epr, number }: Lane, words: string): Promise<void> =>
  eventually(() => expect(epr.holds()).toMatchObject([{ person: number, text: expect.stringContaining(words) }]));
const holdsNothing = ({ epr }: Lane): Promise<void> => eventually(() => expect(epr.holds()).toEqual([]));
/** Nothing is owed: it is known to be held, or there is nothing that may be. Earlier tries of the same content may stand beside it. */
const rests = (lane: Lane, held: 0 | 1): Promise<void> =>
  eventually(async () => {
    const key = await lane.key();
    expect(key.copies.filter(({ state }) => state === 'held')).toHaveLength(held);
    expect(new Set(key.copies.flatMap(({ effect }) => effect ?? [])).size).toBe(held);
    expect(key.open).toBe(false);
    expect(key.lookIn === null || key.lookIn > 60_000).toBe(true);
  }, 15_000);
const idsOf = (bytes: string): { readonly bundle: string; readonly identifier: string; readonly header: string } => {
  const bundle = JSON.parse(bytes);
  return { bundle: bundle.id, identifier: bundle.identifier.value, header: bundle.entry[0].resource.id };
};

describe('what goes wrong with a message, and what the recipient holds at the end', () => {
  const cases: readonly (readonly [string, How])[] = [
    ['[3a.9.1] the request is dropped', 'stall'],
    ['[3a.9.2] the response is dropped', 'lose-answer'],
    ['[3a.9.3] the response comes past the deadline', 'answer-late'],
    ['[3a.9.8] 202, then silence', 'pending'],
    ['[3a.9.7] [3a.3] it says 409 duplicate to a retry', 'lose-answer'],
    ['[3a.3] it asks to try again', 'transient-error'],
    ['[3a.3] it is busy', 'busy'],
  ];
  test.each(cases)(
    '%s: the update arrives once, and a revocation takes it back',
    async (_title, how) => {
      const lane = await it.lane();
      lane.epr.behave({ how, times: 1, delayMs: 1_500 });
      await lane.approve();
      await holds(lane, 'Loud sirens');
      await rests(lane, 1);
      const first = idsOf(lane.updates()[0]?.bytes ?? '');
      // [3a.4] every try of the same thing is byte for byte the same, under the same ids.
      const again = lane.updates().filter(({ bytes }) => idsOf(bytes).header === first.header);
      expect(again.length).toBeGreaterThan(1);
      expect(new Set(again.map(({ bytes }) => bytes)).size).toBe(1);
      expect(new Set(again.map(({ headers }) => headers['x-request-id'])).size).toBe(1);
      lane.epr.behave({ how, times: 1, delayMs: 1_500 });
      await lane.revoke();
      await holdsNothing(lane);
      await rests(lane, 0);
    },
    40_000,
  );

  test('[3a.9.7] 409 duplicate counts as accepted, and nothing is sent again', async () => {
    const lane = await it.lane();
    lane.epr.behave({ how: 'duplicate', times: 1 });
    await lane.approve();
    await rests(lane, 1);
    expect(lane.updates()).toHaveLength(1);
    await holds(lane, 'Loud sirens');
  }, 30_000);

  test('[3a.9.6] [3a.3] 200 with a fatal-error inside is no acceptance: a person is told, and a later version gets through', async () => {
    const lane = await it.lane();
    lane.epr.behave({ how: 'fatal-error', times: 1 });
    await lane.approve();
    await eventually(async () => expect((await lane.key()).last).toBeTruthy());
    await eventually(() => expect(lane.updates().length).toBeGreaterThan(1));
    await holds(lane, 'Loud sirens');
    // Refused and said again: other ids, for a refused message is never sent again as it is.
    const [refused, later] = lane.updates().map(({ bytes }) => idsOf(bytes));
    expect(later).not.toEqual(refused);
    await rests(lane, 1);
  }, 30_000);

  test('[3a.9.5] [3a.8] the answer of another recipient is refused as one to nothing, changes nothing, and is an alarm', async () => {
    const lane = await it.lane({ mode: 'async', within: 120_000 });
    const other = await it.lane({ mode: 'async', within: 120_000 });
    lane.epr.behave({ how: 'pending' });
    await lane.approve();
    await eventually(async () => expect((await lane.key()).copies).toMatchObject([{ answerBy: expect.any(Number) }]));
    const [message] = lane.updates();
    const before = await lane.key();
    const ofAnother = await it.answer(other.caller, responseTo(message?.bytes ?? ''));
    const ofNothing = await it.answer(other.caller, responseTo(message?.bytes ?? '', { names: '0b9d2a5e-0000-4000-8000-0123456789ab' }));
    expect([ofAnother.status, ofNothing.status]).toEqual([404, 404]);
    expect(ofAnother.body).toEqual(ofNothing.body);
    expect(await lane.key()).toEqual({ ...before, lookIn: expect.any(Number) });
    const { rows } = await it.engine.database.pool.query(
      "SELECT because, organization, person_id FROM audit WHERE event = 'answer' AND organization = $1 ORDER BY id",
      [other.caller.ods],
    );
    expect(rows).toEqual([
      { because: 'message-of-another', organization: other.caller.ods, person_id: null },
      { because: 'unknown-message', organization: other.caller.ods, person_id: null },
    ]);
    expect(it.door.lines.filter((line) => line.includes('message-of-another'))).toHaveLength(1);
    const metrics = await it.door.agent.get('/metrics');
    expect(metrics.text).toMatch(/broker_message_answers_total\{told="message-of-another"\} 1/);
    // Another kind of service of the same organisation is another recipient, too.
    const otherKind = await it.answer({ ods: lane.caller.ods, kind: 'ed' }, responseTo(message?.bytes ?? ''));
    expect(otherKind.status).toBe(404);
    expect(await it.answer(lane.caller, responseTo(message?.bytes ?? ''))).toMatchObject({ status: 200 });
    await rests(lane, 1);
  }, 30_000);

  test('[3a.9.4] [3a.8] the same answer twice is answered the same, and counts once', async () => {
    const lane = await it.lane({ mode: 'async', within: 120_000 });
    lane.epr.behave({ how: 'pending' });
    await lane.approve();
    await eventually(() => expect(lane.updates()).toHaveLength(1));
    const answer = responseTo(lane.updates()[0]?.bytes ?? '');
    const [first, second] = [await it.answer(lane.caller, answer), await it.answer(lane.caller, answer)];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.text).toBe(first.text);
    expect(first.body).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ severity: 'information' }] });
    await rests(lane, 1);
    const { rows } = await it.engine.database.pool.query(
      `SELECT m.code, m.told, m.times FROM message_answer m JOIN delivery d ON d.id = m.delivery_id WHERE d.key_id = $1`,
      [(await lane.key()).id],
    );
    expect(rows).toEqual([{ code: 'ok', told: 'credited', times: 2 }]);
    expect(lane.updates()).toHaveLength(1);
  }, 30_000);
});

describe('[3a.2] an answer by a message of its own', () => {
  test('R4: async=true and response-url; BaRS: no parameter; else none', async () => {
    const [r4, bars, sync] = [await it.lane({ mode: 'async' }), await it.lane({ mode: 'bars' }), await it.lane({ mode: 'sync' })];
    await Promise.all([r4, bars, sync].map((each) => each.approve()));
    await Promise.all([r4, bars, sync].map((each) => holds(each, 'Loud sirens')));
    const asked = new URLSearchParams(r4.updates()[0]?.query);
    expect([...asked.keys()]).toEqual(['async', 'response-url']);
    expect(asked.get('async')).toBe('true');
    expect(asked.get('response-url')).toMatch(/^http:.*\/fhir\/\$process-message$/);
    expect([bars.updates()[0]?.query, sync.updates()[0]?.query]).toEqual(['', '']);
  }, 30_000);

  test.each([
    ['async', false],
    ['bars', true],
  ] as const)(
    '%s: 2xx is no more than that it was taken; no lease is held, nothing is sent again; the answer credits it',
    async (mode, bars) => {
      const lane = await it.lane({ mode, within: 120_000 });
      lane.epr.behave({ how: 'pending' });
      await lane.approve();
      await holds(lane, 'Loud sirens');
      await eventually(async () => {
        const { copies, leased, open, lookIn, failures, last } = await lane.key();
        expect({ copies, leased, open, failures, last }).toMatchObject({
          copies: [{ state: 'uncertain', answerBy: expect.any(Number) }],
          leased: false,
          open: false,
          failures: 0,
          last: { outcome: 'unknown' },
        });
        expect(lookIn).toBeGreaterThan(60_000);
      });
      // A fact that changes nothing for it makes it look, and send nothing.
      await it.put(
        { organization: 'TRUST1', kind: 'publisher', scopes: ['system/*.cruds'], user: null },
        {
          resourceType: 'Practitioner',
          id: `staff-${lane.name}`,
          name: [{ family: 'Plainly-Invented' }],
        },
      );
      await it.engine.database.pool.query('UPDATE ledger_key SET generation = generation + 1, look_at = clock_timestamp() WHERE id = $1', [
        (await lane.key()).id,
      ]);
      await eventually(async () => expect((await lane.key()).lookIn).toBeGreaterThan(60_000));
      expect(lane.updates()).toHaveLength(1);
      // BaRS names the Bundle, R4 the header: by the other id there is no such message.
      const bytes = lane.updates()[0]?.bytes ?? '';
      const { bundle, header } = idsOf(bytes);
      const ids = { 'X-Request-ID': crypto.randomUUID(), 'X-Correlation-ID': crypto.randomUUID() };
      expect(await it.answer(lane.caller, responseTo(bytes, { bars, names: bars ? header : bundle }), ids)).toMatchObject({ status: 404 });
      expect(await it.answer(lane.caller, responseTo(bytes, { bars, sender: lane.caller.ods }), ids)).toMatchObject({ status: 200 });
      await rests(lane, 1);
      expect(lane.updates()).toHaveLength(1);
      expect((await it.tasks()).filter(({ description }) => description.includes(lane.caller.ods))).toEqual([]);
    },
    40_000,
  );

  test('I3: the answer comes before the exchange has ended: it counts, and what the exchange says then takes nothing back', async () => {
    const heard: unknown[] = [];
    const lane: Lane = await it.lane({
      mode: 'async',
      within: 120_000,
      beforeItAnswers: async (bytes) => {
        const { status } = await it.answer(lane.caller, responseTo(bytes));
        const { copies, last } = await lane.key();
        heard.push({ status, copies: copies.map(({ state }) => state), last: last?.outcome });
      },
    });
    lane.epr.behave({ how: 'pending', times: 1 });
    await lane.approve();
    await eventually(() => expect(heard).toEqual([{ status: 200, copies: ['held'], last: 'accepted' }]));
    await rests(lane, 1);
    expect(await lane.key()).toMatchObject({ failures: 0, last: { outcome: 'accepted' } });
    const { rows } = await it.engine.database.pool.query('SELECT outcome, because FROM delivery WHERE key_id = $1', [
      (await lane.key()).id,
    ]);
    expect(rows).toEqual([{ outcome: 'accepted', because: null }]);
    expect(lane.updates()).toHaveLength(1);
    await lane.revoke();
    await holdsNothing(lane);
  }, 30_000);

  test('I12: the deadline passes: a person is told, it goes again under the same ids, and an answer then calms', async () => {
    const lane = await it.lane({ mode: 'async', within: 1_000 });
    lane.epr.behave({ how: 'pending' });
    await lane.approve();
    await eventually(() => expect(lane.updates().length).toBeGreaterThan(1));
    const mine = async () => (await it.tasks()).filter(({ description }) => description.includes(lane.caller.ods));
    await eventually(async () => expect(await mine()).toMatchObject([{ status: 'requested', reason: 'update-unanswered' }]));
    const [first, second] = lane.updates();
    expect(second?.bytes).toBe(first?.bytes);
    expect(second?.headers['x-request-id']).toBe(first?.headers['x-request-id']);
    lane.epr.behave({ how: 'normal' });
    await rests(lane, 1);
    await eventually(async () => expect(await mine()).toMatchObject([{ status: 'completed' }]));
  }, 40_000);

  test('I1 I2: what is awaited does not hold a recall back; the recall is answered by a message, too, and ends its chase', async () => {
    const lane = await it.lane({ mode: 'async', within: 120_000 });
    lane.epr.behave({ how: 'pending' });
    await lane.approve();
    await holds(lane, 'Loud sirens');
    await eventually(async () => expect((await lane.key()).copies).toMatchObject([{ answerBy: expect.any(Number) }]));
    await lane.revoke();
    await eventually(() => expect(lane.recalls()).toHaveLength(1));
    await holdsNothing(lane);
    await eventually(async () =>
      expect((await lane.key()).copies.some(({ effect, answerBy }) => effect === null && answerBy !== undefined)).toBe(true),
    );
    // The answer to the update comes now, late: it is taken, and tells nothing that still counts.
    const before = await lane.key();
    expect(await it.answer(lane.caller, responseTo(lane.updates()[0]?.bytes ?? ''))).toMatchObject({ status: 200 });
    expect((await lane.key()).copies).toEqual(before.copies);
    expect(await it.answer(lane.caller, responseTo(lane.recalls()[0]?.bytes ?? ''))).toMatchObject({ status: 200 });
    // The update was in doubt: the recall is said again once it can no longer arrive, and answered again.
    await eventually(async () => {
      for (const { bytes } of lane.recalls()) await it.answer(lane.caller, responseTo(bytes));
      expect((await lane.key()).copies).toEqual([]);
    }, 20_000);
    const { rows } = await it.engine.database.pool.query(
      "SELECT outcome FROM delivery WHERE key_id = $1 AND action = 'recall' ORDER BY serial",
      [(await lane.key()).id],
    );
    expect(rows.at(-1)).toEqual({ outcome: 'accepted' });
    expect(lane.epr.holds()).toEqual([]);
  }, 60_000);

  test('[3a.3] a fatal-error that comes by a message of its own: not held, a person is told; transient-error: again under the same ids', async () => {
    const lane = await it.lane({ mode: 'async', within: 120_000 });
    lane.epr.behave({ how: 'pending' });
    await lane.approve();
    await eventually(async () => expect((await lane.key()).copies).toMatchObject([{ answerBy: expect.any(Number) }]));
    const bytes = lane.updates()[0]?.bytes ?? '';
    expect(await it.answer(lane.caller, responseTo(bytes, { code: 'transient-error' }))).toMatchObject({ status: 200 });
    await eventually(() => expect(lane.updates()).toHaveLength(2), 20_000);
    expect(lane.updates()[1]?.bytes).toBe(bytes);
    await eventually(async () => expect((await lane.key()).copies.at(-1)).toMatchObject({ answerBy: expect.any(Number) }));
    expect(await it.answer(lane.caller, responseTo(bytes, { code: 'fatal-error' }))).toMatchObject({ status: 200 });
    await eventually(async () =>
      expect((await it.tasks()).filter(({ description }) => description.includes(lane.caller.ods))).toMatchObject([
        { status: 'requested', reason: 'update-unanswered' },
      ]),
    );
    // Other ids: what was refused is not sent again as it is.
    await eventually(() => expect(lane.updates()).toHaveLength(3), 20_000);
    expect(idsOf(lane.updates()[2]?.bytes ?? '').header).not.toBe(idsOf(bytes).header);
    expect(await it.answer(lane.caller, responseTo(lane.updates()[2]?.bytes ?? ''))).toMatchObject({ status: 200 });
    await holds(lane, 'Loud sirens');
  }, 60_000);
});
