import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import request from 'supertest';
import { accessParts } from '../../support/access.ts';
import type { Response } from 'supertest';
import { System } from '../../../profiles/canonicals.ts';
import { createApp } from '../../../src/http/app.ts';
import { createLog } from '../../../src/log.ts';
import { validate } from '../../../src/validate/validate.ts';
import { AMBULANCE, approvePlan, example, openDoor, TRUST } from '../open-door.ts';
import type { OpenDoor } from '../open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
});
afterAll(() => door.close());

/** Words of a fault: where it was, what it was, and what it was about. */
const INSIDE =
  /\bat .+:\d+:\d+|\.[cm]?[jt]s\b|node_modules|file:\/\/|\b(?:Type|Reference|Range|Syntax|Database|Aggregate)?Error\b|relation|SELECT|stack|sesame/;

const expectNothingOf = (answer: Response): void => {
  expect(answer.status).toBeGreaterThanOrEqual(500);
  expect(answer.body).toMatchObject({
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', details: { text: expect.stringMatching(/^the broker failed/) } }],
  });
  expect(answer.text).not.toMatch(INSIDE);
  expect(JSON.stringify(answer.headers)).not.toMatch(INSIDE);
};

describe('A fault of the broker’s own', () => {
  test('in the database: no answer tells a word of it, on any road', async () => {
    const { rows } = await door.pool.query<{ name: string }>(
      "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname IN ('resource', 'resource_version', 'person', 'audit', 'ledger_key')",
    );
    for (const { name } of rows) await door.owner.query(`ALTER TABLE "${name}" RENAME TO "${name}_gone"`);
    try {
      for (const answer of [
        await door.get(TRUST, '/fhir/Practitioner/nurse'),
        await door.get(TRUST, '/fhir/Practitioner?name=a'),
        await door.get(TRUST, '/fhir/Practitioner/nurse/_history'),
        await door.search(AMBULANCE, 'Flag', 'patient:identifier=https://fhir.nhs.uk/Id/nhs-number|9990012342'),
        await door.post(TRUST, '/fhir/Practitioner', { resourceType: 'Practitioner', name: [{ family: 'Clinician-Example' }] }),
        await door.put(TRUST, { ...example('plan-patient') }),
      ])
        expectNothingOf(answer);
    } finally {
      for (const { name } of rows) await door.owner.query(`ALTER TABLE "${name}_gone" RENAME TO "${name}"`);
    }
    // The log says where, and not what the error said: its words may be a person's.
    const lines = door.lines.filter((line) => line.includes('our fault'));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      const { fault } = JSON.parse(line) as { fault: Record<string, unknown> };
      expect(fault).toMatchObject({ type: 'error', code: '42P01' });
      expect(fault).not.toHaveProperty('message');
      expect(fault).not.toHaveProperty('stack');
      expect(line).not.toMatch(/9990012342|Clinician-Example|relation/);
    }
  });

  /** The door with one of its parts broken. */
  const broken = (parts: Partial<Parameters<typeof createApp>[0]>, lines: string[] = []) =>
    request(
      createApp({
        store: door.store,
        ...accessParts(door.pool),
        config: { operatorOds: 'BROKER', behindProxy: false, publicUrl: null, outboundAllow: [], errorCodeSystem: System.httpErrorCodes },
        metrics: new Registry(),
        validate,
        log: createLog('info', (text) => lines.push(text)),
        newId: randomUUID,
        ...parts,
      }),
    );
  const failing = (): never => {
    throw new TypeError('sesame opens /srv/broker/src/http/app.ts');
  };

  test('its connections to the database are cut under whatever is being done: it is away for now (503), and nothing else', async () => {
    const statuses = new Set<number>();
    for (let round = 0; round < 8; round++) {
      const asked = Array.from({ length: 8 }, (_, at) => [
        door.put(TRUST, { ...example('plan-patient'), id: `cut-${at}` }),
        door.search(AMBULANCE, 'Flag', 'patient:identifier=https://fhir.nhs.uk/Id/nhs-number|9990012342'),
      ]).flat();
      const answers = Promise.all(asked);
      await new Promise((resolve) => setTimeout(resolve, round * 4));
      await door.owner.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      );
      for (const { status } of await answers) statuses.add(status);
    }
    // Both were seen: the cut was felt, and not by all.
    expect(statuses).toContain(503);
    expect([...statuses].filter((status) => status >= 500 && status !== 503)).toEqual([]);
  });

  test('in a step of the pipeline', async () => {
    const answer = await door
      .as(broken({ validate: failing }).post('/fhir/Practitioner'), TRUST)
      .set('Content-Type', 'application/fhir+json')
      .send(JSON.stringify({ resourceType: 'Practitioner' }));
    expectNothingOf(answer);
  });

  test('outside of it, where express would answer with the stack and print it', async () => {
    const lines: string[] = [];
    expectNothingOf(await broken({ newId: failing }, lines).get('/fhir/metadata'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/sesame/);
  });
});
