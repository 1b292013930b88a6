import { scryptSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Parameters, Patient } from '@medplum/fhirtypes';
import { Extension, System } from '../../profiles/canonicals.ts';
import { errorsOf, validate } from '../../src/validate/validate.ts';
import { openStore } from '../../src/store/store.ts';
import { AMBULANCE, type Answer, ED, type MatchGround, openMatchGround, POLICE, TRUST, untraced } from '../http/match-ground.ts';
import { caller, operator, publisher, WORDS } from '../store/ground.ts';
import type { Caller } from '../support/access.ts';
import * as body from '../support/bodies.ts';
import { eventually } from '../support/eventually.ts';
import { testApproving } from '../support/test-approving.ts';

/** `Flag/$list`: of whom a dispatch system holds a plan flag, for when there is no connection. */

let door: MatchGround;
const numbers: Record<string, string> = {};
const numberOf = (name: string): string => numbers[name] ?? 'nobody';
const ALL = ['epr', 'ed', 'ambulance', 'police'] as const;
const consents = (name: string, change: Partial<body.ConsentOptions> = {}) =>
  door.ground.put(publisher, body.consent(`cons-${name}`, `pat-${name}`, 'org-trust', { kinds: ALL, ...change }));

beforeAll(async () => {
  door = await openMatchGround();
  for (const [name, reach] of [
    ['amber', ['svc-amb', 'svc-ed', 'svc-force']],
    ['beryl', ['svc-amb']],
    ['coral', ['svc-ed']],
  ] as const)
    numbers[name] = (await door.ground.person(name, reach)).number;
}, 60_000);
afterAll(() => door?.close());
// Each begins with no list, and with everybody as they were.
beforeEach(async () => {
  await renew();
  await sql('DELETE FROM flag_listed');
  await consents('amber');
});

const sql = (text: string) => door.ground.database.pool.query(text);
/** A list of its own, decided anew. */
const renew = () => sql('DELETE FROM flag_list');
const ask = (as: Caller = AMBULANCE, own: Readonly<Record<string, string>> = {}) => door.ask(as, 'Flag/$list', undefined, own);
const list = (as?: Caller): Promise<Answer> =>
  eventually(async () => {
    const answer = await ask(as);
    expect([answer.status, answer.json.issue]).toEqual([200, undefined]);
    return answer;
  }, 20_000);

/** What a dispatch system does with a list, from docs/dispatch.md alone. */
const entriesOf = ({ json }: Answer): readonly string[] =>
  ((json as Parameters).parameter ?? []).flatMap(({ name, valueString }) => (name === 'entry' ? [String(valueString)] : []));
interface HashFunction {
  readonly name: string;
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  readonly length: number;
  readonly salt: string;
}
const functionOf = ({ json }: Answer): HashFunction => {
  const parts = (json as Parameters).parameter?.find(({ name }) => name === 'function')?.part ?? [];
  const said = (wanted: string) => parts.find(({ name }) => name === wanted);
  const count = (wanted: string): number => said(wanted)?.valuePositiveInt ?? Number.NaN;
  return {
    name: said('name')?.valueCode ?? '',
    cost: count('cost'),
    blockSize: count('blockSize'),
    parallelization: count('parallelization'),
    length: count('length'),
    salt: said('salt')?.valueBase64Binary ?? '',
  };
};
/** Another process's store. */
const storeWith = (decidedFor?: number) =>
  openStore(door.ground.database.pool, {
    epoch: 1,
    messageLifetime: 60_000,
    approving: testApproving,
    changed: () => {},
    queueAnswers: async () => {},
    ...(decidedFor === undefined ? {} : { flagLists: { decidedFor } }),
  });
const untilOf = ({ json }: Answer): number =>
  Date.parse(String((json as Parameters).parameter?.find(({ name }) => name === 'until')?.valueInstant));
