import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Parameters } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import { RESOURCE_TYPES } from '../../profiles/resource-types.ts';
import { ROUTES } from '../../src/http/routes.ts';
import { HEADINGS } from '../../src/model/heading.ts';
import { KINDS } from '../../src/model/kind.ts';
import { byNumber, openMatchGround, OPERATOR, OTHER_TRUST, somebody, tokenOf, TRUST } from '../http/match-ground.ts';
import type { MatchGround } from '../http/match-ground.ts';
import { operator, publisher } from '../store/ground.ts';
import { workOnce } from '../store/work-once.ts';
import type { Caller } from '../support/access.ts';
import * as body from '../support/bodies.ts';

/** All roads against all gates: one marked sentence under each heading, asked for in every way that there is, by every kind that may not have it. */

const MARK = 'zebrafinch';
const words = Object.fromEntries(
  HEADINGS.filter((heading) => heading !== 'formulation').map((heading) => [
    heading,
    heading === 'who-to-ring' ? `Ring the ${MARK} team, day and night: 01632 960001` : `Humming ${MARK} ${heading} songs helps me`,
  ]),
);
const SERVICES = { ed: 'XED', ambulance: 'XAMB', police: 'XFORCE', epr: 'XEPR', 'crisis-line': 'XLINE' } as const;
const CALLERS: readonly Caller[] = [
  ...Object.entries(SERVICES).map(([kind, ods]): Caller => ({ ods, kind: kind as keyof typeof SERVICES })),
  OTHER_TRUST,
  OPERATOR,
  { ods: 'XEVAL', kind: 'evaluator' },
  { ods: 'XAPP', kind: 'person' },
];

let door: MatchGround;
let number = '';
const ids = new Map<string, string>();
const permitting = () => body.consent('cons-amber', 'amber', 'org-trust', { kinds: ['ed', 'ambulance', 'police', 'epr', 'crisis-line'] });
const agreement = (status: 'executed' | 'terminated') => ({
  ...body.agreement('org-trust', ['svc-ed', 'svc-amb', 'svc-force', 'svc-epr', 'svc-line'], { status }),
  id: 'con-all',
});

beforeAll(async () => {
  door = await openMatchGround();
  const { ground } = door;
  for (const name of ['ed', 'amb', 'force']) await ground.agree(name, 'terminated');
  for (const [name, kind] of [
    ['epr', 'epr'],
    ['line', 'crisis-line'],
  ] as const) {
    await ground.recipient(name, kind);
    await ground.agree(name, 'terminated');
  }
  await ground.put(operator, agreement('executed'));
  number = ground.numbers.next();
  await ground.put(publisher, somebody('amber', number));
  await ground.put(publisher, permitting());
  await ground.put(publisher, body.composition('words-amber', 'amber', words));
  const action = (code: string) => ({
    detail: {
      code: { coding: [{ system: System.heading, code }] },
      status: 'not-started' as const,
      description: `Hum the ${MARK} song with me`,
    },
  });
  await ground.put(publisher, {
    ...body.carePlan('plan-amber', 'amber', 'words-amber', { reach: ['svc-ed', 'svc-epr'] }),
    activity: ['crisis-steps', 'coping'].map(action),
  });
  await ground.store.approve(publisher, 'plan-amber', '1', body.approval('plan-amber'), body.approver);
  await ground.fanOutAll();
  for (const service of ['svc-ed', 'svc-epr']) while (await workOnce(ground.ledger(), service));
}, 60_000);
afterAll(() => door?.close());

const TYPES = RESOURCE_TYPES.map(({ type }) => type).filter((type) =>
  ['Patient', 'CarePlan', 'Composition', 'Flag', 'Consent', 'Provenance', 'Task', 'AuditEvent', 'Encounter', 'DocumentReference'].includes(
    type,
  ),
);
const ownIds: Readonly<Record<string, readonly string[]>> = {
  Patient: ['amber'],
  CarePlan: ['plan-amber'],
  Composition: ['words-amber'],
  Consent: ['cons-amber'],
};
const parameters = (parameter: Parameters['parameter']): Parameters => ({
  resourceType: 'Parameters',
  ...(parameter === undefined ? {} : { parameter }),
});

interface Try {
  readonly path: string;
  readonly sent?: unknown;
}

