import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Endpoint, Task } from '@medplum/fhirtypes';
import { Extension, TaskCode } from '../../profiles/canonicals.ts';
import { fieldOf, readHl7 } from '../../mappings/mdm/read-hl7.ts';
import type { Ports } from '../../src/reconcile/ports.ts';
import { acknowledged } from '../../src/store/acknowledged.ts';
import { believed } from '../../src/store/believed.ts';
import { taskId } from '../../src/store/broker-task.ts';
import type { StoredLook } from '../../src/store/ledger.ts';
import { readResource } from '../../src/store/resources.ts';
import { takeAcknowledgement } from '../../src/store/take-acknowledgement.ts';
import { type Ground, type Lane, layGround, operator, publisher, WORDS } from '../store/ground.ts';
import * as body from '../support/bodies.ts';
import { eventually } from '../support/eventually.ts';
import type { FakeMllpRecipient, Manner } from '../support/fake-mllp-recipient.ts';
import { startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import { openSending, type Sending } from '../support/sending.ts';

/** Enhanced mode: what an application answers when its message was long given up as stored only, over whatever connection. */

const recipients: FakeMllpRecipient[] = [];
let ground: Ground;
let sending: Sending;

beforeAll(async () => {
  ground = await layGround(null, 'lay', 60_000);
  sending = openSending(ground, 2_000, { sendTimeout: 500 });
}, 60_000);
afterAll(async () => {
  await sending?.close();
  for (const recipient of recipients) await recipient.stop();
  await ground?.close();
});

interface Open {
  readonly lane: Lane;
  readonly ed: FakeMllpRecipient;
  /** What is believed to lie there: each copy's state. */
  copies(): Promise<readonly string[]>;
  /** Each delivery's action and outcome, oldest first. */
  deliveries(): Promise<readonly string[]>;
  work(at?: Partial<Ports<StoredLook>>): Promise<number>;
  /** The application's answer to the newest message of a kind, from whoever `from` is. */
  answer(code: 'AA' | 'AE', kind?: 'update' | 'recall', from?: Lane): Promise<string>;
}

/** The service of a lane, as it proves who it is. */
const ofLane = ({ ods }: Lane) => ({ organization: ods, kind: 'ed' });

const open = async (name: string, manner: Manner, extension: Endpoint['extension'] = []): Promise<Open> => {
  const ed = await startFakeMllpRecipient();
  recipients.push(ed);
  ed.speak(manner);
  const lane = await ground.lane(name, 'ed', ed.address);
  const endpoint = body.endpoint(`end-${name}`, lane.service, `org-${name}`, ed.address);
  const enhanced = { url: Extension.acknowledgementMode, valueCode: 'enhanced' };
  await ground.put(operator, {
    ...endpoint,
    extension: [...(endpoint.extension ?? []), enhanced, ...extension],
    contact: [{ system: 'phone', value: '01632 960002' }],
  });
  const { pool } = ground.database;
  return {
    lane,
    ed,
    copies: async () => {
      const keys = (await believed(pool, null)).filter(({ recipient }) => recipient.service === lane.service);
      return keys.flatMap((key) => key.copies.map(({ state, digest }) => (digest === null ? `${state} recall` : state)));
    },
    deliveries: async () => {
      const { rows } = await pool.query<{ action: string; outcome: string }>(
        'SELECT d.action, d.outcome FROM delivery d JOIN ledger_key k ON k.id = d.key_id WHERE k.recipient_id = $1 ORDER BY d.serial',
        [lane.service],
      );
      return rows.map(({ action, outcome }) => `${action} ${outcome}`);
    },
    work: (at) => sending.step(lane.service, at),
    answer: async (code, kind = 'update', from = lane) => {
      const message = ed.received().findLast((received) => received.kind === kind);
      const text = `MSH|^~\\&|ED|X|CRISISPLANBROKER|BROKER|20260101000000||ACK|${code}1|P|2.5\rMSA|${code}|${message?.id}\r`;
      return (await takeAcknowledgement(pool, sending.ledger, ofLane(from), text)).credit;
    },
  };
};
const revoke = ({ consent, patient }: Lane) =>
  ground.put(publisher, body.consent(consent, patient, 'org-trust', { kinds: ['epr', 'ed'], status: 'inactive' }));
const taskOf = async ({ lane }: Open): Promise<Task | null> => {
  const [key] = (await believed(ground.database.pool, null)).filter(({ recipient }) => recipient.service === lane.service);
  const id = taskId({ code: TaskCode.attention, owner: 'TRUST1', about: key?.key ?? '' });
  return ((await readResource(ground.database.pool, 'Task', id))?.body as Task | undefined) ?? null;
};

describe('an application acknowledgement that comes late', () => {
  test('[3b.2] over another connection: the update is held from then on, and is not sent again', async () => {
    const it = await open('other', 'commit-then-elsewhere');
    await it.work();
    expect([await it.copies(), await it.deliveries()]).toEqual([['uncertain'], ['update unknown']]);
    const [text = ''] = it.ed.elsewhere();
    const { credit, recipientId } = await takeAcknowledgement(ground.database.pool, sending.ledger, ofLane(it.lane), text);
    expect([credit, recipientId]).toEqual(['settled', it.lane.service]);
    expect([await it.copies(), await it.deliveries()]).toEqual([['held'], ['update accepted']]);
    await it.work();
    await it.work();
    expect(it.ed.received()).toHaveLength(1);
  });

  test('[3b.2] over the connection of its message', async () => {
    const it = await open('same', 'commit-then-late');
    // The road gives up after 500 ms: the answer comes later.
    await it.work();
    expect(await it.copies()).toEqual(['uncertain']);
    await eventually(async () => expect([await it.copies(), await it.deliveries()]).toEqual([['held'], ['update accepted']]));
    expect(it.ed.connections()).toBe(1);
  });

  test.each(['manual', 'mdm-t11'])(
    '[3b.2] I3 to a replacement, with recall form %s: what it replaced is replaced, and nobody is asked to take the new one away',
    async (form) => {
      const it = await open(`again${form.replace('-', '')}`, 'plain', [{ url: Extension.recallForm, valueCode: form }]);
      await it.work();
      expect(await it.copies()).toEqual(['held']);
      const { plan, patient } = it.lane;
      await ground.put(publisher, body.composition(`${plan}-words-2`, patient, { ...WORDS, 'please-do': 'Sit down first' }));
      await ground.put(publisher, body.carePlan(`${plan}-2`, patient, `${plan}-words-2`, { reach: [it.lane.service], replaces: plan }));
      await ground.store.approve(publisher, `${plan}-2`, '1', body.approval(`${plan}-2`), body.approver);
      it.ed.speak('commit-then-elsewhere');
      await it.work();
      const [text = ''] = it.ed.elsewhere();
      expect((await takeAcknowledgement(ground.database.pool, sending.ledger, ofLane(it.lane), text)).credit).toBe('settled');
      expect(await it.copies()).toEqual(['held']);
      for (let turn = 0; turn < 3; turn++) await it.work();
      expect([await it.copies(), await it.deliveries()]).toEqual([['held'], ['update accepted', 'update accepted']]);
    },
  );

  test('[3b.2] from another recipient, or to a message that never was: it counts for nothing', async () => {
    const it = await open('mine', 'commit-only');
    const other = await open('theirs', 'commit-only');
    await it.work();
    await other.work();
    expect(await it.answer('AA', 'update', other.lane)).toBe('not-theirs');
    expect(
      await acknowledged(ground.database.pool, sending.ledger, 'NOTHINGOFOURS', ofLane(it.lane), {
        kind: 'accepted',
        level: 'application',
      }),
    ).toBe('not-theirs');
    for (const text of ['', 'no HL7', 'MSH|^~\\&|A\rMSA|AA|\r']) {
      expect(await takeAcknowledgement(ground.database.pool, sending.ledger, ofLane(it.lane), text)).toEqual({
        credit: 'not-theirs',
        recipientId: null,
      });
    }
    // Nor over the connection to another's address.
    const text = `MSH|^~\\&|ED|X|CRISISPLANBROKER|BROKER|20260101000000||ACK|1|P|2.5\rMSA|AA|${it.ed.received()[0]?.id}\r`;
    const { credit } = await takeAcknowledgement(ground.database.pool, sending.ledger, { address: other.ed.address }, text);
    expect(credit).toBe('not-theirs');
    expect([await it.copies(), await other.copies()]).toEqual([['uncertain'], ['uncertain']]);
    // What is kept to know a message by says nothing of anybody.
    const { rows } = await ground.database.pool.query('SELECT * FROM sent_message');
    expect(JSON.stringify(rows)).not.toMatch(new RegExp(`${it.lane.number}|Loud sirens|Testperson`));
  });

  test('[3b.2] a refusal: nothing was stored, and a person is told', async () => {
    const it = await open('refuses', 'commit-only');
    await it.work();
    expect(await it.answer('AE')).toBe('settled');
    expect([await it.copies(), await it.deliveries()]).toEqual([[], ['update refused']]);
    expect(await taskOf(it)).toMatchObject({ status: 'requested', statusReason: { text: 'update-unanswered' } });
  });

  test.each([
    ['and nothing more is wanted', true],
    ['and another took its place', false],
  ])(
    '[3b.2] I2 an acceptance after a refusal, as when an operator has it processed again, %s: what lies there is taken back',
    async (_, revoked) => {
      const it = await open(revoked ? 'again' : 'instead', 'plain');
      it.ed.behave({ how: 'refuse', times: 1 });
      await it.work();
      expect(await it.copies()).toEqual([]);
      const [refused] = it.ed.received();
      if (revoked) await revoke(it.lane);
      else
        await eventually(async () => {
          await it.work();
          expect(await it.copies()).toEqual(['held']);
        });
      await it.work();
      // The ED files the errored document after all, and says so.
      it.ed.fileAgain(refused?.bytes ?? '');
      expect(it.ed.holds()).toHaveLength(revoked ? 1 : 2);
      const text = `MSH|^~\\&|ED|X|CRISISPLANBROKER|BROKER|20260101000000||ACK|1|P|2.5\rMSA|AA|${refused?.id}\r`;
      const { credit } = await takeAcknowledgement(ground.database.pool, sending.ledger, ofLane(it.lane), text);
      expect(credit).toBe('believed');
      await eventually(async () => {
        await it.work();
        expect(it.ed.holds()).toHaveLength(revoked ? 0 : 1);
      });
      expect(it.ed.holds().map(({ document }) => document)).not.toContain(refused?.document);
    },
  );

  test('[3b.2] I12 a refusal after an acceptance lowers nothing, and a person is told', async () => {
    const it = await open('twice', 'commit-only');
    await it.work();
    expect(await it.answer('AA')).toBe('settled');
    expect(await taskOf(it)).toBeNull();
    expect(await it.answer('AE')).toBe('noted');
    expect([await it.copies(), await it.deliveries()]).toEqual([['held'], ['update accepted']]);
    expect(await taskOf(it)).toMatchObject({ status: 'requested', statusReason: { text: 'update-refused-later' } });
  });

  test('[3b.2] one of an older sequence is put on record, and changes nothing that is believed', async () => {
    const it = await open('older', 'commit-only');
    await it.work();
    await revoke(it.lane);
    it.ed.speak('plain');
    await eventually(async () => {
      await it.work();
      expect((await it.deliveries()).at(-1)).toBe('recall accepted');
    });
    const before = [await it.copies(), await it.deliveries()];
    expect(await it.answer('AA', 'update')).toBe('noted');
    expect([await it.copies(), await it.deliveries()]).toEqual(before);
    const { rows } = await ground.database.pool.query(
      "SELECT FROM sent_message m JOIN delivery d ON d.id = m.delivery_id WHERE m.recipient_id = $1 AND d.action = 'update' AND m.answer->>'kind' = 'accepted'",
      [it.lane.service],
    );
    expect(rows).toHaveLength(1);
  });

  test('[3b.2] one that comes while its message is still under way counts as soon as that is over', async () => {
    const it = await open('under', 'commit-only');
    await it.work({
      deliver: async (...asked) => {
        const outcome = await sending.ports.deliver(...asked);
        expect(await it.answer('AA')).toBe('noted');
        return outcome;
      },
    });
    expect([await it.copies(), await it.deliveries()]).toEqual([['held'], ['update accepted']]);
  });

  test('[3b.2] one that comes just before its message is sent again: it is not', async () => {
    const it = await open('before', 'commit-only');
    await it.work();
    await eventually(async () => {
      // Once it is due, the answer comes between the look and the begin.
      const due = await it.work({
        begin: async (...asked) => {
          await it.answer('AA');
          const begun = await sending.ports.begin(...asked);
          expect(begun).toBeNull();
          return begun;
        },
      });
      expect(due).toBe(1);
    });
    expect([await it.copies(), await it.deliveries(), it.ed.received().length]).toEqual([['held'], ['update accepted'], 1]);
  });

  test('[3b.2] I2 a recall that was only committed is owed; its answer ends it', async () => {
    const it = await open('recall', 'plain');
    await it.work();
    await revoke(it.lane);
    it.ed.speak('commit-only');
    await eventually(async () => {
      await it.work();
      expect((await it.deliveries()).at(-1)).toBe('recall unknown');
    });
    expect(await it.copies()).toContain('uncertain');
    expect(await it.answer('AA', 'recall')).toBe('settled');
    expect(await it.copies()).toEqual([]);
    expect(await it.deliveries()).toEqual(['update accepted', 'recall accepted']);
  });

  test('[3b.2] a parcel of several is settled when the last of them is answered', async () => {
    const it = await open('several', 'commit-only');
    // Whose first documents are not known is sent both: what takes them back, and the new one.
    it.ed.behave({ how: 'lose-answer', times: 1 });
    await it.work();
    await ground.put(publisher, body.composition('words-several-2', it.lane.patient, { ...WORDS, triggers: 'Crowds upset me' }));
    await ground.put(
      publisher,
      body.carePlan('plan-several-2', it.lane.patient, 'words-several-2', {
        reach: [it.lane.service],
        replaces: it.lane.plan,
        identifier: `plan-of-${it.lane.patient}`,
      }),
    );
    await ground.store.approve(publisher, 'plan-several-2', '1', body.approval('plan-several-2'), body.approver);
    await eventually(async () => {
      await it.work();
      expect(it.ed.received().map(({ bytes }) => fieldOf(readHl7(bytes) ?? [], 'EVN', 1))).toEqual(['T02', 'T11', 'T02']);
    });
    expect((await it.deliveries()).at(-1)).toBe('update unknown');
    expect(await it.answer('AA', 'update')).toBe('noted');
    expect((await it.deliveries()).at(-1)).toBe('update unknown');
    expect(await it.answer('AA', 'recall')).toBe('settled');
    expect((await it.deliveries()).at(-1)).toBe('update accepted');
    expect(await it.copies()).toContain('held');
  });
});

describe('CA and no more', () => {
  test('[3b.10.5] I12 it is never held; it is asked again with the same MSH-10 once its time is over, and then a person is told', async () => {
    const it = await open('never', 'commit-only');
    await it.work();
    expect([await it.copies(), await taskOf(it)]).toEqual([['uncertain'], null]);
    await eventually(async () => {
      await it.work();
      expect(it.ed.received().length).toBeGreaterThan(1);
    });
    expect(new Set(it.ed.received().map(({ id }) => id)).size).toBe(1);
    expect(await taskOf(it)).toMatchObject({ status: 'requested', statusReason: { text: 'update-unanswered' } });
    expect(await it.copies()).not.toContain('held');
    // It answers after all: the Task is done with.
    expect(await it.answer('AA')).toBe('settled');
    await it.work();
    expect(await taskOf(it)).toMatchObject({ status: 'completed' });
  });
});
