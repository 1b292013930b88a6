import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { OpenDoor } from './open-door.ts';
import { openDoor, TRUST } from './open-door.ts';

let door: OpenDoor;
const grown = { resourceType: 'Practitioner', id: 'grown', name: [{ family: 'Plainly-Invented'.repeat(8) }] };
beforeAll(async () => {
  door = await openDoor();
  await door.put(TRUST, grown);
});
afterAll(async () => {
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await door.close();
});

const patch = (operations: readonly unknown[]) =>
  door
    .as(door.agent.patch('/fhir/Practitioner/grown'), TRUST)
    .set('Content-Type', 'application/json-patch+json')
    .send(JSON.stringify(operations));
const times = (count: number, operation: unknown): readonly unknown[] => Array.from({ length: count }, () => operation);

describe('I10 a patch that grows what it copies', () => {
  test('doubles it twenty times and is refused before it is a hundred megabytes', async () => {
    const before = process.memoryUsage().rss;
    const startedAt = performance.now();
    const answer = await patch(times(20, { op: 'copy', from: '/name', path: '/name/-' }));
    expect(answer.status).toBe(413);
    expect(answer.body.issue[0].expression).toEqual(['patch']);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
  });

  test.each([9, 10, 11, 12, 13])('or nests it into itself until no walk comes back, %i times', async (count) => {
    const way = (depth: number): string => `/extension/0${'/extension/0'.repeat(depth)}/extension`;
    const deeper = [
      { op: 'add', path: '/extension', value: [{ url: 'a' }] },
      ...Array.from({ length: count }, (_, at) => ({ op: 'copy', from: '/extension', path: way(2 ** at - 1) })),
    ];
    const answer = await patch(deeper);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });

  test('leaves what is stored as it was', async () => {
    const { body } = await door.get(TRUST, '/fhir/Practitioner/grown');
    expect(body.meta.versionId).toBe('1');
  });

  test('a copy of a part is still taken', async () => {
    expect((await patch([{ op: 'copy', from: '/name/0', path: '/name/-' }])).body.name).toHaveLength(2);
  });
});
