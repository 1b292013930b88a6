import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { System } from '../../profiles/canonicals.ts';
import { HEADINGS, kindMaySee } from '../../src/model/heading.ts';
import { KINDS, RECIPIENT_KINDS } from '../../src/model/kind.ts';
import { believed } from '../../src/store/believed.ts';
import { exportTrail } from '../../src/store/trail/read-trail.ts';
import { byNumber, OPERATOR, OTHER_TRUST, openMatchGround, somebody, TRUST, tokenOf } from '../http/match-ground.ts';
import type { Answer, MatchGround } from '../http/match-ground.ts';
import { caller as principalOf, operator, publisher } from '../store/ground.ts';
import type { Caller } from '../support/access.ts';
import * as body from '../support/bodies.ts';
import { type FakeHook, startFakeHook } from '../support/fake-hook.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import { startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import type { FakeRecipient } from '../support/fake-recipient.ts';
import { policeSubscription } from '../support/police-program.ts';
import { openSending, type Sending } from '../support/sending.ts';
import { IS_WHOLE } from '../support/breadth.ts';
import { eventually } from '../support/eventually.ts';
import { personFor } from '../support/sign-in.ts';
import { personFinder } from './find-persons.ts';
import { notOffered, roadsOf, type Try } from './roads-of.ts';

/** All roads against all gates: one marked sentence under each heading, asked for in every way that there is, by every kind that may not have it. */

const MARK = 'zebrafinch';
const wordsOf = (heading: string, draft: string): string =>
  heading === 'who-to-ring'
    ? `Ring the ${MARK} ${draft}${heading} team, day and night: 01632 960001`
    : `Humming ${MARK} ${draft}${heading} songs helps me`;
/** `draft` before each heading tells the words of a next version from those in force. */
const wordsAt = (draft: string) =>
  Object.fromEntries(HEADINGS.filter((heading) => heading !== 'formulation').map((heading) => [heading, wordsOf(heading, draft)]));
/** In any shape that a text can carry it in: escaped, in base64, in hex. */
const findMark = personFinder([{ what: 'words', value: MARK }]);

const SERVICES = { ed: 'XED', ambulance: 'XAMB', police: 'XFORCE', epr: 'XEPR', 'crisis-line': 'XLINE' } as const;
const PERMITTED: readonly Caller[] = Object.entries(SERVICES).map(([kind, ods]) => ({ ods, kind: kind as keyof typeof SERVICES }));
/** A caller, and who is signed in to its app, by their number. */
type Asker = Caller & { readonly signedIn?: string };
const APP: Caller = { ods: 'XAPP', kind: 'person' };
/** Who may have nothing even while others may. The last has a token of the ED, and none of its rights to a plan. */
const NEVER: readonly Caller[] = [
  OTHER_TRUST,
  OPERATOR,
  { ods: 'XEVAL', kind: 'evaluator' },
  APP,
  { ods: 'XELSE', kind: 'ed' },
  { ods: 'XED', kind: 'ed', scopes: ['system/Encounter.cruds'] },
];
const NOBODY = 'nobody, without a token';

const identityOf = async ({ signedIn }: Asker): Promise<Readonly<Record<string, string>>> =>
  signedIn === undefined ? {} : { 'X-User-Identity': await personFor(signedIn, door.origin) };

let door: MatchGround;
let sending: Sending;
let recipients: Record<'epr' | 'ed', FakeRecipient>;
let hook: FakeHook;
let number = '';
/** Of somebody else, who has a record at the same trust. */
let another = '';
const ids = new Map<string, string>();
const permitting = () => body.consent('cons-amber', 'amber', 'org-trust', { kinds: ['ed', 'ambulance', 'police', 'epr', 'crisis-line'] });
const agreement = (status: 'executed' | 'terminated') => ({
  ...body.agreement('org-trust', ['svc-ed', 'svc-amb', 'svc-force', 'svc-epr', 'svc-line'], { status }),
  id: 'con-all',
});
/** All that is due of those who are pushed to or told. */
const sendAll = async (): Promise<void> => {
  for (const service of ['svc-ed', 'svc-epr', 'svc-force']) await sending.all(service);
};

