import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Ports } from '../../src/reconcile/ports.ts';
import type { StoredLook } from '../../src/store/ledger.ts';
import { layGround, publisher, type Ground, type Lane } from '../store/ground.ts';
import * as body from '../support/bodies.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import { startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import type { FakeRecipient } from '../support/fake-recipient.ts';
import { openSending, type Sending } from '../support/sending.ts';

/** Consent is taken back, given again or superseded at a chosen moment of a delivery; what is asked is what lies with the recipient. */

const recipients: FakeRecipient[] = [];
let ground: Ground;
let sending: Sending;

beforeAll(async () => {
  // What may still arrive is chased for half a second, and no test waits for more.
  ground = await layGround(null, 'lay', 200);
  sending = openSending(ground, 300);
}, 60_000);
afterAll(async () => {
  await sending?.close();
  for (const recipient of recipients) await recipient.stop();
  await ground?.close();
});

/** A person and their plan for a recipient of their own, of either road. */
const open = async (name: string, road: 'fhir' | 'mllp'): Promise<{ readonly lane: Lane; readonly recipient: FakeRecipient }> => {
  const recipient = await (road === 'fhir' ? startFakeFhirRecipient() : startFakeMllpRecipient());
  recipients.push(recipient);
  const lane = await ground.lane(name, road === 'fhir' ? 'epr' : 'ed', recipient.address);
  await ground.fanOutAll();
  return { lane, recipient };
};
/** Brings what is due one step further, with what happens at a moment of it. */
const work = ({ service }: Lane, at: Partial<Ports<StoredLook>> = {}): Promise<number> => sending.step(service, at);
/** Until nothing is owed: no key is due, and the recipient's store is as it should be. */
const workUntil = (lane: Lane, look: () => void): Promise<void> =>
  eventually(async () => {
    await work(lane);
    look();
  });
const consent = (lane: Lane, id: string, options: body.ConsentOptions) =>
  ground.put(publisher, body.consent(id, lane.patient, 'org-trust', options));
/** Its fan-out is done too, so that what ends the delivery must not forget it. */
const revoke = async (lane: Lane): Promise<void> => {
  await consent(lane, lane.consent, { kinds: ['epr', 'ed'], status: 'inactive' });
  await ground.fanOutAll();
};
const kindsOf = (recipient: FakeRecipient): readonly string[] => recipient.received().map(({ kind }) => kind);
const updatesOf = (recipient: FakeRecipient): number => kindsOf(recipient).filter((kind) => kind === 'update').length;

