import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { judge } from '../../mappings/check/judge.ts';
import { TEST_NUMBER } from '../../mappings/check/test-disclosure.ts';
import { Extension } from '../../profiles/canonicals.ts';
import { Anomaly } from '../../src/model/anomaly.ts';
import { SCENARIOS, type RecipientCheck, type Scenario } from '../../src/model/recipient-check.ts';
import { claimCheck } from '../../src/store/recipient-checks.ts';
import { runCheck } from '../../src/reconcile/check/run-check.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import { startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import type { FakeOptions, FakeRecipient } from '../support/fake-recipient.ts';
import type { CheckGround } from './check-ground.ts';
import { openCheckGround } from './check-ground.ts';

let on: CheckGround;
let recipient: FakeRecipient;
let names = 0;

beforeAll(async () => {
  on = await openCheckGround();
}, 60_000);
afterEach(() => recipient?.stop());
afterAll(() => on?.close());

const nameOf = (): string => `c${++names}`;
const refusesLower = { url: Extension.refusesLowerSequence, valueBoolean: true };
const aaAccepted = {
  url: Extension.acknowledgement,
  extension: [
    { url: 'code', valueCode: 'AA' },
    { url: 'means', valueCode: 'accepted' },
  ],
};
const places = async (work: Promise<unknown>): Promise<readonly string[]> => {
  try {
    await work;
    return [];
  } catch (error) {
    if (!(error instanceof Anomaly)) throw error;
    expect(error.category).toBe('incorrect');
    return error.issues.map(({ at }) => at ?? '');
  }
};
/** What came back in a scenario: `first accepted`, one word each. */
const cameBack = (check: RecipientCheck, scenario: Scenario): readonly string[] => {
  const tried = check.tried[scenario];
  return tried === undefined
    ? ['not tried']
    : 'skipped' in tried
      ? [tried.skipped]
      : tried.said.map(({ part, outcome }) => `${part} ${outcome}`);
};

const ROADS = [
  ['FHIR messaging', startFakeFhirRecipient],
  ['HL7 v2 over MLLP', startFakeMllpRecipient],
] as const;

