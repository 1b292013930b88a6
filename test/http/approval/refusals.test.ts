import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Composition, Consent, Parameters, RelatedPerson, Resource, Task } from '@medplum/fhirtypes';
import { Profile, System } from '../../../profiles/canonicals.ts';
import { errorsOf, validate } from '../../../src/validate/validate.ts';
import { signedVersion } from '../../../src/store/signed-version.ts';
import { verifyPlan } from '../../../src/store/verify-plan.ts';
import { caller, operator, publisher, WORDS } from '../../store/ground.ts';
import * as body from '../../support/bodies.ts';
import { testKeys } from '../../support/test-approving.ts';
import type { Answer, MatchGround } from '../match-ground.ts';
import { AMBULANCE, openMatchGround, POLICE, somebody, TRUST } from '../match-ground.ts';

let door: MatchGround;
const numbers: Record<string, string> = {};
beforeAll(async () => {
  door = await openMatchGround();
  for (const name of ['amber', 'beryl']) {
    numbers[name] = door.ground.numbers.next();
    await door.person(somebody(name, numbers[name] ?? ''), ['ambulance']);
  }
  await door.ground.put(publisher, body.consent('cons-amber-2', 'amber', 'org-trust', { kinds: ['ambulance', 'police'] }));
}, 60_000);
afterAll(() => door?.close());

const example = <R extends Resource>(profile: string, name = 'valid-full'): R =>
  JSON.parse(readFileSync(new URL(`../../../profiles/examples/${profile}/${name}.json`, import.meta.url), 'utf8')) as R;
const decision = (id: string, change: Partial<Consent> = {}, of = 'amber'): Consent => ({
  ...example<Consent>('advance-decision'),
  id,
  patient: { reference: `Patient/${of}` },
  performer: [{ reference: `Patient/${of}` }],
  ...change,
});
const proxy = (id: string, change: Partial<RelatedPerson> = {}): RelatedPerson => ({
  ...example<RelatedPerson>('legal-proxy'),
  id,
  ...change,
});
const put = (resource: Resource): Promise<string> => door.ground.put(publisher, resource);
const supersedes = (id: string) => ({
  url: 'https://crisis-plan-broker.example/fhir/StructureDefinition/supersedes',
  valueReference: { reference: `Consent/${id}` },
});

/** Words whose refusals, and advance statement, name these. */
const words = (id: string, entries: readonly string[], statement: readonly string[] = []): Composition => {
  const plain = body.composition(id, 'amber', { ...WORDS, refusals: 'I refuse a ventilator', 'advance-statement': 'I would like tea' });
  const named = { refusals: entries, 'advance-statement': statement };
  return {
    ...plain,
    section: (plain.section ?? []).map((section) => {
      const refers = Object.entries(named).find(([heading]) => section.code?.coding?.[0]?.code === heading)?.[1] ?? [];
      return refers.length === 0 ? section : { ...section, entry: refers.map((reference) => ({ reference })) };
    }),
  };
};
let count = 0;
/** A draft of Amber's plan, whose words name these. */
const draft = async (entries: readonly string[], statement: readonly string[] = []): Promise<string> => {
  count += 1;
  await put(words(`words-r${count}`, entries, statement));
  return put(body.carePlan(`plan-r${count}`, 'amber', `words-r${count}`, { reach: [], identifier: 'plan-of-amber' }));
};
const approve = (id: string, signs?: string): Promise<Answer> =>
  door.ask(TRUST, `CarePlan/${id}/$approve`, {
    resourceType: 'Parameters',
    parameter: [
      { name: 'version', valueString: '1' },
      { name: 'provenance', resource: body.approval(id) },
      ...(signs === undefined ? [] : [{ name: 'signs', valueString: signs }]),
    ],
  });
const issuesOf = ({ json }: Answer): readonly string[] =>
  json.issue.map((issue: { expression?: string[]; details?: { text?: string } }) => `${issue.expression?.[0]}: ${issue.details?.text}`);
const flagOf = async (who: typeof AMBULANCE, name = 'amber'): Promise<string | null> => {
  const found = await door.ask(who, `Flag?patient.identifier=${encodeURIComponent(`${System.nhsNumber}|${numbers[name]}`)}`);
  const detail: string | undefined = found.json.entry?.[0]?.resource.extension[0].valueReference.reference;
  return detail?.split('/')[1] ?? null;
};
const documentOf = async (who: typeof AMBULANCE, name = 'amber'): Promise<Answer> =>
  door.ask(who, `Composition/${await flagOf(who, name)}/$document`);