const entryOf = (answer: Answer, number: string): string => {
  const { cost, blockSize, parallelization, length, salt } = functionOf(answer);
  return scryptSync(number, Buffer.from(salt, 'base64'), length, {
    cost,
    blockSize,
    parallelization,
    maxmem: 256 * cost * blockSize,
  }).toString('hex');
};
const on = (answer: Answer, ...names: readonly string[]): readonly boolean[] => {
  const entries = new Set(entriesOf(answer));
  return names.map((name) => entries.has(entryOf(answer, numberOf(name))));
};
const rows = async () =>
  (
    await sql(`SELECT a.id, a.event, a.organization, a.kind, a.plan_id, a.headings, a.about, p.patient_id FROM audit a LEFT JOIN plan p ON p.id = a.plan_id
               WHERE a.event = 'flag-list' ORDER BY a.id`)
  ).rows;

describe('who is on it', () => {
  test('those in reach of the one who asks, and nobody else', async () => {
    const ambulance = await list();
    expect(on(ambulance, 'amber', 'beryl', 'coral')).toEqual([true, true, false]);
    expect(entriesOf(ambulance)).toHaveLength(2);
    expect(on(await list(ED), 'amber', 'beryl', 'coral')).toEqual([true, false, true]);
  });

  test('I4 it says that there is a plan and nothing else: no name, number, word, id or date, in the order of its own digits', async () => {
    const answer = await list();
    expect(answer.json.parameter.map(({ name }: { name: string }) => name)).toEqual(['until', 'note', 'function', 'entry', 'entry']);
    expect(functionOf(answer)).toEqual({
      name: 'scrypt',
      cost: 16_384,
      blockSize: 8,
      parallelization: 1,
      length: 3,
      salt: expect.any(String),
    });
    for (const entry of entriesOf(answer)) expect(entry).toMatch(/^[0-9a-f]{6}$/);
    expect(entriesOf(answer)).toEqual([...entriesOf(answer)].sort());
    for (const secret of [...Object.values(numbers), ...Object.values(WORDS), 'Testperson', 'pat-', 'plan-'])
      expect(answer.text).not.toContain(secret);
    expect(answer.headers).toContainEqual(['cache-control', 'no-store']);
    expect(Math.abs(untilOf(answer) - Date.now() - 12 * 3_600_000)).toBeLessThan(60_000);
  });

  test('I1 whoever takes consent back is not on the next, which is under the same salt, and is again once it is given', async () => {
    const before = await list();
    expect(on(before, 'amber', 'beryl')).toEqual([true, true]);
    await consents('amber', { status: 'inactive' });
    const after = await list();
    expect(on(after, 'amber', 'beryl')).toEqual([false, true]);
    expect([functionOf(after).salt, untilOf(after)]).toEqual([functionOf(before).salt, untilOf(before)]);
    await consents('amber');
    // Of somebody who is on it something changed: it is decided anew.
    await consents('beryl');
    expect(entriesOf(await list())).toEqual(entriesOf(before));
  });

  test('I1 I7 consent that is taken back while the row of a handing out is written: the list is decided anew, and whoever revoked is not on it', async () => {
    expect(on(await list(), 'amber', 'beryl')).toEqual([true, true]);
    const { owner } = door.ground.database;
    // The row takes its time, once: the epochs were compared before it, and the revocation is committed before it is.
    await owner.query(`CREATE FUNCTION slow_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.8); RETURN NULL; END $$`);
    await owner.query(
      `CREATE TRIGGER slow_row AFTER INSERT ON audit FOR EACH ROW WHEN (NEW.event = 'flag-list') EXECUTE FUNCTION slow_row()`,
    );
    try {
      const handing = ask();
      await new Promise((resolve) => setTimeout(resolve, 250));
      await consents('amber', { status: 'inactive' });
      expect(on(await handing, 'amber', 'beryl')).toEqual([false, true]);
    } finally {
      await owner.query('DROP TRIGGER slow_row ON audit');
      await owner.query('DROP FUNCTION slow_row');
    }
  });

  test('nor does anybody who may not be flagged to its end: a consent that ends before', async () => {
    await consents('amber', { end: new Date(Date.now() + 3_600_000).toISOString() });
    expect(on(await list(), 'amber', 'beryl')).toEqual([false, true]);
    expect(
      (await door.ask(AMBULANCE, 'Flag/_search', new URLSearchParams({ 'patient.identifier': `${System.nhsNumber}|${numberOf('amber')}` })))
        .json.total,
    ).toBe(1);
    await renew();
    await consents('amber', { end: new Date(Date.now() + 20 * 3_600_000).toISOString() });
    expect(on(await list(), 'amber')).toEqual([true]);
  });

  test('nor a restricted person, nor one whose number is not verified, nor one who has died', async () => {
    const plain = body.patient('pat-amber', numberOf('amber'));
    for (const [why, patient] of [
      ['restricted', { ...plain, meta: { security: [{ system: System.confidentiality, code: 'R' }] } }],
      ['not verified', untraced(plain)],
      ['died', { ...plain, deceasedBoolean: true }],
    ] satisfies [string, Patient][]) {
      await door.ground.put(publisher, patient);
      expect([why, on(await list(), 'amber', 'beryl')]).toEqual([why, [false, true]]);
      await door.ground.put(publisher, plain);
      await renew();
      expect([why, on(await list(), 'amber', 'beryl')]).toEqual([why, [true, true]]);
    }
  });

  test('nor by an agreement that has ended', async () => {
    await door.ground.agree('amb', 'terminated');
    expect(entriesOf(await list())).toEqual([]);
    await door.ground.agree('amb');
    await renew();
    expect(entriesOf(await list())).toHaveLength(2);
  });
});

