import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type OpenDoor, openDoor, TRUST } from './open-door.ts';

const WRITERS = 64;
let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
  // Connections that are yet to be made would let one writer in after another.
  await Promise.all(Array.from({ length: 40 }, () => door.pool.query('SELECT pg_sleep(0.1)')));
});
afterAll(() => door.close());

type Body = Record<string, unknown>;
const practitioner = (id: string, rest: Body = {}): Body => ({
  resourceType: 'Practitioner',
  id,
  name: [{ family: 'Plainly-Invented' }],
  ...rest,
});
const writers = Array.from({ length: WRITERS }, (_each, n) => n);
const atOnce = <T>(work: (n: number) => PromiseLike<T>): Promise<readonly T[]> => Promise.all(writers.map(work));
const patch = (id: string, operations: unknown) =>
  door
    .as(door.agent.patch(`/fhir/Practitioner/${id}`), TRUST)
    .set('Content-Type', 'application/json-patch+json')
    .send(JSON.stringify(operations));

/** Versions as they are stored, in their order. */
const versionsOf = async (id: string): Promise<readonly { version: number; body: Body }[]> => {
  const { rows } = await door.pool.query<{ version: number; body: string }>(
    `SELECT version, body FROM resource_version WHERE type = 'Practitioner' AND id = $1 ORDER BY version`,
    [id],
  );
  return rows.map(({ version, body }) => ({ version, body: JSON.parse(body) as Body }));
};
const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_each, index) => index + 1);
const counted = (values: readonly number[]): Readonly<Record<number, number>> =>
  Object.fromEntries([...new Set(values)].map((value) => [value, values.filter((each) => each === value).length]));

describe('64 writers of one resource', () => {
  test('with If-Match: one wins for each version, and the others are told that it is stale', async () => {
    await door.put(TRUST, practitioner('matched'));
    const ROUNDS = 4;
    for (const round of upTo(ROUNDS)) {
      const answers = await atOnce((n) =>
        door.put(TRUST, practitioner('matched', { active: n % 2 === 0 })).set('If-Match', `W/"${round}"`),
      );
      expect(counted(answers.map(({ status }) => status))).toEqual({ 200: 1, 412: WRITERS - 1 });
      expect(answers.find(({ status }) => status === 200)?.headers['etag']).toBe(`W/"${round + 1}"`);
    }
    expect((await versionsOf('matched')).map(({ version }) => version)).toEqual(upTo(ROUNDS + 1));
  });

  test('without If-Match: all are done, each as a version of its own, with no gap and none twice', async () => {
    const answers = await atOnce((n) => door.put(TRUST, practitioner('unmatched', { qualification: [{ code: { text: `writer ${n}` } }] })));
    expect(counted(answers.map(({ status }) => status))).toEqual({ 200: WRITERS - 1, 201: 1 });
    const stored = await versionsOf('unmatched');
    expect(stored.map(({ version }) => version)).toEqual(upTo(WRITERS));
    // What each was answered is what is stored under its version.
    for (const { body } of answers) expect(stored[Number(body.meta.versionId) - 1]?.body).toEqual(body);
  });

  test('by JSON Patch without If-Match: none is lost', async () => {
    await door.put(TRUST, practitioner('patched', { qualification: [{ code: { text: 'first' } }] }));
    const answers = await atOnce((n) =>
      patch('patched', [{ op: 'add', path: '/qualification/-', value: { code: { text: `writer ${n}` } } }]),
    );
    expect(counted(answers.map(({ status }) => status))).toEqual({ 200: WRITERS });
    const { body } = await door.get(TRUST, '/fhir/Practitioner/patched');
    const said = body.qualification.map(({ code }: { code: { text: string } }) => code.text);
    expect(new Set(said)).toEqual(new Set(['first', ...writers.map((n) => `writer ${n}`)]));
    expect(said).toHaveLength(WRITERS + 1);
    expect((await versionsOf('patched')).map(({ version }) => version)).toEqual(upTo(WRITERS + 1));
  });

  test('that write, patch and delete it: each is answered, and versions have no gap', async () => {
    const answers = await atOnce((n) =>
      n % 3 === 0
        ? door.put(TRUST, practitioner('mixed', { active: true }))
        : n % 3 === 1
          ? patch('mixed', [{ op: 'add', path: '/active', value: false }])
          : door.as(door.agent.delete('/fhir/Practitioner/mixed'), TRUST),
    );
    for (const { status } of answers) expect([200, 201, 204, 404, 410]).toContain(status);
    const { rows } = await door.pool.query<{ version: number }>(
      `SELECT version FROM resource_version WHERE type = 'Practitioner' AND id = 'mixed' ORDER BY version`,
    );
    expect(rows.map(({ version }) => version)).toEqual(upTo(rows.length));
    expect(rows.length).toBeGreaterThan(1);
  });
});

describe('64 at once on a condition', () => {
  const condition = 'identifier=https://example.invalid/staff|at-once-put';
  test('conditional updates make one resource, and each is a version of it', async () => {
    const body = { resourceType: 'Practitioner', identifier: [{ system: 'https://example.invalid/staff', value: 'at-once-put' }] };
    const answers = await atOnce(() =>
      door
        .as(door.agent.put(`/fhir/Practitioner?${condition}`), TRUST)
        .set('Content-Type', 'application/fhir+json')
        .send(JSON.stringify(body)),
    );
    expect(counted(answers.map(({ status }) => status))).toEqual({ 200: WRITERS - 1, 201: 1 });
    const ids = new Set(answers.map((answer) => String(answer.body.id)));
    expect(ids.size).toBe(1);
    const [id = ''] = ids;
    expect((await versionsOf(id)).map(({ version }) => version)).toEqual(upTo(WRITERS));
  });
});

describe('64 transactions of the same two resources in opposite orders', () => {
  const entry = (id: string, n: number) => ({
    request: { method: 'PUT', url: `Practitioner/${id}` },
    resource: practitioner(id, { qualification: [{ code: { text: `transaction ${n}` } }] }),
  });
  const textOf = (body: Body | undefined): unknown => (body?.['qualification'] as { code: { text: string } }[] | undefined)?.[0]?.code.text;

  test('all are done, and none by half: the two have the same versions', async () => {
    const answers = await atOnce((n) =>
      door.post(TRUST, '/fhir', {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: n % 2 === 0 ? [entry('left', n), entry('right', n)] : [entry('right', n), entry('left', n)],
      }),
    );
    expect(counted(answers.map(({ status }) => status))).toEqual({ 200: WRITERS });
    const [left, right] = [await versionsOf('left'), await versionsOf('right')];
    expect(left.map(({ version }) => version)).toEqual(upTo(WRITERS));
    expect(left.map(({ body }) => textOf(body))).toEqual(right.map(({ body }) => textOf(body)));
    expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  });

  test('where half of them fail in their second entry, those leave nothing', async () => {
    const before = (await versionsOf('left')).length;
    const answers = await atOnce((n) =>
      door.post(TRUST, '/fhir', {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [entry('left', n), n % 2 === 0 ? entry('right', n) : { request: { method: 'DELETE', url: 'Practitioner/nobody-at-all' } }],
      }),
    );
    expect(counted(answers.map(({ status }) => status))).toEqual({ 200: WRITERS / 2, 404: WRITERS / 2 });
    const [left, right] = [await versionsOf('left'), await versionsOf('right')];
    expect(left).toHaveLength(before + WRITERS / 2);
    expect(left.map(({ body }) => textOf(body))).toEqual(right.map(({ body }) => textOf(body)));
  });
});
