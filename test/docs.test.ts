import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { validate } from '../src/validate/validate.ts';
import { type OpenDoor, OPERATOR, openDoor, TRUST } from './http/open-door.ts';
import { PAGES, shownIn } from './support/shown-resources.ts';

/** A reader copies what the pages show. */

const shown = PAGES.flatMap((page) => shownIn(page).map((resource) => [`${page}: ${resource.resourceType}`, resource] as const));

test.each(shown)('%s, whole, is valid, and warned of nothing but that it has no narrative', (_, resource) => {
  expect(validate(resource).filter(({ help }) => !help.includes('dom-6'))).toEqual([]);
});

describe('What the pages show, written one after another', () => {
  let door: OpenDoor;
  beforeAll(async () => {
    door = await openDoor();
    const ods = (id: string, value: string) => ({
      resourceType: 'Organization',
      id,
      name: id,
      identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value }],
    });
    const [constabulary, room] = shownIn('recipients.md');
    for (const each of [ods('trust', 'ZZ1'), constabulary, room, { ...room, id: 'force' }, { ...room, id: 'northern-force' }])
      await door.put(OPERATOR, { ...each }).expect(201);
  });
  afterAll(() => door.close());

  test('an agreement and a force that joins it; a plan, from the clinician to the approval, and a consent, and its withdrawal', async () => {
    for (const contract of shownIn('agreements.md')) await door.put(OPERATOR, { ...contract }).expect(201);
    const resources = shownIn('publish.md');
    const [approval, withdrawal] = resources.filter(({ resourceType }) => resourceType === 'Parameters');
    for (const resource of resources.filter(({ resourceType }) => resourceType !== 'Parameters'))
      await door.put(TRUST, { ...resource }).expect(201);
    const [consent] = shownIn('consent.md');
    await door
      .put(TRUST, { ...consent, id: 'robin-consent', patient: { reference: 'Patient/robin' }, performer: [{ reference: 'Patient/robin' }] })
      .expect(201);
    const answer = await door.post(TRUST, '/fhir/CarePlan/robin-plan/$approve', approval);
    expect([answer.status, answer.body.status]).toEqual([200, 'active']);
    await door.post(TRUST, '/fhir/CarePlan/robin-plan/$withdraw', withdrawal).expect(200);
  });
});