/** A next version in review, with a comment: its words are nobody's but the trust's. */
const layDraft = async (): Promise<void> => {
  await door.ground.put(publisher, body.composition('words-next', 'amber', wordsAt('draft-')));
  const reach = ['svc-ed', 'svc-epr', 'svc-force'];
  await door.ground.put(publisher, body.carePlan('plan-next', 'amber', 'words-next', { reach, replaces: 'plan-amber' }));
  for (const [path, parameter] of [
    ['$submit-for-review', [{ name: 'version', valueString: '1' }]],
    [
      '$comment',
      [
        { name: 'kind', valueCode: 'change-request' },
        { name: 'text', valueString: `Hum ${MARK} draft-comment louder` },
      ],
    ],
  ] as const)
    expect([path, (await door.ask(TRUST, `CarePlan/plan-next/${path}`, { resourceType: 'Parameters', parameter })).status]).toEqual([
      path,
      200,
    ]);
};

beforeAll(async () => {
  door = await openMatchGround();
  const { ground } = door;
  recipients = { epr: await startFakeFhirRecipient(), ed: await startFakeMllpRecipient() };
  hook = await startFakeHook();
  sending = openSending(ground, 500);
  for (const [name, kind, address] of [
    ['epr', 'epr', recipients.epr.address],
    ['line', 'crisis-line', undefined],
    ['else', 'ed', undefined],
  ] as const)
    await ground.recipient(name, kind, address);
  // The ED's address of FHIR is switched off: it takes HL7 v2.
  await ground.put(operator, { ...body.endpoint('end-ed', 'svc-ed', 'org-ed', 'https://ed.example/fhir'), status: 'off' });
  await ground.put(operator, body.endpoint('end-ed-mllp', 'svc-ed', 'org-ed', recipients.ed.address));
  for (const name of ['ed', 'amb', 'force', 'epr', 'line', 'else']) await ground.agree(name, 'terminated');
  await ground.put(operator, agreement('executed'));
  await ground.put(principalOf('XFORCE', 'police'), policeSubscription('hook', hook) as never);
  number = ground.numbers.next();
  await ground.put(publisher, somebody('amber', number));
  await ground.put(publisher, permitting());
  await ground.put(publisher, body.composition('words-amber', 'amber', wordsAt('')));
  const action = (code: string) => ({
    detail: {
      code: { coding: [{ system: System.heading, code }] },
      status: 'not-started' as const,
      description: `Hum the ${MARK} ${code} song with me`,
    },
  });
  await ground.put(publisher, {
    ...body.carePlan('plan-amber', 'amber', 'words-amber', { reach: ['svc-ed', 'svc-epr', 'svc-force'] }),
    activity: ['crisis-steps', 'coping'].map(action),
  });
  await ground.store.approve(publisher, 'plan-amber', '1', body.approval('plan-amber'), body.approver);
  await layDraft();
  another = door.ground.numbers.next();
  await ground.put(publisher, somebody('beryl', another));
  // A slice ends after a second: on a busy machine the handshake may be all that it does.
  await eventually(async () => {
    await sendAll();
    expect(hook.notifications().map(({ type }) => type)).toContain('event-notification');
  }, 20_000);
}, 60_000);
afterAll(async () => {
  await sending?.close();
  for (const each of [recipients?.epr, recipients?.ed, hook]) await each?.stop();
  await door?.close();
});

/** One answer, headers and all; `caller` null has no token. */
const send = async ({ method, path, sent, headers = {} }: Try, caller: Asker | null): Promise<{ status: number; text: string }> => {
  const isForm = sent instanceof URLSearchParams;
  const type = method === 'PATCH' ? 'application/json-patch+json' : 'application/fhir+json';
  const response = await fetch(path.startsWith('/') ? new URL(path, door.origin) : `${door.origin}/${path}`, {
    method,
    headers: {
      ...(caller === null ? {} : await door.tokens.headersOf(caller, path)),
      ...(caller === null ? {} : await identityOf(caller)),
      ...(sent === undefined || isForm ? {} : { 'Content-Type': type }),
      ...headers,
    },
    ...(sent === undefined ? {} : { body: isForm ? sent : JSON.stringify(sent) }),
  });
  const text = await response.text();
  return { status: response.status, text: `${JSON.stringify([...response.headers])} ${text}` };
};

