import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { replayCommand } from '../../src/replay-command.ts';
import { everyRow } from '../at-rest/every-row.ts';
import { eventually } from '../support/eventually.ts';
import { responseTo } from '../support/message-response.ts';
import type { Lane, Messaging } from '../support/messaging-ground.ts';
import { openMessaging } from '../support/messaging-ground.ts';

const OPERATOR = { ods: 'BROKER', kind: 'operator' } as const;
const MINUTE = 60_000;

// Nothing is tried again by itself within this test: what goes again goes because a person asked.
let it: Messaging;
beforeAll(async () => {
  it = await openMessaging({ BACKOFF_MIN_MS: `${10 * MINUTE}`, BACKOFF_MAX_MS: `${20 * MINUTE}`, MESSAGE_LIFETIME_MS: `${30 * MINUTE}` });
}, 60_000);
afterAll(() => it?.close());

const ask = (
  lane: Lane,
  key: string,
  reason = 'The supplier has mended it',
  caller: { ods: string; kind: 'operator' | 'publisher' | 'epr' } = OPERATOR,
) =>
  it.door.post(caller, `/fhir/Endpoint/end-${lane.name}/$replay`, {
    resourceType: 'Parameters',
    parameter: [
      { name: 'key', valueString: key },
      { name: 'reason', valueString: reason },
    ],
  });
const said = (body: { parameter: readonly Record<string, unknown>[] }): Readonly<Record<string, unknown>> =>
  Object.fromEntries(body.parameter.map(({ name, ...value }) => [name as string, Object.values(value)[0]]));
const read = (bytes: string) => {
  const bundle = JSON.parse(bytes);
  const [{ resource: header }, { resource: focus }] = bundle.entry;
  return { bundle: bundle.id, identifier: bundle.identifier.value, header, focus };
};
/** A message was refused, and waits for its retry. */
const parked = async (how: 'fatal-error' | 'refuse' = 'fatal-error'): Promise<Lane> => {
  const lane = await it.lane();
  lane.epr.behave({ how, times: 1 });
  await lane.approve();
  await eventually(async () => expect((await lane.key()).last).toMatchObject({ outcome: 'refused' }));
  return lane;
};