describe('reach', () => {
  test('an open crisis contact is reach, as long as it is open', async () => {
    const contact = (status: 'in-progress' | 'finished', id?: string) =>
      door.ground.put(caller('XAMB', 'ambulance'), {
        resourceType: 'Encounter',
        ...(id === undefined ? {} : { id }),
        identifier: [{ system: 'https://sender.example/contact', value: 'one' }],
        status,
        class: { system: System.actCode, code: 'EMER' },
        subject: { identifier: { system: System.nhsNumber, value: numberOf('coral') } },
        ...(status === 'finished'
          ? { period: { start: '2026-11-01T10:00:00Z', end: '2026-11-01T11:00:00Z' } }
          : { period: { start: '2026-11-01T10:00:00Z' } }),
      });
    const id = await contact('in-progress');
    expect(on(await list(), 'amber', 'beryl', 'coral')).toEqual([true, true, true]);
    await contact('finished', id);
    expect(on(await list(), 'amber', 'beryl', 'coral')).toEqual([true, true, false]);
  });

  test('so is an area that the service covers', async () => {
    const covering = (area: string | null) => ({
      ...body.service('svc-ed', 'org-ed', 'ed'),
      ...(area === null ? {} : { coverageArea: [{ identifier: { system: System.area, value: area } }] }),
    });
    const plan = body.carePlan('plan-dawn', 'pat-dawn', 'words-dawn', { reach: [] });
    numbers['dawn'] = door.ground.numbers.next();
    await door.ground.put(publisher, body.patient('pat-dawn', numberOf('dawn')));
    await consents('dawn');
    await door.ground.put(publisher, body.composition('words-dawn', 'pat-dawn', WORDS));
    await door.ground.put(publisher, {
      ...plan,
      extension: [...(plan.extension ?? []), { url: Extension.reach, valueCoding: { system: System.area, code: 'QWO' } }],
    });
    await door.ground.store.approve(publisher, 'plan-dawn', '1', body.approval('plan-dawn'), body.approver);
    expect(on(await list(ED), 'amber', 'dawn')).toEqual([true, false]);
    await door.ground.put(operator, covering('QWO') as ReturnType<typeof body.service>);
    expect(on(await list(ED), 'amber', 'dawn')).toEqual([true, true]);
    await door.ground.put(operator, covering(null));
    expect(on(await list(ED), 'amber', 'dawn')).toEqual([true, false]);
  });

  test('an agreement for looking up alone puts nobody on a list, whom a look-up finds', async () => {
    const full = { ...body.agreement('org-trust', ['svc-amb']), id: 'con-amb' };
    await door.ground.put(operator, {
      ...full,
      term: (full.term ?? []).map((term) => ({ ...term, extension: [{ url: Extension.agreementReach, valueCode: 'look-up' }] })),
    });
    expect(entriesOf(await list())).toEqual([]);
    const found = await door.ask(
      AMBULANCE,
      'Flag/_search',
      new URLSearchParams({ 'patient.identifier': `${System.nhsNumber}|${numberOf('amber')}` }),
    );
    expect(found.json.total).toBe(1);
    await door.ground.agree('amb');
  });
});