/** Every route of the door on every type that could hold the words, by the publisher's ids and by the caller's own. */
const byRoute = (caller: Caller): readonly Try[] =>
  ROUTES.filter(({ open, path }) => !open && path !== '/fhir' && !path.endsWith('$process-message')).flatMap(({ method, path }) => {
    const [, , first = ''] = path.split('/');
    const types = first === ':type' ? TYPES : [first.split('?')[0] ?? ''];
    if (method !== 'GET' && !path.includes('$')) return [];
    return types.flatMap((type) => {
      const known = [...(ownIds[type] ?? ['none']), ids.get(caller.kind) ?? 'none'];
      return known.map((id): Try => {
        const to = path.slice('/fhir/'.length).replace(':type', type).replace(':id', id).replace(':version', '1');
        const query = to.endsWith('$explain') ? `${to}?recipient=HealthcareService/svc-ed` : to;
        return method === 'GET' ? { path: query } : { path: query, sent: bodyOf(to) };
      });
    });
  });

const bodyOf = (path: string): unknown => {
  if (path.endsWith('Patient/$match')) return parameters([{ name: 'resource', resource: byNumber(number) }]);
  if (path.endsWith('Patient/$emergency-access')) return parameters([{ name: 'resource', resource: byNumber(number) }]);
  if (path.endsWith('$emergency-access'))
    return parameters([
      { name: 'reason', valueCode: 'danger-to-life' },
      { name: 'text', valueString: 'Cannot wait for anybody' },
    ]);
  if (path.endsWith('$evaluate')) return parameters([{ name: 'actor', valueReference: { reference: 'HealthcareService/svc-ed' } }]);
  if (path.endsWith('$approve'))
    return parameters([
      { name: 'version', valueString: '1' },
      { name: 'provenance', resource: body.approval('plan-amber') },
    ]);
  if (path.endsWith('$preview-release')) return parameters([{ name: 'consent', resource: permitting() }]);
  return parameters(undefined);
};

const SEARCHES: readonly string[] = [
  'Patient?identifier=NUMBER&_revinclude=CarePlan:subject&_revinclude=Composition:subject',
  'Patient?family=Testperson-amber',
  'Patient?_has:CarePlan:subject:status=active',
  'CarePlan?subject=Patient/amber&_include=CarePlan:subject',
  'CarePlan?patient.identifier=NUMBER&_include=*',
  'CarePlan?patient:identifier=NUMBER',
  'CarePlan?_id=plan-amber,OWN&_elements=activity',
  'Composition?patient.identifier=NUMBER&_include=Composition:subject',
  'Composition?_id=words-amber,OWN&_summary=text',
  'Composition?title=crisis',
  'Flag?patient.identifier=NUMBER&_include=Flag:detail&_include:iterate=CarePlan:subject',
  'Flag?detail=CarePlan/OWN',
  'Consent?patient=Patient/amber&_include=Consent:patient',
  'Provenance?target=CarePlan/plan-amber&_include=Provenance:target',
  'AuditEvent?entity=CarePlan/plan-amber&_include=*',
  'Task?focus=CarePlan/OWN&_include=Task:focus',
  'Task?_include=Task:focus',
  'Encounter?subject=Patient/amber&_include=*',
];
/** Each by GET and, as whoever names a person must, by a form. */
const bySearch = (caller: Caller): readonly Try[] =>
  SEARCHES.flatMap((search) => {
    const own = search.replaceAll('OWN', ids.get(caller.kind) ?? 'none');
    const [type = '', query = ''] = own.split('?');
    const form = new URLSearchParams(query.replace('NUMBER', encodeURIComponent(`${System.nhsNumber}|${number}`)));
    return [{ path: `${type}?${form}` }, { path: `${type}/_search`, sent: form }];
  });

/** The same reads and searches as entries of one batch. */
const byBatch = (caller: Caller): Try => ({
  path: '',
  sent: {
    resourceType: 'Bundle',
    type: 'batch',
    entry: [...bySearch(caller), ...byRoute(caller)]
      .filter(({ sent }) => sent === undefined)
      .slice(0, 40)
      .map(({ path }) => ({ request: { method: 'GET', url: path } })),
  },
});

/** What a match lets a caller see, by both of its steps, and emergency access by both of its. */
const bySteps = async (caller: Caller): Promise<readonly string[]> => {
  const found = await door.ask(caller, 'Patient/$match', bodyOf('Patient/$match'));
  const named = await door.ask(caller, 'Patient/$emergency-access', bodyOf('Patient/$emergency-access'));
  const texts = [found.text, named.text];
  if (found.json.total > 0) texts.push((await door.confirm(caller, tokenOf(found), byNumber(number))).text);
  const handle = named.json.parameter?.[0]?.resource?.id;
  if (handle !== undefined) {
    texts.push((await door.ask(caller, `Patient/${handle}/$emergency-access`, bodyOf('x/$emergency-access'))).text);
    texts.push((await door.ask(caller, `Patient/${handle}/$emergency-access`)).text);
  }
  return texts;
};

