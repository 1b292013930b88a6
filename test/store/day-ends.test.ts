import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { emptyLedger } from '../../src/decide/attempt.ts';
import { desired } from '../../src/decide/desired.ts';
import { step } from '../../src/decide/step.ts';
import { holds } from '../../src/model/ledger.ts';
import * as body from '../support/bodies.ts';
import { type FalseClock, openFalseClock } from './false-clock.ts';
import { caller, type Ground, type Lane, layGround, operator, publisher, WORDS } from './ground.ts';

/**
 * What ends on a day ends at 24:00 in London, to the millisecond: in the decision, and in the SQL that takes it again before the wire, wakes
 * the key, and refuses the read. The database's clock is set by the test; ends are written here by hand, in UTC.
 */

const ENDS: readonly (readonly [written: string, ends: string])[] = [
  ['2026-07-15', '2026-07-15T23:00:00.000Z'],
  ['2026-10-24', '2026-10-24T23:00:00.000Z'], // the last whole day of summer time
  ['2026-10-25', '2026-10-26T00:00:00.000Z'], // clocks go back: a day of 25 hours
  ['2026-10-26', '2026-10-27T00:00:00.000Z'],
  ['2027-01-15', '2027-01-16T00:00:00.000Z'],
  ['2027-03-27', '2027-03-28T00:00:00.000Z'],
  ['2027-03-28', '2027-03-28T23:00:00.000Z'], // clocks go forward: a day of 23 hours
  ['2027-03-29', '2027-03-29T23:00:00.000Z'],
  // A month and a year end with their last day; a time ends when it says, also in the hour that comes twice.
  ['2026-10', '2026-11-01T00:00:00.000Z'],
  ['2026', '2027-01-01T00:00:00.000Z'],
  ['2026-10-25T01:30:00+01:00', '2026-10-25T00:30:00.000Z'],
  ['2026-10-25T01:30:00Z', '2026-10-25T01:30:00.000Z'],
];
/** Of these every kind of fact; of the others the first, for all are read by the same function. */
const OF_EVERY_FACT = ['2026-07-15', '2026-10-25', '2027-01-15', '2027-03-28'];
const kinds = ['ed', 'ambulance'] as const;

interface Ending {
  readonly fact: string;
  put(lane: Lane, end: string): Promise<unknown>;
  /** What is left after it. */
  readonly leaves: 'nothing' | 'card';
}
let clock: FalseClock;
let ground: Ground;
let versions = 0;
const bothServices = (lane: Lane) => [lane.service, 'svc-amb'];
const ENDINGS: readonly Ending[] = [
  {
    fact: "a consent's permit",
    put: (lane, end) => ground.put(publisher, body.consent(lane.consent, lane.patient, 'org-trust', { kinds, end })),
    leaves: 'nothing',
  },
  {
    fact: 'a whole consent',
    put: (lane, end) => {
      const consent = body.consent(lane.consent, lane.patient, 'org-trust', { kinds });
      return ground.put(publisher, { ...consent, provision: { ...consent.provision, period: { end } } });
    },
    leaves: 'nothing',
  },
  {
    fact: 'an agreement',
    put: async (lane, end) => {
      await ground.put(publisher, body.consent(lane.consent, lane.patient, 'org-trust', { kinds }));
      for (const service of bothServices(lane))
        await ground.put(operator, { ...body.agreement('org-trust', [service], { end }), id: service.replace('svc', 'con') });
    },
    leaves: 'nothing',
  },
  {
    fact: 'a plan',
    put: async (lane, end) => {
      const [id, before] = [`${lane.plan}-${versions + 1}`, versions === 0 ? lane.plan : `${lane.plan}-${versions}`];
      versions += 1;
      await ground.put(publisher, body.composition(`words-${id}`, lane.patient, WORDS));
      const plan = body.carePlan(id, lane.patient, `words-${id}`, { reach: bothServices(lane), replaces: before });
      await ground.put(publisher, { ...plan, period: { start: '2026-01-01', end } });
      await ground.store.approve(publisher, id, '1', body.approval(id), body.approver);
    },
    leaves: 'card',
  },
];

beforeAll(async () => {
  clock = await openFalseClock();
  ground = await layGround(clock.database);
  await clock.set(Date.parse('2026-07-01T12:00:00Z'));
  await ground.recipient('amb', 'ambulance');
}, 60_000);
afterAll(() => ground?.close());