describe('I6 whoever may hold nothing', () => {
  test('gets an empty list, whether there is nobody, no agreement or no such service', async () => {
    const [nobody, none] = [await list({ ods: 'XNONE', kind: 'ambulance' }), await list({ ods: 'XED', kind: 'epr' })];
    for (const answer of [nobody, none]) {
      expect(entriesOf(answer)).toEqual([]);
      expect(answer.json.parameter.map(({ name }: { name: string }) => name)).toEqual(['until', 'note', 'function']);
    }
    await door.ground.agree('ed', 'terminated');
    const refused = await list(ED);
    await door.ground.agree('ed');
    expect(Object.keys(refused.json)).toEqual(Object.keys(nobody.json));
    expect(refused.json.parameter.length).toBe(nobody.json.parameter.length);
  });

  test.each([
    ['police, who hold a notice of each plan', POLICE],
    ['a trust, which holds its own', TRUST],
    ['a token that reads a Flag and does not search', { ...AMBULANCE, scopes: ['system/Flag.r'] }],
    ['a token for something else', { ...AMBULANCE, scopes: ['system/CarePlan.rs'] }],
  ] as const)('is refused: %s', async (_, as) => {
    const before = (await rows()).length;
    const { status, json, text } = await ask(as);
    expect([status, json.resourceType]).toEqual([403, 'OperationOutcome']);
    expect(text).not.toMatch(/salt|entry/);
    expect((await rows()).length).toBe(before);
    expect((await sql('SELECT FROM flag_list')).rows).toHaveLength(0);
  });
});

describe('two lists', () => {
  test('of two recipients cannot be joined: neither salt nor an entry of somebody on both is the same', async () => {
    const [ambulance, ed] = [await list(), await list(ED)];
    expect(functionOf(ambulance).salt).not.toBe(functionOf(ed).salt);
    expect(entryOf(ambulance, numberOf('amber'))).not.toBe(entryOf(ed, numberOf('amber')));
    expect(entriesOf(ambulance)).not.toEqual(expect.arrayContaining([entryOf(ed, numberOf('amber'))]));
  });

  test('of one recipient, one after the other, no more than that; what has ended is not served', async () => {
    const first = await list();
    await sql(`UPDATE flag_list SET until = clock_timestamp() - interval '1 second'`);
    const second = await list();
    expect(untilOf(second)).toBeGreaterThan(Date.now());
    expect(functionOf(second).salt).not.toBe(functionOf(first).salt);
    expect(entriesOf(second)).not.toEqual(entriesOf(first));
    expect(on(second, 'amber', 'beryl')).toEqual([true, true]);
  });

  test('the next is there before the first has ended', async () => {
    const first = await list();
    await sql(`UPDATE flag_list SET until = clock_timestamp() + interval '2 hours'`);
    expect(functionOf(await list()).salt).not.toBe(functionOf(first).salt);
  });

  test('the salt lies nowhere in the database, and nor does a number', async () => {
    const { salt } = functionOf(await list());
    const kept = JSON.stringify([
      (await sql('SELECT * FROM flag_list')).rows,
      (await sql('SELECT * FROM flag_list_hash')).rows,
      (await sql('SELECT * FROM flag_listed')).rows,
    ]);
    for (const secret of [salt, Buffer.from(salt, 'base64').toString('hex'), ...Object.values(numbers)]) expect(kept).not.toContain(secret);
  });
});