/** Every answer in which the mark stands, by caller and road. */
const leaks = async (callers: readonly Caller[]): Promise<{ readonly asked: number; readonly leaked: readonly string[] }> => {
  const leaked: string[] = [];
  let asked = 0;
  for (const caller of callers) {
    const note = (road: string, text: string): void => {
      asked += 1;
      if (text.toLowerCase().includes(MARK)) leaked.push(`${caller.kind} ${caller.ods} ${road}`);
    };
    const tries = [...byRoute(caller), ...bySearch(caller), byBatch(caller)];
    const queue = tries.values();
    const take = async (): Promise<void> => {
      for (const { path, sent } of queue) note(`${sent === undefined ? 'GET' : 'POST'} ${path}`, (await door.ask(caller, path, sent)).text);
    };
    await Promise.all(Array.from({ length: 16 }, take));
    for (const [index, text] of (await bySteps(caller)).entries()) note(`step ${index}`, text);
  }
  return { asked, leaked };
};

const begun = async (): Promise<number> =>
  Number((await door.ground.database.pool.query("SELECT count(*) FROM delivery WHERE action = 'update'")).rows[0].count);

const restore = async (): Promise<void> => {
  await door.ground.put(publisher, permitting());
  await door.ground.put(operator, agreement('executed'));
  await door.ground.put(publisher, somebody('amber', number));
};

describe('all roads, all gates', () => {
  test('with permission the words come by many of these roads: the test could fail', async () => {
    for (const [kind, ods] of Object.entries(SERVICES)) {
      const caller: Caller = { ods, kind: kind as keyof typeof SERVICES };
      const found = await door.match(caller, byNumber(number));
      const shown = await door.confirm(caller, tokenOf(found), byNumber(number));
      ids.set(kind, shown.json.entry[0].resource.id);
    }
    const { leaked, asked } = await leaks(CALLERS);
    expect(asked).toBeGreaterThan(500);
    for (const kind of Object.keys(SERVICES)) expect(leaked.filter((each) => each.startsWith(`${kind} `)).length).toBeGreaterThanOrEqual(5);
    // Who is no recipient sees nothing of it even so; and police nothing of what is not theirs.
    expect(leaked.filter((each) => /^(publisher|operator|evaluator|person) /.test(each))).toEqual([]);
    expect(KINDS.every((kind) => CALLERS.some((caller) => caller.kind === kind))).toBe(true);
  }, 120_000);

  test.each<[string, () => Promise<unknown>]>([
    ['I1 consent was revoked', () => door.ground.put(publisher, body.consent('cons-amber', 'amber', 'org-trust', { status: 'inactive' }))],
    ['I1 the person denies everybody', () => door.ground.put(publisher, body.consent('cons-amber', 'amber', 'org-trust', {}))],
    [
      'I1 a consent cannot be computed, and its day is over',
      async () => {
        await door.ground.put(publisher, { ...permitting(), policy: [{ uri: 'https://another.example/policy' }] });
        await door.ground.database.pool.query(
          `UPDATE consent_fact SET facts = facts || '{"recordedAt": 1}' WHERE consent_id = 'cons-amber'`,
        );
        await door.ground.database.pool.query('UPDATE person SET epoch = epoch + 1');
      },
    ],
    ['I1 the agreement has ended', () => door.ground.put(operator, agreement('terminated'))],
    [
      'I1 the record is restricted',
      () => door.ground.put(publisher, somebody('amber', number, { meta: { security: [{ system: System.confidentiality, code: 'R' }] } })),
    ],
    ['I1 the person has died', () => door.ground.put(publisher, somebody('amber', number, { deceasedBoolean: true }))],
    ['I1 the plan was withdrawn', () => door.ground.store.withdraw(publisher, 'plan-amber', 'Asked for by the person')],
  ])(
    '%s: no word of any heading comes by any road to any kind',
    async (_, forbid) => {
      await restore();
      await door.ground.fanOutAll();
      await forbid();
      const before = await begun();
      const { leaked, asked } = await leaks(CALLERS);
      expect(leaked).toEqual([]);
      expect(asked).toBeGreaterThan(500);
      await door.ground.fanOutAll();
      for (const service of ['svc-ed', 'svc-epr']) while (await workOnce(door.ground.ledger(), service));
      expect(await begun()).toBe(before);
      // The publisher reads its own, whatever others may.
      expect((await door.ask(TRUST, 'Composition/words-amber')).text).toContain(MARK);
    },
    120_000,
  );
});