describe.each(['fhir', 'mllp'] as const)('consent taken back in the middle of a delivery: %s', (road) => {
  test('I1 I2 G9 between begin and deliver: what was begun may arrive, is recalled, and nothing more is begun', async () => {
    const { lane, recipient } = await open(`begun${road}`, road);
    await work(lane, {
      deliver: async (...asked) => {
        await revoke(lane);
        return sending.ports.deliver(...asked);
      },
    });
    expect(kindsOf(recipient)).toEqual(['update']);
    await workUntil(lane, () => expect(recipient.holds()).toEqual([]));
    expect(kindsOf(recipient)).toEqual(['update', 'recall']);
  });

  test('I1 I2 before the begin that was decided: nothing leaves', async () => {
    const { lane, recipient } = await open(`look${road}`, road);
    await work(lane, {
      begin: async (...asked) => {
        await revoke(lane);
        return sending.ports.begin(...asked);
      },
    });
    await work(lane);
    expect(kindsOf(recipient)).toEqual([]);
  });

  test('I2 between begin and deliver, and the sender dies before it sends: what may lie there is recalled', async () => {
    const { lane, recipient } = await open(`dies${road}`, road);
    const died = work(lane, {
      deliver: async () => {
        await revoke(lane);
        throw new Error('died');
      },
    });
    await expect(died).rejects.toThrow('died');
    await ground.database.pool.query('UPDATE ledger_key SET lease_until = clock_timestamp() WHERE recipient_id = $1', [lane.service]);
    await workUntil(lane, () => expect(kindsOf(recipient)).toContain('recall'));
    expect(updatesOf(recipient)).toBe(0);
  });

  test.each([
    ['refused for now', 'busy', 0],
    ['stored, and the answer was lost', 'lose-answer', 1],
    ['neither stored nor answered', 'stall', 1],
  ] as const)('I1 I2 between two tries, the first of which was %s: the second is never sent', async (_, how, recalls) => {
    const { lane, recipient } = await open(`${how.slice(0, 4)}${road}`, road);
    recipient.behave({ how, times: 1 });
    await work(lane);
    expect(kindsOf(recipient)).toEqual(['update']);
    await revoke(lane);
    // Past the longest pause before a second try (80 ms) as well: it is no longer a try that is owed.
    await workUntil(lane, () => expect(kindsOf(recipient).filter((kind) => kind === 'recall').length).toBeGreaterThanOrEqual(recalls));
    await eventually(async () => {
      await work(lane);
      const { rows } = await ground.database.pool.query(
        `SELECT FROM ledger_key WHERE recipient_id = $1 AND (observed < generation OR state->'copies' <> '[]')`,
        [lane.service],
      );
      expect(rows).toEqual([]);
    });
    expect(updatesOf(recipient)).toBe(1);
    expect(recipient.holds()).toEqual([]);
  });

  test('without the revocation the second try is sent: the test could fail', async () => {
    const { lane, recipient } = await open(`again${road}`, road);
    recipient.behave({ how: 'busy', times: 1 });
    await workUntil(lane, () => expect(recipient.holds()).toHaveLength(1));
    expect(updatesOf(recipient)).toBe(2);
  });

  test('I2 I3 given again while the recall has no answer: one copy, and it is the new one', async () => {
    const { lane, recipient } = await open(`regiven${road}`, road);
    await workUntil(lane, () => expect(recipient.holds()).toHaveLength(1));
    const [first] = recipient.holds();
    await revoke(lane);
    recipient.behave({ how: 'lose-answer', times: 1 });
    await work(lane, {
      deliver: async (...asked) => {
        await consent(lane, `again-${lane.consent}`, { kinds: ['epr', 'ed'] });
        return sending.ports.deliver(...asked);
      },
    });
    await workUntil(lane, () => expect(recipient.holds()).toHaveLength(1));
    const [second] = recipient.holds();
    expect(second?.document).not.toBe(first?.document);
    expect(second?.text).toContain('Loud sirens upset me');
    await revoke(lane);
    await consent(lane, `again-${lane.consent}`, { kinds: ['epr', 'ed'], status: 'inactive' });
    await workUntil(lane, () => expect(recipient.holds()).toEqual([]));
  });
});

describe('consents that supersede one another arrive in the other order', () => {
  const permits = { kinds: ['epr', 'ed'] } as const;
  const denies = { deny: ['epr', 'ed'] } as const;
  test.each([
    ['permits', 'denies', permits, denies],
    ['denies', 'permits', denies, permits],
  ] as const)(
    'I1 I2 I3 the last one %s and comes first: refused, and nothing moves; then it counts, whatever is repeated of the ones before, that %s',
    async (said, _, last, between) => {
      const { lane, recipient } = await open(`order${said.slice(0, 3)}`, 'mllp');
      const holds = (want: boolean) => workUntil(lane, () => expect(recipient.holds()).toHaveLength(want ? 1 : 0));
      const [first, second, third] = [lane.consent, `second-${lane.consent}`, `third-${lane.consent}`];
      const putSecond = () => consent(lane, second, { ...between, supersedes: [first] });
      const putThird = () => consent(lane, third, { ...last, supersedes: [second] });
      await holds(true);

      await expect(putThird()).rejects.toThrow('supersedes no other consent of this person');
      await work(lane);
      expect(kindsOf(recipient)).toEqual(['update']);

      await putSecond();
      await holds(between === permits);
      await putThird();
      await holds(last === permits);

      // A sender that never heard the answer repeats what it wrote, the oldest last.
      const before = recipient.received().length;
      await putSecond();
      await consent(lane, first, { kinds: ['epr', 'ed'] });
      for (let turn = 0; turn < 3; turn++) await work(lane);
      await holds(last === permits);
      expect(recipient.received().length).toBe(before);
    },
  );
});