describe('I7 on record', () => {
  test('a row for each person who is on it, once, and one for each handing out, before it answers', async () => {
    const before = (await rows()).length;
    const answer = await list();
    const about = `Parameters/${answer.json.id}`;
    const first = (await rows()).slice(before);
    expect(first.map(({ patient_id }) => patient_id).sort()).toEqual([null, 'pat-amber', 'pat-beryl'].sort());
    for (const row of first) expect(row).toMatchObject({ organization: 'XAMB', kind: 'ambulance', about });
    for (const { headings, plan_id } of first) if (plan_id !== null) expect(headings).toEqual([]);
    // What is handed out is the last thing on record.
    expect(first.at(-1)).toMatchObject({ plan_id: null });
    await list();
    expect((await rows()).slice(before + first.length)).toEqual([expect.objectContaining({ plan_id: null, about })]);
  });

  test('a publisher reads of its own plans on it, as AuditEvents, and nothing of who fetches it when', async () => {
    await list();
    const { json } = await door.ask(TRUST, `AuditEvent?subtype=${encodeURIComponent(`${System.trailEvent}|flag-list`)}&_count=2`);
    expect(json.entry).toHaveLength(2);
    for (const { resource } of json.entry) {
      expect(errorsOf(validate(resource))).toEqual([]);
      expect(resource).toMatchObject({ type: { code: '110106' }, outcome: '0', purposeOfEvent: [{ coding: [{ code: 'ETREAT' }] }] });
      expect(JSON.stringify(resource)).toContain('CarePlan/');
    }
    expect((await rows()).at(-1)).toMatchObject({ plan_id: null });
  });

  test('nothing is answered where the trail cannot be written', async () => {
    await list();
    const refuse = `CREATE FUNCTION refuse_list() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.event = 'flag-list' AND (NEW.plan_id IS NULL) = $1 THEN RAISE EXCEPTION 'no room'; END IF; RETURN NEW; END $$;
      CREATE TRIGGER refuse_list BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION refuse_list()`;
    for (const isHandingOut of [true, false]) {
      await sql('DELETE FROM flag_list');
      await sql('DELETE FROM flag_listed');
      await door.ground.database.owner.query(refuse.replace('$1', String(isHandingOut)));
      try {
        const answer = await eventually(async () => {
          const one = await ask();
          expect(one.status).not.toBe(202);
          return one;
        }, 20_000);
        expect([answer.status >= 500, answer.text.includes('entry')]).toEqual([true, false]);
      } finally {
        await door.ground.database.owner.query('DROP TRIGGER refuse_list ON audit; DROP FUNCTION refuse_list()');
      }
    }
  });

  test('the person is told: who was given it, and until when they may hold it', async () => {
    const answer = await list();
    const { json: log } = await door.ask(TRUST, 'Patient/pat-amber/$access-log');
    const texts = JSON.stringify(log);
    expect(texts).toContain('Was given a list, for use without a connection, that says that there is a plan.');
    const listed = async (name: string) => {
      const { json } = await door.ask(TRUST, `Patient/pat-${name}/$sharing`);
      return JSON.stringify(json).match(/May hold until [^"]*/g) ?? [];
    };
    const [said, ...more] = await listed('amber');
    expect(more).toEqual([]);
    expect(said).toContain('It cannot be called back');
    expect(said).toContain(new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', timeStyle: 'short' }).format(untilOf(answer)));
    expect(await listed('coral')).toEqual([]);
    // What is out is out: taking consent back does not end that it may be held.
    await consents('amber', { status: 'inactive' });
    await list();
    expect(await listed('amber')).toEqual([said]);
    await sql(`UPDATE flag_listed SET until = clock_timestamp() - interval '1 second'`);
    expect(await listed('amber')).toEqual([]);
  });
});

describe('asking again', () => {
  test('gets the same list: 304 by its ETag, which is on record too, until somebody on it changes', async () => {
    const first = await list();
    const etag = new Map(first.headers).get('etag') ?? '';
    expect(etag).toMatch(/^W\/"[0-9a-f]{16}"$/);
    const before = (await rows()).length;
    const again = await fetch(`${door.origin}/Flag/$list`, {
      headers: { ...(await door.tokens.headersOf(AMBULANCE, 'Flag/$list')), 'If-None-Match': etag },
    });
    expect([again.status, await again.text()]).toEqual([304, '']);
    expect((await rows()).length).toBe(before + 1);
    expect((await list()).text).toBe(first.text);
    await consents('amber', { status: 'inactive' });
    expect((await list()).headers).not.toContainEqual(['etag', etag]);
  });

  test('whoever comes on it is there a minute later at the latest, and at once where that is set', async () => {
    const hashesOf = (store: ReturnType<typeof storeWith>) =>
      eventually(async () => {
        const answer = await store.flagList(caller('XAMB', 'ambulance'));
        if ('buildsFor' in answer) throw new Error('it is being built');
        return answer.list.hashes.length;
      }, 20_000);
    const [usual, anew] = [storeWith(), storeWith(0)];
    await consents('amber', { status: 'inactive' });
    expect([await hashesOf(usual), await hashesOf(anew)]).toEqual([1, 1]);
    await consents('amber');
    expect([await hashesOf(usual), await hashesOf(anew)]).toEqual([1, 2]);
  });

  test('a correction of the number moves the entry to the new one, and is on record', async () => {
    const first = await list();
    const corrected = door.ground.numbers.next();
    await door.ground.put(publisher, body.patient('pat-beryl', corrected));
    const before = (await rows()).length;
    const second = await list();
    expect(new Set(entriesOf(second))).toEqual(new Set([entryOf(second, numberOf('amber')), entryOf(second, corrected)]));
    expect((await rows()).slice(before).map(({ patient_id }) => patient_id)).toEqual(['pat-beryl', null]);
    expect(functionOf(second).salt).toBe(functionOf(first).salt);
    await door.ground.put(publisher, body.patient('pat-beryl', numberOf('beryl')));
  });

  test('two who ask at once, in one process or in two, have it built once and get the same', async () => {
    const other = storeWith();
    const elsewhere = async () => {
      const answer = await other.flagList(caller('XAMB', 'ambulance'));
      if ('buildsFor' in answer) throw new Error('it is being built');
      return answer.list.hashes;
    };
    const [one, two, three] = await Promise.all([list(), list(), eventually(elsewhere, 20_000)]);
    expect(entriesOf(two)).toEqual(entriesOf(one));
    expect(three).toEqual(entriesOf(one));
    expect((await sql('SELECT hashed FROM flag_list')).rows).toEqual([{ hashed: 2 }]);
    // Nor is anybody put on record twice.
    const { rows: twice } = await sql(
      `SELECT plan_id FROM audit WHERE event = 'flag-list' AND plan_id IS NOT NULL AND about = 'Parameters/${one.json.id}' GROUP BY plan_id HAVING count(*) > 1`,
    );
    expect(twice).toEqual([]);
  });

  test('while it is built elsewhere it is 202, with when and where to come back; a builder that is gone is replaced', async () => {
    await sql(`INSERT INTO flag_list (organization, kind, id, until, builder, lease_until)
      VALUES ('XAMB', 'ambulance', gen_random_uuid(), clock_timestamp() + interval '11 hours', gen_random_uuid(), clock_timestamp() + interval '1 hour')`);
    const { status, headers, json, text } = await ask();
    expect([status, json.resourceType, json.issue[0].severity]).toEqual([202, 'OperationOutcome', 'information']);
    expect(headers).toContainEqual(['content-location', `${door.origin}/Flag/$list`]);
    expect(Number(new Map(headers).get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(text).not.toMatch(/entry|salt/);
    await sql(`UPDATE flag_list SET lease_until = clock_timestamp() - interval '1 second'`);
    expect(on(await list(), 'amber', 'beryl')).toEqual([true, true]);
  });

  test('the operator reads no list', async () => {
    expect((await ask({ ods: operator.organization, kind: 'operator' })).status).toBe(403);
  });
});
