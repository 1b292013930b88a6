import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type pg from 'pg';
import { resync } from '../../../src/store/fan-out.ts';
import * as body from '../../support/bodies.ts';
import type { Lane } from '../ground.ts';
import { publisher } from '../ground.ts';
import { workOnce } from '../work-once.ts';
import type { Arena } from './arena.ts';
import { report } from './arena.ts';

/** Rounds after which an approved plan in reach, under an executed agreement, is not held. */
async function race({ ground, run }: Arena, rounds: number): Promise<number> {
  const { database, store, put, agree, fanOutAll } = ground;
  const ledger = ground.ledger();
  let missing = 0;
  let takes = 20;
  await ground.park();
  await run(rounds, async (lane) => {
    const id = randomUUID();
    await agree(lane.name, 'negotiable');
    await put(
      publisher,
      body.composition(`words-${id}`, lane.patient, {
        'please-do': 'Speak slowly please',
        'who-to-ring': 'Ring the crisis team, day and night: 01632 960001',
      }),
    );
    await put(publisher, body.carePlan(id, lane.patient, `words-${id}`, { reach: [lane.service], identifier: id }));
    await fanOutAll();
    const startedAt = performance.now();
    const approved = store.approve(publisher, id, '1', body.approval(id), body.approver).then(fanOutAll);
    const agreed = wait(Math.random() * takes * 2)
      .then(() => agree(lane.name, 'executed'))
      .then(fanOutAll);
    const facts = Promise.all([approved, agreed]);
    let isDone = false;
    const work = async (): Promise<void> => {
      while (!isDone) {
        await workOnce(ledger, lane.service);
        await wait(Math.random() * 4);
      }
    };
    await Promise.all([
      approved.then(() => {
        takes = takes * 0.9 + (performance.now() - startedAt) * 0.1;
      }),
      facts.then(() => {
        isDone = true;
      }),
      work(),
    ]);
    // Another lane's worker may be at this lane's fan-out.
    while (await isPending(database.pool, lane)) await fanOutAll();
    while (await workOnce(ledger, lane.service));
    const { rows } = await database.pool.query<{ held: boolean }>(
      `SELECT k.state->'copies'->0->>'state' = 'held' AS held FROM ledger_key k JOIN plan p ON p.id = k.plan_id WHERE p.version->>'carePlanId' = $1`,
      [id],
    );
    if (rows[0]?.held !== true) missing++;
    // Out of the way of the rounds to come.
    await database.pool.query(
      `WITH done AS (UPDATE plan SET reach_recipients = '{}' WHERE version->>'carePlanId' = $1 RETURNING id),
            sent AS (DELETE FROM delivery WHERE key_id IN (SELECT k.id FROM ledger_key k JOIN done ON done.id = k.plan_id))
       UPDATE ledger_key SET look_at = 'infinity' WHERE plan_id IN (SELECT id FROM done)`,
      [id],
    );
    await database.pool.query(`DELETE FROM ledger_key WHERE plan_id = (SELECT id FROM plan WHERE version->>'carePlanId' = $1)`, [id]);
  });
  return missing;
}

const isPending = async (pool: pg.Pool, { patient, ods }: Lane): Promise<boolean> => {
  const { rows } = await pool.query(
    'SELECT FROM fan_out WHERE pairs @> ARRAY[$1::text] OR persons && ARRAY(SELECT person_id FROM patient_fact WHERE patient_id = $2)',
    [`TRUST1 ${ods}`, patient],
  );
  return rows.length > 0;
};

/** The fan-out rows of one of the two facts are lost. */
async function loseFanOut(pool: pg.Pool, column: 'persons' | 'pairs'): Promise<() => Promise<unknown>> {
  await pool.query(`
    CREATE FUNCTION lose_fan_out() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
    CREATE TRIGGER lose_fan_out BEFORE INSERT ON fan_out FOR EACH ROW WHEN (cardinality(NEW.${column}) > 0) EXECUTE FUNCTION lose_fan_out();`);
  return () => pool.query('DROP TRIGGER lose_fan_out ON fan_out; DROP FUNCTION lose_fan_out()');
}

/**
 * Approval against the execution of an agreement: they share no lock. What makes the key come to be whatever their order is that each
 * leaves its fan-out row in the transaction of its fact, and that the fan-out comes after both commits.
 */
export function raceApproval(arena: () => Arena, rounds: number, timeout: number): void {
  describe('approval against the execution of an agreement', () => {
    test(
      `I3: of ${rounds} each key comes to be and is delivered, whatever the order, and resync finds none missing`,
      async () => {
        expect(await race(arena(), rounds)).toBe(0);
        expect(await resync(arena().ground.database.pool, 1)).toEqual([]);
      },
      timeout,
    );
    test.each([
      ['approval', 'persons'],
      ['agreement', 'pairs'],
    ] as const)(
      "without the %s's fan-out row some are not",
      async (fact, column) => {
        const putBack = await loseFanOut(arena().ground.database.owner, column);
        try {
          const tally = await arena().runUntilLost(rounds, (some) => race(arena(), some));
          report(`approval against agreement, without the ${fact}'s fan-out row: of ${tally.rounds} ${tally.lost} are not delivered`);
          expect(tally.lost).toBeGreaterThan(0);
        } finally {
          await putBack();
        }
      },
      timeout,
    );
  });
}