const headingsOf = async (id: string): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>> => {
  const { rows } = await door.ground.database.pool.query('SELECT projections FROM approved_version WHERE care_plan_id = $1', [id]);
  return Object.fromEntries(
    Object.entries<{ projection: { headings: Record<string, string> } }>(rows[0].projections).map(([kind, one]) => [
      kind,
      one.projection.headings,
    ]),
  );
};
const tasks = async (): Promise<readonly string[]> =>
  ((await door.ask(TRUST, 'Task?code=attention&_count=50')).json.entry ?? [])
    .map(({ resource }: { resource: Task }) => `${resource.statusReason?.text} ${resource.focus?.reference} ${resource.status}`)
    .filter((task: string) => task.startsWith('refusals-changed'))
    .sort();

describe('advance decisions and proxies are stored', () => {
  test('each by its own profile, beside consents to share and relatives who are no proxies', async () => {
    expect((await door.ask(TRUST, 'Consent', decision('x'))).status).toBe(201);
    expect((await door.ask(TRUST, 'RelatedPerson', proxy('x'))).status).toBe(201);
    const sister = { resourceType: 'RelatedPerson', patient: { reference: 'Patient/amber' } };
    expect((await door.ask(TRUST, 'RelatedPerson', sister)).status).toBe(201);
    const unwitnessed = await door.ask(TRUST, 'Consent', example('advance-decision', 'invalid-no-witness'));
    expect(unwitnessed.status).toBe(422);
    expect(unwitnessed.text).toContain('Mental Capacity Act 2005 s. 25(5), (6)');
    expect((await door.ask(TRUST, 'RelatedPerson', example('legal-proxy', 'invalid-not-registered'))).status).toBe(422);
  });

  test('G6: an advance decision is never a consent to share: what it permits is not permitted, and what it denies is not denied', async () => {
    const facts = async () => (await door.ground.database.pool.query('SELECT consent_id, facts FROM consent_fact ORDER BY 1')).rows;
    const sharing = async () => (await door.ask(TRUST, 'Patient/beryl/$sharing')).json;
    const shown = async () => (await documentOf(AMBULANCE, 'beryl')).json.entry;
    await shown();
    const before = { facts: await facts(), sharing: await sharing(), shown: await shown() };
    expect(await flagOf(POLICE, 'beryl')).toBeNull();
    const says = body.consent('any', 'beryl', 'org-trust', { kinds: ['police', 'ed'], deny: ['ambulance'] });
    for (const type of ['permit', 'deny'] as const) {
      const { organization, provision } = says;
      await put(decision(`never-${type}`, { organization, provision: { ...provision, type } } as Partial<Consent>, 'beryl'));
      expect(await flagOf(POLICE, 'beryl')).toBeNull();
      expect({ facts: await facts(), sharing: await sharing(), shown: await shown() }).toEqual(before);
    }
  });

  test('neither ever becomes the other, and none supersedes the other', async () => {
    const share = body.consent('never-deny', 'beryl', 'org-trust', { kinds: ['police'] });
    await expect(put(share)).rejects.toMatchObject({ category: 'conflict' });
    await expect(put(decision('cons-beryl', {}, 'beryl'))).rejects.toMatchObject({ category: 'conflict' });
    const over = decision('over', { extension: [...(decision('x').extension ?? []), supersedes('cons-beryl')] }, 'beryl');
    await expect(put(over)).rejects.toMatchObject({ category: 'incorrect' });
    const lifts = body.consent('lifts', 'beryl', 'org-trust', { kinds: ['police'], supersedes: ['never-deny'] });
    await expect(put(lifts)).rejects.toMatchObject({ category: 'incorrect' });
    expect(await flagOf(POLICE, 'beryl')).toBeNull();
  });
});

