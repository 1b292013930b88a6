import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Bundle } from '@medplum/fhirtypes';
import type { OpenDoor } from '../open-door.ts';
import { openDoor, TRUST } from '../open-door.ts';
import { store } from './search-as.ts';

const FROM = 120;
const CHANGED = 100;
let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
  for (let n = 0; n < FROM; n++) await put(`old-${n}`, n);
});
afterAll(() => door.close());

const put = (id: string, n: number) =>
  store(door.pool, 'ZZ1', id, {
    resourceType: 'RelatedPerson',
    patient: { reference: 'Patient/p' },
    name: [{ family: `Example-${n % 7}` }],
  });

const gone = new Set<string>();

/** Writers that create, change and delete without pause until they are stopped; no two change one resource. */
const writing = (round: number): (() => Promise<void>) => {
  let isOver = false;
  const most = gone.size + 5;
  const writers = [0, 1, 2, 3].map(async (writer) => {
    for (let n = 0; !isOver; n++) {
      await put(`new-${round}-${writer}-${n}`, n);
      await put(`old-${(n * 4 + writer) % CHANGED}`, n);
      if (writer > 0 || n % 5 > 0 || gone.size === most) continue;
      const id = `old-${FROM - 1 - gone.size}`;
      gone.add(id);
      await door.pool.query(`DELETE FROM resource WHERE type = 'RelatedPerson' AND id = $1`, [id]);
    }
  });
  return async () => {
    isOver = true;
    await Promise.all(writers);
  };
};

const walk = async (path: string): Promise<readonly string[]> => {
  const ids: string[] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const { status, body } = await door.get(TRUST, `/fhir/${next}`);
    expect(status).toBe(200);
    const { entry, link } = body as Bundle;
    ids.push(...(entry ?? []).map(({ resource }) => resource?.id ?? ''));
    next = link?.find(({ relation }) => relation === 'next')?.url.split('/fhir/')[1];
  }
  return ids;
};

describe('pages while others write', () => {
  const searches = ['?_count=7', '?patient=p&_count=7', '?_sort=name&_count=7', '?_sort=-_lastUpdated&_count=7'];
  test.each(searches.map((query, round) => [`RelatedPerson${query}`, round] as const))(
    '%s loses and doubles nothing that was there from the first page to the last',
    async (path, round) => {
      const stop = writing(round);
      const ids = await walk(path);
      await stop();
      expect(new Set(ids).size).toBe(ids.length);
      const stayed = Array.from({ length: FROM }, (_each, n) => `old-${n}`).filter((id) => !gone.has(id));
      expect(stayed.filter((id) => !ids.includes(id))).toEqual([]);
    },
    60_000,
  );
});