describe.each(ROADS)('a check over %s', (road, startFake) => {
  const start = async (options: FakeOptions = {}): Promise<string> => {
    recipient = await startFake(options);
    return recipient.address;
  };
  const isMllp = road.startsWith('HL7');

  test('an honest recipient: each scenario is said, nothing contradicts, and nothing is left with it', async () => {
    const name = nameOf();
    const address = await start({ refusesLowerSequence: true });
    await on.register(name, address, [refusesLower]);
    const { check, destination } = await on.check(name);
    expect(check.endedAt).not.toBeNull();
    expect(Object.fromEntries(SCENARIOS.map((scenario) => [scenario, cameBack(check, scenario)]))).toEqual({
      new: ['first accepted'],
      replace: ['first accepted', 'second accepted'],
      recall: ['first accepted', 'recall accepted'],
      'unknown-recall': ['recall accepted'],
      duplicate: ['first accepted', 'repeat accepted'],
      reordered: ['recall accepted', 'late refused'],
      // Whoever answers within 10 ms was faster than the broker could go.
      'dropped-answer': [expect.stringMatching(/^dropped (unknown|accepted)$/), 'repeat accepted'],
      'slow-answer': [expect.stringMatching(/^dropped (unknown|accepted)$/), 'second accepted'],
      'bad-message': ['broken refused'],
      'clean-up': ['recall accepted'],
    });
    expect(judge(check.tried, destination)).toEqual({ contradictions: [], proposals: [], unanswered: [] });
    expect(recipient.holds()).toEqual([]);
    expect(await places(on.activate(name, address, [refusesLower]))).toEqual([]);
  });

  test('I8 everything that is sent says that it is a test, and is about nobody', async () => {
    const name = nameOf();
    await on.register(name, await start());
    await on.check(name);
    const received = recipient.received();
    expect(received.length).toBeGreaterThan(10);
    for (const { bytes, person } of received) {
      expect([TEST_NUMBER, '-']).toContain(person);
      if (isMllp) {
        expect(bytes.split('\r')[0]?.split('|')[10]).toBe('T');
        const [, data] = /\^Base64\^([A-Za-z0-9+/=]+)/.exec(bytes) ?? [];
        if (data !== undefined) expect(Buffer.from(data, 'base64').toString('utf8').match(/HTEST/g)?.length).toBeGreaterThanOrEqual(4);
      } else for (const { resource } of JSON.parse(bytes).entry) expect(JSON.stringify(resource.meta.tag)).toContain('HTEST');
    }
    const { rows } = await on.ground.database.owner.query(
      `SELECT (SELECT count(*) FROM ledger_key)::int AS keys, (SELECT count(*) FROM delivery)::int AS deliveries, (SELECT count(*) FROM resource WHERE type = 'Patient')::int AS patients`,
    );
    expect(rows).toEqual([{ keys: 0, deliveries: 0, patients: 0 }]);
  });

  test('a lying recipient: it says that it refuses a lower sequence, and takes one; it is not made active until that is put right', async () => {
    const name = nameOf();
    const address = await start();
    await on.register(name, address, [refusesLower]);
    const { check, destination } = await on.check(name);
    expect(cameBack(check, 'reordered')).toEqual(['recall accepted', 'late accepted']);
    expect(judge(check.tried, destination)).toMatchObject({
      contradictions: [{ scenario: 'reordered', extension: Extension.refusesLowerSequence }],
      proposals: [{ scenario: 'reordered', declare: { url: Extension.refusesLowerSequence, valueBoolean: false } }],
    });
    const refused = [`Endpoint.extension.where(url='${Extension.refusesLowerSequence}')`];
    expect(await places(on.activate(name, address, [refusesLower]))).toEqual(refused);
    // The declaration that is put right is held against what was seen: nothing is said again.
    const before = recipient.received().length;
    expect(await places(on.activate(name, address))).toEqual([]);
    expect(recipient.received()).toHaveLength(before);
    // What is seen of one address says nothing of another.
    expect(await places(on.activate(name, `${address.replace(/\d+(\/fhir)?$/, '')}1`, [refusesLower]))).toEqual([]);
  });

  test('it refuses lower sequences, and did not say so: that is proposed', async () => {
    const name = nameOf();
    const address = await start({ refusesLowerSequence: true });
    await on.register(name, address);
    const { check, destination } = await on.check(name);
    expect(judge(check.tried, destination)).toMatchObject({
      contradictions: [],
      proposals: [{ scenario: 'reordered', declare: { url: Extension.refusesLowerSequence, valueBoolean: true } }],
    });
    expect(await places(on.activate(name, address))).toEqual([]);
  });

  test('it says that it took what nobody can file', async () => {
    const name = nameOf();
    const address = await start({ believesAnything: true });
    await on.register(name, address, isMllp ? [aaAccepted] : []);
    const { check, destination } = await on.check(name);
    expect(cameBack(check, 'bad-message')).toEqual(['broken accepted']);
    const { contradictions } = judge(check.tried, destination);
    expect(contradictions).toMatchObject([{ scenario: 'bad-message', extension: isMllp ? Extension.acknowledgement : null }]);
    expect(await places(on.activate(name, address, isMllp ? [aaAccepted] : []))).toHaveLength(1);
    // Over HL7 v2 without a table its AA means what it means: that it came. That is proposed, and contradicts nothing.
    expect(await places(on.activate(name, address))).toHaveLength(isMllp ? 0 : 1);
  });

  test('it does not know its ids: a repeat is refused', async () => {
    const name = nameOf();
    const address = await start({ refusesRepeats: true });
    await on.register(name, address);
    const { check, destination } = await on.check(name);
    expect(cameBack(check, 'duplicate')).toEqual(['first accepted', 'repeat refused']);
    expect(judge(check.tried, destination).contradictions.map(({ scenario }) => scenario)).toEqual(['duplicate', 'dropped-answer']);
    expect(await places(on.activate(name, address))).toHaveLength(2);
  });

  test('it refuses the recall that it declares: another form is proposed, and with people it is active', async () => {
    const name = nameOf();
    const address = await start({ refusesRecalls: true });
    await on.register(name, address);
    const { check, destination } = await on.check(name);
    expect(judge(check.tried, destination)).toMatchObject({
      contradictions: [{ scenario: 'recall', extension: Extension.recallForm }],
      proposals: expect.arrayContaining([
        { scenario: 'recall', declare: { url: Extension.recallForm, valueCode: isMllp ? 'mdm-t10-notice' : 'manual' } },
      ]),
    });
    expect(await places(on.activate(name, address))).toEqual([`Endpoint.extension.where(url='${Extension.recallForm}')`]);
  });

  test('what it shows after a recall that it answered is seen by nobody from outside: nothing is claimed of it', async () => {
    const name = nameOf();
    const address = await start({ keepsRecalled: true });
    await on.register(name, address);
    const { check, destination } = await on.check(name);
    expect(cameBack(check, 'recall')).toEqual(['first accepted', 'recall accepted']);
    expect(judge(check.tried, destination)).toEqual({ contradictions: [], proposals: [], unanswered: [] });
    expect(recipient.holds().length).toBeGreaterThan(0);
    for (const { text } of recipient.holds()) expect(text).toContain('Do not act on it');
  });

  test('it takes a document after its recall: that is seen, and what is said again is for', async () => {
    const name = nameOf();
    await on.register(name, await start());
    const { check, destination } = await on.check(name);
    expect(cameBack(check, 'reordered')).toEqual(['recall accepted', 'late accepted']);
    expect(destination.refusesLowerSequence).toBe(false);
    expect(judge(check.tried, destination).contradictions).toEqual([]);
    // It came back, and the clean-up took it.
    expect(recipient.holds()).toEqual([]);
  });

  test('people take it back: no recall is said', async () => {
    const name = nameOf();
    const address = await start();
    const telecom = [{ system: 'phone' as const, value: '01632 960002' }];
    await on.register(name, address, [{ url: Extension.recallForm, valueCode: 'manual' }], { telecom });
    const { check } = await on.check(name);
    for (const scenario of ['recall', 'unknown-recall', 'reordered', 'clean-up'] as const)
      expect(cameBack(check, scenario)).toEqual(['not-asked-by-message']);
    expect(recipient.received().map(({ kind }) => kind)).not.toContain('recall');
  });

  test('it answers late: what was asked meanwhile has an answer of its own', async () => {
    const name = nameOf();
    await on.register(name, await start());
    recipient.behave({ how: 'answer-late', delayMs: 60 });
    const { check, destination } = await on.check(name);
    expect(cameBack(check, 'dropped-answer')).toEqual(['dropped unknown', 'repeat accepted']);
    expect(cameBack(check, 'slow-answer')).toEqual(['dropped unknown', 'second accepted']);
    expect(judge(check.tried, destination).contradictions).toEqual([]);
    expect(recipient.duplicates()).toBeGreaterThanOrEqual(2);
  });

  test('it answers with the id of another message', async () => {
    const name = nameOf();
    const address = await start();
    await on.register(name, address);
    recipient.behave({ how: 'answer-another', times: 1 });
    const { check, destination } = await on.check(name);
    expect(judge(check.tried, destination)).toMatchObject({ contradictions: [{ scenario: 'new', extension: null }], unanswered: ['new'] });
    expect(await places(on.activate(name, address))).toEqual(['Endpoint.address']);
  });

  test('nobody answers: nothing is known of it, and nothing contradicts', async () => {
    const name = nameOf();
    const address = await start();
    await on.register(name, address);
    recipient.behave({ how: 'stall' });
    const quick = { ...on.world, sendTimeout: 60 };
    await on.ask(name);
    for (let check = await runCheck(quick, `svc-${name}`); check?.endedAt === null; ) check = await runCheck(quick, `svc-${name}`);
    const { check, destination } = await on.check(name);
    const { contradictions, unanswered } = judge(check.tried, destination);
    expect(contradictions).toEqual([]);
    expect(unanswered).toEqual(expect.arrayContaining(['new', 'replace', 'recall', 'duplicate']));
  });

  test('killed half-way it goes on where it was, with ids of its own, and takes away what was left', async () => {
    const name = nameOf();
    await on.register(name, await start({ refusesLowerSequence: true }), [refusesLower]);
    await on.ask(name);
    await runCheck(on.world, `svc-${name}`);
    const [first] = recipient.received();
    // A process has begun the next scenario, and said its first line, when it dies: its lease stands, and nobody else may go on.
    const dying = { ...on.world, channels: { ...on.world.channels } };
    const channel = isMllp ? ('hl7v2-mllp' as const) : ('fhir-messaging' as const);
    let lines = 0;
    dying.channels[channel] = {
      close: async () => {},
      send: (...args) => (++lines > 1 ? Promise.reject(new Error('killed')) : on.world.channels[channel].send(...args)),
    };
    await expect(runCheck(dying, `svc-${name}`)).rejects.toThrow('killed');
    const left = recipient.received().length;
    expect(await claimCheck(on.world.pool, `svc-${name}`, 1_000)).toBeNull();
    await on.ground.database.owner.query(`UPDATE recipient_check SET lease_until = clock_timestamp() WHERE recipient_id = $1`, [
      `svc-${name}`,
    ]);
    const { check, destination } = await on.check(name);
    expect(check.endedAt).not.toBeNull();
    expect(judge(check.tried, destination)).toEqual({ contradictions: [], proposals: [], unanswered: [] });
    const ids = recipient.received().map(({ id }) => id);
    expect(ids.filter((id) => id === first?.id)).toHaveLength(1);
    expect(new Set(ids.slice(left)).has(ids[left - 1] ?? '')).toBe(false);
    expect(recipient.holds()).toEqual([]);
  });
});

