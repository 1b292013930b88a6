import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { keysOf } from '../../src/store/keys/keys-of.ts';
import type { Ground } from '../store/ground.ts';
import { layGround, publisher, WORDS } from '../store/ground.ts';
import * as body from '../support/bodies.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await layGround();
}, 60_000);
afterAll(() => ground?.close());

describe('locks and clocks of facts', () => {
  test('I1: a record that moves to a person who is made meanwhile takes that person, too', async () => {
    const { patient } = await ground.person('moved', []);
    const number = ground.numbers.next();
    const id = '00000000-0000-4000-8000-000000000001';
    const [maker, reader] = [await ground.database.pool.connect(), await ground.database.pool.connect()];
    try {
      await maker.query('BEGIN');
      await maker.query('INSERT INTO person (id, nhs_number) VALUES ($1, $2)', [id, keysOf(ground.database.pool).index.number(number)]);
      let isWritten = false;
      const written = ground.put(publisher, body.patient(patient, number)).then(() => {
        isWritten = true;
      });
      await wait(150);
      await reader.query('SELECT pg_advisory_lock_shared(1, hashtext($1))', [id]);
      await maker.query('COMMIT');
      await wait(300);
      expect(isWritten).toBe(false);
      await reader.query('SELECT pg_advisory_unlock_shared(1, hashtext($1))', [id]);
      await written;
    } finally {
      maker.release();
      reader.release();
    }
  });

  test('what is stored is dated by the clock that decides: that of the database', async () => {
    const { consent, patient } = await ground.person('skewed', []);
    const Real = globalThis.Date;
    const HOUR = 3_600_000;
    globalThis.Date = class extends Real {
      constructor(...args: [] | [number | string]) {
        if (args.length === 0) super(Real.now() + HOUR);
        else super(args[0]);
      }
      static override now(): number {
        return Real.now() + HOUR;
      }
    } as DateConstructor;
    try {
      await ground.put(publisher, body.consent(consent, patient, 'org-trust', { kinds: ['ed'] }));
    } finally {
      globalThis.Date = Real;
    }
    const { rows } = await ground.database.pool.query(
      "SELECT (facts->>'recordedAt')::numeric AS at FROM consent_fact WHERE consent_id = $1",
      [consent],
    );
    expect(Number(rows[0].at)).toBeLessThan(Date.now() + HOUR / 2);
  });

  test('a plan that is approved anew after it was withdrawn leaves the withdrawn version withdrawn', async () => {
    const { patient, plan } = await ground.person('again', []);
    await ground.store.withdraw(publisher, plan, 'The person asked for it');
    await ground.put(publisher, body.composition('words-again2', patient, WORDS));
    await ground.put(publisher, body.carePlan('plan-again2', patient, 'words-again2', { reach: [], replaces: plan }));
    await ground.store.approve(publisher, 'plan-again2', '1', body.approval('plan-again2'), body.approver);
    expect((await ground.store.read('CarePlan', plan))?.body).toMatchObject({ status: 'revoked' });
    expect((await ground.store.read('CarePlan', 'plan-again2'))?.body).toMatchObject({ status: 'active' });
  });
});