const lookAtOf = async (recipient: string): Promise<number> => {
  const { rows } = await ground.database.pool.query<{ at: string }>(
    `SELECT extract(epoch FROM min(look_at)) * 1000 AS at FROM ledger_key WHERE recipient_id = $1 AND look_at < 'infinity'`,
    [recipient],
  );
  return Number(rows[0]?.at);
};
/** Every key as if nothing had ever been sent or read; those that are pushed to are due. */
const renew = async (lane: Lane): Promise<void> => {
  await ground.database.pool.query("UPDATE delivery SET outcome = 'unknown' WHERE outcome = 'open'");
  await ground.database.pool.query(
    `UPDATE ledger_key SET state = $1, version = version + 1, open_delivery = NULL, lease_until = NULL, observed = generation,
            look_at = CASE WHEN recipient_id = $2 THEN '-infinity' ELSE 'infinity' END::timestamptz`,
    [emptyLedger(1), lane.service],
  );
};

/** Puts the clock forward just before a read that was decided is written down; answers what was shown. */
const readAcross = async (end: number, read: () => Promise<number[]>): Promise<number[]> => {
  const { pool } = ground.database;
  const query = pool.query.bind(pool) as (...asked: readonly unknown[]) => Promise<unknown>;
  let jumped = false;
  Object.assign(pool, {
    query: async (...asked: readonly unknown[]) => {
      const { name = '' } = asked[0] as { readonly name?: string };
      if (!jumped && name.startsWith('begin-read')) {
        jumped = true;
        await clock.set(end);
      }
      return query(...asked);
    },
  });
  const shown = await read().finally(() => Object.assign(pool, { query }));
  expect(jumped).toBe(true);
  return shown;
};

describe.each(ENDINGS)('$fact that ends on a day', ({ fact, put, leaves }) => {
  let lane: Lane;
  beforeAll(async () => {
    await clock.set(Date.parse('2026-07-01T12:00:00Z'));
    await ground.agree('amb');
    lane = await ground.lane(`l${ENDINGS.findIndex((each) => each.fact === fact)}`, 'ed');
  }, 60_000);

  test.each(ENDS.filter(([written]) => fact === ENDINGS[0]?.fact || OF_EVERY_FACT.includes(written)))(
    'I1 G20 %s is over at %s, and not a millisecond before',
    async (written, ends) => {
      const end = Date.parse(ends);
      const ledger = ground.ledger();
      await clock.set(end - 36 * 3_600_000);
      await put(lane, written);
      await ground.fanOutAll();
      await renew(lane);
      const claimOne = async () => (await ledger.claim(lane.service, 1))[0];
      const aim = async () => {
        const claim = await claimOne();
        if (claim === undefined) throw new Error('the key is not due');
        const look = await ledger.look(claim);
        const want = desired(look.facts, look.now);
        const move = step(want, look.ledger, look.now, look.facts.destination);
        if (move.kind === 'rest') throw new Error('there is nothing to do');
        return { claim, look, want, attempt: ledger.plan(look, want, move, randomUUID(), randomUUID()) };
      };
      const frozen = { parcel: { bytes: '' }, repeats: null };

      // The decision alone, over the facts as they are stored.
      await clock.set(end - 1);
      const { claim, look, want, attempt } = await aim();
      const [before, after] = [desired(look.facts, end - 1), desired(look.facts, end)];
      expect([before.until, holds(before) ? before.headings : null]).toEqual([end, ['please-do', 'triggers', 'who-to-ring']]);
      if (leaves === 'nothing') expect(after).toMatchObject({ nothing: true });
      else expect(holds(after) ? after.headings : null).toEqual(['who-to-ring']);

      // Begun at its last millisecond it leaves by then; when that has passed between decision and begin it is not begun.
      expect(attempt.sendBefore).toBe(end);
      await clock.set(end);
      expect(await ledger.begin(claim, look, want, attempt, frozen)).toBeNull();
      await clock.set(end - 1);
      expect(await ledger.begin(claim, look, want, attempt, frozen)).toBe(0);
      await ledger.settle(claim, look, attempt, { kind: 'accepted', level: 'application' }, (state) =>
        step(want, state, end - 1, look.facts.destination),
      );

      // The key wakes then, and not before.
      expect(await lookAtOf(lane.service)).toBe(end);
      expect(await claimOne()).toBeUndefined();
      const read = async () =>
        (await ground.store.lookUp(caller('XAMB', 'ambulance'), { nhsNumber: lane.number }, true)).map(({ sections }) => sections.length);
      expect(await read()).toEqual([3]);
      expect(await lookAtOf('svc-amb')).toBe(end);

      // Decided at its last millisecond and written down at its end, it is decided again.
      const left = leaves === 'nothing' ? [] : [1];
      expect(await readAcross(end, read)).toEqual(left);
      expect((await aim()).attempt.action.kind).toBe(leaves === 'nothing' ? 'recall' : 'update');
      expect(await read()).toEqual(left);
    },
  );
});