/** What a match lets a caller see, by both of its steps, and emergency access by both of its. */
const bySteps = async (caller: Asker): Promise<readonly (readonly [road: string, text: string])[]> => {
  const parameter = [{ name: 'resource', resource: byNumber(number) }];
  const ask = async (path: string, sent?: unknown): Promise<Answer> => door.ask(caller, path, sent, await identityOf(caller));
  const found = await ask('Patient/$match', { resourceType: 'Parameters', parameter });
  const named = await ask('Patient/$emergency-access', { resourceType: 'Parameters', parameter });
  const texts: [string, string][] = [
    ['match', found.text],
    ['emergency access', named.text],
  ];
  if (found.json.total > 0) texts.push(['match, confirmed', (await door.confirm(caller, tokenOf(found), byNumber(number))).text]);
  const handle = named.json.parameter?.[0]?.resource?.id;
  if (handle !== undefined) {
    const path = `Patient/${handle}/$emergency-access`;
    const why = [
      { name: 'reason', valueCode: 'danger-to-life' },
      { name: 'text', valueString: 'Cannot wait for anybody' },
    ];
    texts.push(['emergency access, begun', (await ask(path, { resourceType: 'Parameters', parameter: why })).text]);
    texts.push(['emergency access, again', (await ask(path)).text]);
  }
  return texts;
};

/** A printed plan is compressed: no word is found in it, and it is all of them. */
const PRINTED = 'application/pdf';
/** A pointer names the type of what it points to, and holds none of it. */
const isPrinted = (text: string): boolean =>
  text.includes(`"content-type","${PRINTED}`) || (text.includes(PRINTED) && text.includes('"data":'));

interface Leak {
  readonly who: string;
  readonly road: string;
  readonly headings: readonly string[];
}
// In Markdown a dash is escaped.
const headingsIn = (text: string): readonly string[] =>
  [...text.replace(/\\+-/g, '-').matchAll(new RegExp(`${MARK} ([a-z-]+)`, 'gi'))].map(([, heading = '']) => heading.toLowerCase());

/** Every answer in which the mark stands, by who asked and road. */
const leaks = async (callers: readonly (Asker | null)[]): Promise<{ readonly asked: number; readonly leaked: readonly Leak[] }> => {
  const leaked: Leak[] = [];
  let asked = 0;
  for (const caller of callers) {
    const who =
      caller === null
        ? NOBODY
        : [caller.kind, caller.ods, ...(caller.scopes ?? []), ...(caller.signedIn === undefined ? [] : ['signed in'])].join(' ');
    const note = (road: string, text: string): void => {
      asked += 1;
      if (findMark(road, text).length > 0 || isPrinted(text)) leaked.push({ who, road, headings: headingsIn(text) });
    };
    const about = { number, own: ids.get(caller?.kind ?? 'ed') ?? 'none', consent: permitting() };
    const queue = roadsOf(about, caller ?? OTHER_TRUST).values();
    const take = async (): Promise<void> => {
      for (const one of queue) note(one.road, (await send(one, caller)).text);
    };
    await Promise.all(Array.from({ length: 16 }, take));
    if (caller !== null) for (const [road, text] of await bySteps(caller)) note(road, text);
  }
  return { asked, leaked };
};

const begun = async (): Promise<number> =>
  Number(
    (await door.ground.database.pool.query("SELECT count(*) FROM delivery WHERE action = 'update' AND digest IS NOT NULL")).rows[0].count,
  );
/** Versions of the trust's resources: all that stands in its name. */
const ofTrust = async (): Promise<number> =>
  Number((await door.ground.database.pool.query("SELECT count(*) FROM resource_version WHERE owner = 'TRUST1'")).rows[0].count);
/** Messages that were pushed with words in them. */
const pushed = (): number =>
  [...recipients.epr.received(), ...recipients.ed.received()].filter(({ bytes }) => findMark('push', bytes).length > 0).length;

const restore = async (): Promise<void> => {
  await door.ground.put(publisher, permitting());
  await door.ground.put(operator, agreement('executed'));
  await door.ground.put(publisher, somebody('amber', number));
  await sendAll();
};

/** Of all roads those by which words come to somebody who may have them. A new one stands here once somebody has thought about it. */
const WITH_WORDS: readonly string[] = [
  'GET /fhir/:type/:id',
  'GET /fhir/Composition/:id/$document',
  'batch',
  'card',
  'contact page of a pointer',
  'contents of a pointer',
  'include by GET',
  'include by form',
  'search by GET',
  'search by form',
];

/** Each road is asked for each reason; of the kinds every other one there in the suite, so that each is asked for three reasons at least, and all in the long run. */
const reasons: string[] = [];
const askersFor = (reason: string): readonly Caller[] => {
  const place = reasons.push(reason);
  return PERMITTED.filter((_, index) => IS_WHOLE || (index + place) % 2 === 0);
};