describe('[3a.4] an operator has a message sent once more', () => {
  test('I3: what was refused goes in a new Bundle under the same MessageHeader.id, with its words; and it is on the trail', async () => {
    const lane = await parked();
    const { id, lookIn } = await lane.key();
    expect(lookIn).toBeGreaterThan(MINUTE);
    const answer = await ask(lane, id);
    expect({ status: answer.status, said: said(answer.body) }).toEqual({
      status: 200,
      said: { key: id, move: 'update', resubmits: true },
    });
    await eventually(() => expect(lane.epr.holds()).toMatchObject([{ person: lane.number, text: expect.stringContaining('Loud sirens') }]));
    const [first, second] = lane.updates();
    const [before, after] = [read(first?.bytes ?? ''), read(second?.bytes ?? '')];
    expect(after.header).toEqual(before.header);
    expect(after.focus).toEqual(before.focus);
    expect(after.bundle).not.toBe(before.bundle);
    expect(after.identifier).toBe(after.bundle);
    expect(second?.headers['x-request-id']).not.toBe(first?.headers['x-request-id']);
    expect(second?.headers['x-correlation-id']).toBe(first?.headers['x-correlation-id']);
    expect(second?.sequence).toBe(first?.sequence);
    await eventually(async () => expect((await lane.key()).copies).toMatchObject([{ state: 'held' }]));
    const { rows } = await it.engine.database.pool.query(
      "SELECT organization, kind, because FROM audit WHERE event = 'replay' AND key_id = $1",
      [id],
    );
    expect(rows).toEqual([{ organization: 'BROKER', kind: 'operator', because: 'The supplier has mended it' }]);
    // Nothing is owed now: nothing goes.
    expect(said((await ask(lane, id)).body)).toEqual({ key: id, move: 'none', resubmits: false });
    expect(lane.updates()).toHaveLength(2);
  }, 30_000);

  test.each([
    ['async', false],
    ['bars', true],
  ] as const)(
    '%s: what is awaited is not waited for any more; an answer to either Bundle counts',
    async (mode, bars) => {
      const lane = await it.lane({ mode, within: 30 * MINUTE });
      lane.epr.behave({ how: 'pending' });
      await lane.approve();
      await eventually(async () => expect((await lane.key()).copies).toMatchObject([{ answerBy: expect.any(Number) }]));
      expect(said((await ask(lane, (await lane.key()).id)).body)).toMatchObject({ move: 'update', resubmits: true });
      await eventually(() => expect(lane.updates()).toHaveLength(2));
      await eventually(async () => expect((await lane.key()).copies.at(-1)).toMatchObject({ answerBy: expect.any(Number) }));
      const ids = { 'X-Request-ID': crypto.randomUUID(), 'X-Correlation-ID': crypto.randomUUID() };
      const answered = await it.answer(lane.caller, responseTo(lane.updates()[1]?.bytes ?? '', { bars }), ids);
      expect(answered.status).toBe(200);
      await eventually(async () => expect((await lane.key()).copies.at(-1)).toMatchObject({ state: 'held' }));
      expect(await it.answer(lane.caller, responseTo(lane.updates()[0]?.bytes ?? '', { bars }), ids)).toMatchObject({ status: 200 });
      expect(lane.updates()).toHaveLength(2);
    },
    30_000,
  );

  test('I1: what may not be held any more is not sent, whoever asks', async () => {
    const lane = await parked('refuse');
    const { id } = await lane.key();
    await lane.revoke();
    expect(said((await ask(lane, id)).body)).toMatchObject({ move: 'none', because: 'no-consent' });
    await lane.permit();
    await eventually(() => expect(lane.epr.holds()).toHaveLength(1));
    const sent = lane.updates().length;
    lane.epr.behave({ how: 'busy' });
    await lane.revoke();
    await eventually(() => expect(lane.recalls().length).toBeGreaterThan(0));
    expect(said((await ask(lane, id)).body)).toMatchObject({ move: 'recall', because: 'no-consent' });
    lane.epr.behave({ how: 'normal' });
    await ask(lane, id);
    await eventually(() => expect(lane.epr.holds()).toEqual([]));
    expect(lane.updates()).toHaveLength(sent);
  }, 30_000);

  test('from the command line, beside a running broker', async () => {
    const lane = await parked();
    const { id } = await lane.key();
    const { pool } = it.engine.database;
    expect(await replayCommand(pool, it.engine.config, { key: id, reason: 'Asked for by phone' })).toMatchObject({
      move: 'update',
      resubmits: true,
    });
    await eventually(() => expect(lane.epr.holds()).toHaveLength(1));
    for (const wrong of [{ key: id }, { reason: 'Why' }, { key: id, reason: `About ${lane.number}` }, { key: 'nobody', reason: 'Why' }])
      await expect(replayCommand(pool, it.engine.config, wrong)).rejects.toThrow(/--reason|--key|no such key/);
  }, 30_000);

  test('I6 I8 I10: nobody else may, a reason is asked for and names nobody, and what is not there is not found', async () => {
    const lane = await parked();
    const other = await it.lane();
    const { id } = await lane.key();
    const sent = lane.updates().length;
    for (const caller of [
      { ods: 'TRUST1', kind: 'publisher' as const },
      { ods: lane.caller.ods, kind: 'epr' as const },
    ])
      expect(await ask(lane, id, 'Why', caller)).toMatchObject({ status: 403 });
    expect(await ask(lane, id, ' ')).toMatchObject({ status: 422 });
    expect(await ask(lane, id, `For ${lane.number}`)).toMatchObject({ status: 422 });
    expect(await ask(lane, 'no-such-key')).toMatchObject({ status: 404 });
    // A key of another address is none of this one.
    expect(await ask(other, id)).toMatchObject({ status: 404 });
    expect(lane.updates()).toHaveLength(sent);
    expect((await lane.key()).last).toMatchObject({ outcome: 'refused' });
  }, 30_000);
});

describe('nothing in a dead-letter place holds plan text', () => {
  test('I8: with messages refused, awaited and unanswered no table holds a word of the plan or a number open', async () => {
    const WORDS = 'Zebrafinch lullabies calm me';
    const refused = await it.lane();
    const awaited = await it.lane({ mode: 'async', within: 30 * MINUTE });
    refused.epr.behave({ how: 'fatal-error' });
    awaited.epr.behave({ how: 'pending' });
    for (const lane of [refused, awaited]) await lane.approve(WORDS);
    await eventually(async () => expect((await refused.key()).last).toMatchObject({ outcome: 'refused' }));
    await eventually(async () => expect((await awaited.key()).copies).toMatchObject([{ answerBy: expect.any(Number) }]));
    expect(awaited.updates()[0]?.bytes).toContain(WORDS);
    // The answer says more than it should: none of it is kept.
    const answer = responseTo(awaited.updates()[0]?.bytes ?? '', { code: 'fatal-error' });
    answer.entry?.push({
      fullUrl: `urn:uuid:${crypto.randomUUID()}`,
      resource: {
        resourceType: 'OperationOutcome',
        issue: [{ severity: 'error', code: 'invalid', diagnostics: `${WORDS} ${awaited.number}` }],
      },
    });
    expect(await it.answer(awaited.caller, answer)).toMatchObject({ status: 200 });
    // The person's number is a key of a lookup there, known and sealed nowhere else.
    for (const [table, text] of await everyRow(it.engine.database.owner))
      for (const found of [WORDS, 'Zebrafinch', refused.number, awaited.number].filter((each) => text.includes(each)))
        expect({ table, found }).toEqual({ table: 'public.person', found });
    expect(it.door.lines.join('')).not.toMatch(new RegExp(`Zebrafinch|${awaited.number}|${refused.number}`));
  }, 30_000);
});
