import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Ground, layGround, publisher } from '../store/ground.ts';
import { type LateWatch, watchLate } from '../store/late-watch.ts';
import * as body from '../support/bodies.ts';
import { startTestEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import { startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import type { FakeRecipient, Received } from '../support/fake-recipient.ts';

/** A thousand plans become due by one agreement, half by FHIR and half by HL7 v2, while each of the thousand people takes their consent back. */

const PEOPLE = 1_000;
/** Made side by side. */
const HANDS = 12;
/** Who take it back at the same moment. */
const WAVE = 50;

interface Somebody {
  readonly number: string;
  readonly patient: string;
  readonly consent: string;
  revokedAt: number;
}
let engine: TestEngine;
let ground: Ground;
let watch: LateWatch;
let epr: FakeRecipient;
let ed: FakeRecipient;
const people: Somebody[] = [];

const sideBySide = async <T>(all: readonly T[], work: (one: T, index: number) => Promise<unknown>): Promise<void> => {
  const waiting = all.entries();
  const hand = async (): Promise<void> => {
    for (const [index, one] of waiting) await work(one, index);
  };
  await Promise.all(Array.from({ length: HANDS }, hand));
};

beforeAll(async () => {
  engine = await startTestEngine();
  [epr, ed] = [await startFakeFhirRecipient(), await startFakeMllpRecipient()];
  ground = await layGround(engine.database);
  await ground.recipient('epr', 'epr', epr.address);
  await ground.recipient('ed', 'ed', ed.address);
  for (const name of ['epr', 'ed']) await ground.agree(name, 'negotiable');
  await sideBySide(Array.from({ length: PEOPLE }), async (_, index) => {
    const { number, patient, consent } = await ground.person(`p${index}`, [index % 2 === 0 ? 'svc-epr' : 'svc-ed']);
    people.push({ number, patient, consent, revokedAt: Number.POSITIVE_INFINITY });
  });
  await ground.fanOutAll();
  watch = await watchLate(engine.database.owner);
}, 600_000);
afterAll(async () => {
  await engine?.stop();
  await epr?.stop();
  await ed?.stop();
});

const received = (): readonly Received[] => [...epr.received(), ...ed.received()];
/** Waits for so many messages; no longer than a while, for there may be nobody left to tell. */
const hasArrived = async (many: number): Promise<void> => {
  for (const end = performance.now() + 3_000; performance.now() < end; await wait(5))
    if (epr.received().length + ed.received().length >= many) return;
};
/** Patients whose keys are worked on at this moment, and who come next. */
const inTurn = async (): Promise<ReadonlySet<string>> => {
  const { rows } = await engine.database.pool.query<{ patient_id: string }>(
    `SELECT p.patient_id FROM ledger_key k JOIN plan p ON p.id = k.plan_id
      WHERE k.recipient_id IN ('svc-epr', 'svc-ed') AND k.look_at <= clock_timestamp() ORDER BY k.lease_until IS NULL, k.look_at LIMIT $1`,
    [WAVE / 2],
  );
  return new Set(rows.map(({ patient_id }) => patient_id));
};
const updatesOf = ({ number }: Somebody): readonly Received[] =>
  received().filter(({ kind, person }) => kind === 'update' && person === number);
/** When its sender wrote a message, as it says itself. */
const writtenAt = ({ bytes }: Received): number => {
  if (bytes.startsWith('{')) return Date.parse(JSON.parse(bytes).timestamp);
  const [, year, month, day, hour, minute, second, fraction = '0', zone = '+0000'] =
    /^MSH(?:\|[^|]*){5}\|(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d+)?([+-]\d{4})?/.exec(bytes) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) + Number(fraction) * 1_000 - Number(zone) * 36_000;
};

describe(`${PEOPLE} revocations against ${PEOPLE} sends`, () => {
  test('I1 I2 G9 nothing begins once a revocation has answered, and whoever got anything is asked for it back', async () => {
    expect(received()).toEqual([]);
    for (const name of ['epr', 'ed']) await ground.agree(name);
    engine.engine.changed();
    // In waves, each when half as many more have been told: whatever the machine, often the one comes first and often the other. Half of a wave
    // is of those who are being told at this moment. It has as many at once as there are connections.
    const left = new Set(people);
    while (left.size > 0) {
      await hasArrived((PEOPLE - left.size) / 2);
      const next = await inTurn();
      const wave = [...[...left].filter(({ patient }) => next.has(patient)), ...left].slice(0, WAVE);
      await Promise.all(
        [...new Set(wave)].map(async (one) => {
          left.delete(one);
          await ground.put(publisher, body.consent(one.consent, one.patient, 'org-trust', { kinds: ['epr', 'ed'], status: 'inactive' }));
          one.revokedAt = Date.now();
          engine.engine.changed();
        }),
      );
    }

    await eventually(async () => {
      expect([epr.holds().length, ed.holds().length]).toEqual([0, 0]);
      const { rows } = await engine.database.pool.query(
        `SELECT FROM ledger_key WHERE recipient_id IN ('svc-epr', 'svc-ed') AND (observed < generation OR state->'copies' <> '[]')`,
      );
      expect(rows).toHaveLength(0);
    }, 120_000);

    const got = people.filter((one) => updatesOf(one).length > 0);
    const late = got.flatMap((one) => updatesOf(one).map((message) => message.at - one.revokedAt)).filter((ms) => ms > 0);
    process.stderr.write(
      `of ${PEOPLE} people ${got.length} were told of; ${late.length} messages arrived after the answer, the last ${Math.max(0, ...late)} ms after\n`,
    );
    // It was a race.
    expect(got.length).toBeGreaterThan(PEOPLE / 20);
    expect(PEOPLE - got.length).toBeGreaterThan(PEOPLE / 20);

    // By what the recipients have: nothing that was written after the answer, nothing that is not on record, and all of it asked back.
    for (const one of got) for (const message of updatesOf(one)) expect(writtenAt(message)).toBeLessThanOrEqual(one.revokedAt);
    const { rows } = await engine.database.pool.query<{ document_id: string }>(
      `SELECT document_id FROM delivery d JOIN audit a ON a.delivery_id = d.id WHERE d.action = 'update' AND a.event = 'disclose'`,
    );
    const onRecord = new Set(rows.map(({ document_id }) => document_id));
    expect(received().filter(({ kind, document }) => kind === 'update' && !onRecord.has(document))).toEqual([]);
    const recalled = new Set(received().flatMap(({ kind, person }) => (kind === 'recall' ? [person] : [])));
    expect(got.filter(({ number }) => !recalled.has(number))).toEqual([]);
    // By the order of the commits, whatever any clock says.
    expect(await watch.count()).toBe(0);
  }, 300_000);
});