describe('all roads, all gates', () => {
  test('with permission the words come by these roads, of every heading to every kind that may read it: the test could fail', async () => {
    for (const caller of PERMITTED) {
      const found = await door.match(caller, byNumber(number));
      const shown = await door.confirm(caller, tokenOf(found), byNumber(number));
      ids.set(caller.kind, shown.json.entry[0].resource.id);
    }
    const { leaked } = await leaks(PERMITTED);
    expect([...new Set(leaked.map(({ road }) => road))].toSorted()).toEqual(WITH_WORDS);
    for (const { kind, ods } of PERMITTED) {
      const seen = new Set(leaked.filter(({ who }) => who === `${kind} ${ods}`).flatMap(({ headings }) => headings));
      // To police who somebody is, is their name and nothing else (src/decide/project.ts).
      const may = HEADINGS.filter(
        (heading) =>
          !(kind === 'police' && heading === 'who-i-am') && RECIPIENT_KINDS.some((each) => each === kind && kindMaySee(each, heading)),
      );
      expect([kind, [...seen].toSorted()]).toEqual([kind, [...may].toSorted()]);
    }
    expect(pushed()).toBe(2);
    expect(hook.notifications().map(({ type }) => type)).toEqual(['handshake', 'event-notification']);
  }, 120_000);

  test('roads that other servers have are none here', async () => {
    for (const caller of [...PERMITTED, TRUST, OPERATOR])
      for (const one of notOffered({ own: ids.get(caller.kind) ?? 'none' })) {
        const { status } = await send(one, caller);
        expect([caller.kind, one.road, [404, 405].includes(status) ? 'none' : status]).toEqual([caller.kind, one.road, 'none']);
      }
  });

  test('I1 G6 while it is permitted to others, no word comes to whoever is never permitted', async () => {
    const get = (path: string, asker: Asker) => identityOf(asker).then((identity) => door.ask(asker, path, undefined, identity));
    // The draft has words for the trust, the plan has them for whose it is, and the other person is known here.
    const changes = await get('CarePlan/plan-next/$changes', TRUST);
    expect(headingsIn(changes.text)).toEqual(expect.arrayContaining(['draft-triggers', 'draft-comment']));
    const own = { ...APP, signedIn: number };
    expect((await get('Composition/words-amber', own)).text).toContain(MARK);
    expect((await get('CarePlan/plan-amber/$print', own)).text).toContain(PRINTED);
    expect((await get('Patient', { ...APP, signedIn: another })).json.total).toBe(1);
    const before = await ofTrust();
    const { leaked, asked } = await leaks([...NEVER, { ...APP, signedIn: another }, null]);
    expect(leaked).toEqual([]);
    // Nor was anything done to it: no version of the trust's, and no word more in the review.
    expect([await ofTrust(), (await get('CarePlan/plan-next/$changes', TRUST)).text]).toEqual([before, changes.text]);
    expect(asked).toBeGreaterThan(700);
    expect(KINDS.every((kind) => [...PERMITTED, ...NEVER, TRUST].some((caller) => caller.kind === kind))).toBe(true);
  }, 120_000);

  test.each<[string, () => Promise<unknown>]>([
    ['I1 consent was revoked', () => door.ground.put(publisher, { ...permitting(), status: 'inactive' })],
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
    async (reason, forbid) => {
      await restore();
      await forbid();
      const before = [await begun(), pushed()];
      const askers = askersFor(reason);
      const { leaked, asked } = await leaks(askers);
      expect(leaked).toEqual([]);
      expect(asked).toBeGreaterThan(140 * askers.length);
      await sendAll();
      // What goes out now says that it is over, and none of the words.
      expect([await begun(), pushed()]).toEqual(before);
      expect([...recipients.epr.holds(), ...recipients.ed.holds()]).toEqual([]);
      // The publisher reads its own, whatever others may.
      expect((await door.ask(TRUST, 'Composition/words-amber')).text).toContain(MARK);
    },
    120_000,
  );

  test('nor does any notification, the log, the figures, the ledger or the exported trail hold a word', async () => {
    const trail: string[] = [];
    for await (const line of exportTrail(door.ground.database.pool)) trail.push(JSON.stringify(line));
    const places: readonly (readonly [string, string])[] = [
      [
        'notifications',
        hook
          .notifications()
          .map(({ bytes, headers }) => `${JSON.stringify(headers)} ${bytes}`)
          .join('\n'),
      ],
      ['log', door.lines.join('\n')],
      ['metrics', await door.metrics()],
      ['ledger show', JSON.stringify(await believed(door.ground.database.pool, null))],
      ['trail export', trail.join('\n')],
    ];
    for (const [place, text] of places) {
      expect([place, text === '']).toEqual([place, false]);
      expect(findMark(place, text)).toEqual([]);
    }
  });
});