describe('what the words name is signed', () => {
  beforeAll(async () => {
    await put(decision('dec-1'));
    await put(proxy('att-1'));
    await put(decision('dec-inactive', { status: 'inactive' }));
    await put(decision('dec-later', { dateTime: '2099-01-01T10:00:00Z' }));
    await put(decision('dec-of-beryl', {}, 'beryl'));
    await put(decision('dec-old'));
    await put(decision('dec-new', { extension: [...(decision('x').extension ?? []), supersedes('dec-old')] }));
    await put(proxy('att-over', { period: { start: '2020-01-01', end: '2021-01-01' } }));
    await put(proxy('att-off', { active: false }));
    await put({ resourceType: 'RelatedPerson', id: 'sister', patient: { reference: 'Patient/amber' } });
    await door.ground.put(operator, body.organization('org-other', 'TRUST2', 'publisher'));
    await door.ground.put(caller('TRUST2', 'publisher'), proxy('att-of-another'));
  });

  test.each([
    ['Consent/dec-inactive', 'is not active'],
    ['Consent/dec-later', 'is not in date'],
    ['Consent/dec-old', 'was superseded by another advance decision'],
    ['Consent/dec-of-beryl', 'names no advance decision'],
    ['Consent/cons-amber', 'names no advance decision'],
    ['RelatedPerson/att-over', 'is not in date'],
    ['RelatedPerson/att-off', 'is not active'],
    ['RelatedPerson/att-of-another', 'names no advance decision'],
    ['RelatedPerson/sister', 'names no advance decision'],
    ['RelatedPerson/nobody', 'names no advance decision'],
    ['DocumentReference/x', 'names no advance decision'],
  ])('%s cannot be: it %s', async (reference, why) => {
    const answer = await approve(await draft(['Consent/dec-1', reference]));
    expect(answer.status).toBe(422);
    expect(issuesOf(answer)).toEqual([expect.stringContaining(`Composition.section[3].entry[1]: ${why}`)]);
  });

  test('an advance statement has no entries, and a refusal stands once', async () => {
    expect(issuesOf(await approve(await draft([], ['Consent/dec-1'])))).toEqual([
      expect.stringContaining('Composition.section[4].entry[0]'),
    ]);
    expect(issuesOf(await approve(await draft(['Consent/dec-1', 'Consent/dec-1'])))).toEqual([expect.stringContaining('stands once')]);
  });

  test('a guardrail reads what is refused as it reads the words', async () => {
    const [refused] = decision('x').extension ?? [];
    const parts = (refused?.extension ?? []).map((part) =>
      part.url === 'treatment' ? { ...part, valueString: 'She is a frequent flyer' } : part,
    );
    await put(decision('dec-label', { extension: [{ ...refused, url: refused?.url ?? '', extension: parts }] }));
    expect(issuesOf(await approve(await draft(['Consent/dec-label'])))).toEqual([
      expect.stringContaining('Composition.section[3].entry[0]: G'),
    ]);
  });

  test('with the words: it changes the bytes, and the hash of that heading for the kinds that see it, and of nothing else', async () => {
    const without = await draft([]);
    expect((await approve(without)).status).toBe(200);
    const plain = await headingsOf(without);
    const id = await draft(['Consent/dec-1', 'RelatedPerson/att-1']);
    const { json } = await door.ask(TRUST, `CarePlan/${id}/$projections`);
    const signs = (json as Parameters).parameter?.find(({ name }) => name === 'signs')?.valueString ?? '';
    await put(proxy('att-1', { telecom: [{ system: 'phone', value: '01632 960222' }] }));
    expect(await approve(id, signs)).toMatchObject({ status: 409 });
    const changes = (await door.ask(TRUST, `CarePlan/${id}/$changes`)).text;
    expect(changes).toContain('01632 960222');
    await put(proxy('att-1'));
    const again = (await door.ask(TRUST, `CarePlan/${id}/$projections`)).json as Parameters;
    expect((await approve(id, again.parameter?.find(({ name }) => name === 'signs')?.valueString)).status).toBe(200);
    const named = await headingsOf(id);
    for (const [kind, { refusals, ...rest }] of Object.entries(named)) {
      const { refusals: before, ...others } = plain[kind] ?? {};
      expect(rest).toEqual(others);
      if (kind === 'police' || kind === 'crisis-line') expect([before, refusals]).toEqual([undefined, undefined]);
      else expect(refusals).not.toBe(before);
    }
    expect((await signedVersion(door.ground.database.pool, id))?.bytes).toMatch(/"refusals":\[.*ventilator.*7000-0000-0001/);
    expect((await signedVersion(door.ground.database.pool, without))?.bytes).not.toContain('"refusals":[');
    expect((await verifyPlan(door.ground.database.pool, id, testKeys))?.findings).toEqual([]);
  });
});

describe('what was signed leaves', () => {
  test('in the document, as entries with the least content, and by the text for whoever reads that alone', async () => {
    const { json } = await documentOf(AMBULANCE);
    const inside: readonly Resource[] = json.entry.map(({ resource }: { resource: Resource }) => resource);
    const entries = inside.filter(({ resourceType }) => resourceType === 'Consent' || resourceType === 'RelatedPerson');
    expect(entries.map(({ resourceType }) => resourceType)).toEqual(['Consent', 'RelatedPerson']);
    for (const entry of entries) {
      const profile = entry.resourceType === 'Consent' ? Profile.advanceDecision : Profile.legalProxy;
      expect(errorsOf(validate(entry, { profile }))).toEqual([]);
      expect(entry.id).not.toMatch(/dec-1|att-1/);
    }
    const section = (inside[0] as Composition).section?.find(({ code }) => code?.coding?.[0]?.code === 'refusals');
    expect(section?.section?.[0]?.entry?.map(({ reference }) => reference)).toEqual(
      entries.map(({ resourceType, id }) => `${resourceType}/${id}`),
    );
    expect(section?.section?.[0]?.text?.div).toMatch(
      /ventilator.*witnessed on 2026-02-02.*Testattorney-Coral.*01632 960111.*7000-0000-0001/,
    );
    const alone = await door.ask(AMBULANCE, `Composition/${await flagOf(AMBULANCE)}`);
    expect(alone.text).toContain('Testattorney-Coral');
    expect(alone.text).not.toContain('RelatedPerson/');
  });

  test('G5: police are given nothing of it, by any road', async () => {
    const id = await flagOf(POLICE);
    expect(id).not.toBeNull();
    const all = await Promise.all(
      [`Composition/${id}/$document`, `Composition/${id}`, `CarePlan/${id}`, `Patient/${id}`].map((path) => door.ask(POLICE, path)),
    );
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(all.map(({ text }) => text).join()).not.toMatch(/Coral|960111|7000-0000|ventilator|refus/i);
  });
});

describe('a plan that tells of a refusal that is no longer one', () => {
  const inForce = (): string => `CarePlan/plan-r${count}`;

  test('is for its owner to look at, and not where nothing of it changed; what was signed stays', async () => {
    await put(proxy('att-1'));
    await put(decision('dec-1'));
    expect(await tasks()).toEqual([]);
    await put(proxy('att-1', { period: { start: '2025-06-01', end: '2026-01-01' } }));
    expect(await tasks()).toEqual([`refusals-changed ${inForce()} requested`]);
    expect((await documentOf(AMBULANCE)).text).toContain('Testattorney-Coral');
    expect((await verifyPlan(door.ground.database.pool, `plan-r${count}`, testKeys))?.findings).toEqual([]);
  });

  test('a new version that names what stands takes it back; the next change asks again', async () => {
    expect((await approve(await draft(['Consent/dec-1']))).status).toBe(200);
    expect(await tasks()).toEqual([expect.stringMatching(/cancelled$/)]);
    await put(decision('dec-2', { extension: [...(decision('x').extension ?? []), supersedes('dec-1')] }));
    expect(await tasks()).toEqual([expect.stringMatching(/cancelled$/), `refusals-changed ${inForce()} requested`]);
  });

  test.each([
    ['a decision that is withdrawn', 'Consent/dec-3', decision('dec-3'), decision('dec-3', { status: 'inactive' })],
    ['a proxy who is none any more', 'RelatedPerson/att-3', proxy('att-3'), proxy('att-3', { active: false })],
    [
      'a proxy of another number',
      'RelatedPerson/att-4',
      proxy('att-4'),
      proxy('att-4', { telecom: [{ system: 'phone', value: '01632 960333' }] }),
    ],
    ['a proxy of another person', 'RelatedPerson/att-6', proxy('att-6'), proxy('att-6', { patient: { reference: 'Patient/beryl' } })],
    ['a proxy who is a relative only', 'RelatedPerson/att-5', proxy('att-5'), proxy('att-5', { relationship: [] as never })],
  ])('%s', async (_what, reference, before, after) => {
    await put(before);
    expect((await approve(await draft([reference]))).status).toBe(200);
    await put(after);
    expect(await tasks()).toContain(`refusals-changed ${inForce()} requested`);
  });

  test('is found also where the proxy ends while the plan is approved', async () => {
    for (const nth of [1, 2, 3]) {
      await put(proxy(`att-race-${nth}`));
      const id = await draft([`RelatedPerson/att-race-${nth}`]);
      const [{ status }] = await Promise.all([approve(id), put(proxy(`att-race-${nth}`, { active: false }))]);
      expect(status === 422 || (await tasks()).includes(`refusals-changed CarePlan/${id} requested`)).toBe(true);
    }
  });

  test('a proxy whom the words of a plan name is not deleted', async () => {
    await expect(
      door.ground.store.remove({ principal: publisher, type: 'RelatedPerson', id: 'att-5', ifMatch: null }),
    ).rejects.toMatchObject({
      category: 'conflict',
    });
  });
});