describe('a check', () => {
  test('of an address that the guard forbids reaches nobody', async () => {
    const name = nameOf();
    await on.register(name, 'http://10.255.255.1/fhir');
    const { check, destination } = await on.check(name);
    expect(check.tried['new']).toEqual({ said: [expect.objectContaining({ outcome: 'refused', answer: 'address-forbidden' })] });
    expect(judge(check.tried, destination).contradictions).toEqual([]);
  });

  test('is one at a time, is found again, and is held anew only where that is asked for', async () => {
    const name = nameOf();
    recipient = await startFakeFhirRecipient();
    await on.register(name, recipient.address);
    await Promise.all([on.ask(name), on.ask(name), on.ask(name)]);
    const { rows } = await on.ground.database.pool.query(`SELECT count(*)::int AS n FROM recipient_check WHERE recipient_id = $1`, [
      `svc-${name}`,
    ]);
    expect(rows).toEqual([{ n: 1 }]);
    const { check } = await on.check(name);
    expect((await on.check(name)).check.id).toBe(check.id);
    await on.ask(name, true);
    const again = await on.check(name);
    expect(again.check.id).not.toBe(check.id);
    expect(again.check.endedAt).not.toBeNull();
  });

  test('of what nothing is pushed to is none', async () => {
    expect(await on.ask('nobody')).toBeNull();
  });
});
