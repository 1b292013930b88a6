import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { OpenDoor } from '../http/open-door.ts';
import { AMBER, openDoor } from '../http/open-door.ts';
import { contactsOf, encounterMessage, incident, RECEIVER, send, SENDER } from './incident.ts';

let door: OpenDoor;
let caseNumber = '';
let count = 0;
beforeAll(async () => {
  door = await openDoor();
}, 60_000);
afterAll(() => door?.close());
beforeEach(() => {
  caseNumber = `repeat-${++count}`;
});

const versionOf = async (): Promise<string | undefined> => (await contactsOf(door, SENDER, caseNumber))[0]?.meta?.versionId;
const issueOf = (answer: { body: { issue?: readonly { code: string; expression?: readonly string[] }[] } }) =>
  answer.body.issue?.map(({ code, expression }) => [code, ...(expression ?? [])]);

describe('a BaRS message that was processed', () => {
  const ids = () => ({ request: randomUUID(), correlation: randomUUID() });

  test('and is tried again, byte by byte, with the same ids: 409 duplicate, which its sender takes for success', async () => {
    const text = JSON.stringify(incident({ caseNumber, second: 0, number: AMBER }));
    const same = ids();
    expect((await send(door, SENDER, text, same)).status).toBe(200);
    const stored = await door.stored();
    const again = await send(door, SENDER, text, same);
    expect([again.status, issueOf(again)]).toEqual([409, [['duplicate', 'Bundle.id']]]);
    expect(again.headers['x-request-id']).toBe(same.request);
    expect(await door.stored()).toBe(stored);
  });

  test('is a duplicate under other ids too', async () => {
    const text = JSON.stringify(incident({ caseNumber, second: 0 }));
    expect((await send(door, SENDER, text)).status).toBe(200);
    expect(issueOf(await send(door, SENDER, text))).toEqual([['duplicate', 'Bundle.id']]);
    expect(await versionOf()).toBe('1');
  });

  test('is no duplicate where its bytes differ and its version does not: 409 conflict', async () => {
    expect((await send(door, SENDER, incident({ caseNumber, second: 0 }))).status).toBe(200);
    const other = await send(door, SENDER, incident({ caseNumber, second: 0, status: 'finished' }));
    expect([other.status, issueOf(other)]).toEqual([409, [['conflict', 'Bundle.id']]]);
    // Nor where only a space does.
    const spaced = await send(door, SENDER, `${JSON.stringify(incident({ caseNumber, second: 0 }))} `);
    expect([spaced.status, issueOf(spaced)]).toEqual([409, [['conflict', 'Bundle.id']]]);
    expect(await versionOf()).toBe('1');
  });

  test('keeps its X-Request-ID: another message under it is a conflict', async () => {
    const same = ids();
    expect((await send(door, SENDER, incident({ caseNumber, second: 0 }), same)).status).toBe(200);
    const other = await send(door, SENDER, incident({ caseNumber, second: 1, reason: 'update' }), same);
    expect([other.status, issueOf(other)]).toEqual([409, [['conflict', 'http.X-Request-ID']]]);
    expect(await versionOf()).toBe('1');
  });

  test('is its sender’s: the same id of another sender is another message', async () => {
    const id = 'one-id-of-two';
    expect((await send(door, SENDER, incident({ id, caseNumber, second: 0 }))).status).toBe(200);
    expect((await send(door, RECEIVER, incident({ id, caseNumber, second: 0, sender: RECEIVER.ods }))).status).toBe(200);
  });

  test('needs the two ids that BaRS requires, as UUIDs: 400 without', async () => {
    const message = incident({ caseNumber, second: 0 });
    const post = (headers: Record<string, string>) =>
      door
        .as(door.agent.post('/fhir/$process-message'), SENDER)
        .set('Content-Type', 'application/fhir+json')
        .set(headers)
        .send(JSON.stringify(message));
    const none = await post({});
    expect([none.status, issueOf(none)]).toEqual([
      400,
      [
        ['required', 'http.X-Request-ID'],
        ['required', 'http.X-Correlation-ID'],
      ],
    ]);
    const one = await post({ 'X-Request-ID': randomUUID() });
    expect([one.status, issueOf(one)]).toEqual([400, [['required', 'http.X-Correlation-ID']]]);
    const words = await post({ 'X-Request-ID': 'request-1', 'X-Correlation-ID': randomUUID() });
    expect([words.status, issueOf(words)]).toEqual([400, [['required', 'http.X-Request-ID']]]);
    expect(await contactsOf(door, SENDER, caseNumber)).toEqual([]);
  });

  test('that was refused is not remembered: put right, it is taken', async () => {
    const { timestamp: _timestamp, ...broken } = incident({ caseNumber, second: 0 });
    const same = ids();
    expect((await send(door, SENDER, JSON.stringify(broken), same)).status).toBe(422);
    expect((await send(door, SENDER, incident({ caseNumber, second: 0 }), same)).status).toBe(200);
  });
});

describe('a message of the general event', () => {
  const bare = (text: string) =>
    door.as(door.agent.post('/fhir/$process-message'), SENDER).set('Content-Type', 'application/fhir+json').send(text);

  test('that comes again gets the first answer, byte for byte, and changes nothing', async () => {
    const text = JSON.stringify(encounterMessage({ caseNumber, second: 0, number: AMBER }));
    const first = await bare(text);
    expect(first.status).toBe(200);
    const stored = await door.stored();
    const again = await bare(text);
    expect([again.status, again.text, again.headers['content-type']]).toEqual([200, first.text, first.headers['content-type']]);
    expect(await door.stored()).toBe(stored);
    expect(first.body.entry[0].resource).toMatchObject({
      eventCoding: { system: 'https://fhir.nhs.uk/CodeSystem/message-event', code: 'encounter' },
      response: { identifier: 'header-1', code: 'ok' },
    });
    expect(await versionOf()).toBe('1');
  });

  test('keeps its Bundle.id for itself: other bytes under it are a conflict, whenever they were written', async () => {
    expect((await bare(JSON.stringify(encounterMessage({ caseNumber, second: 0 })))).status).toBe(200);
    const other = await bare(JSON.stringify(encounterMessage({ caseNumber, second: 5, status: 'finished' })));
    expect([other.status, issueOf(other)]).toEqual([409, [['conflict', 'Bundle.id']]]);
    expect(await versionOf()).toBe('1');
  });

  test('holds nothing of a person in what is kept of it', async () => {
    await bare(JSON.stringify(encounterMessage({ caseNumber, second: 0, number: AMBER })));
    const { rows } = await door.pool.query(`SELECT to_jsonb(m)::text AS text FROM message m WHERE identity LIKE '%${caseNumber}%'`);
    expect(rows).toHaveLength(1);
    expect(rows[0].text).not.toMatch(new RegExp(`${AMBER}|Invented|${caseNumber}[^"]`));
  });
});

describe('two at once', () => {
  // One holds the contact's turn while both are on their way: neither can have seen the other's row before it began.
  const atOnce = async (messages: readonly (() => PromiseLike<{ status: number; text: string }>)[]) => {
    const { rows } = await door.pool.query<{ name: string }>('SELECT current_database() AS name');
    const url = new URL(String(process.env['TEST_DATABASE_URL']));
    url.pathname = `/${rows[0]?.name}`;
    const holder = new pg.Client({ connectionString: url.href });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('LOCK TABLE message IN ACCESS EXCLUSIVE MODE');
    const answers = Promise.all(messages.map((each) => each()));
    const waiting = `SELECT count(*)::integer AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    for (let tries = 0; tries < 500; tries++) {
      const { rows: now } = await door.owner.query<{ n: number }>(waiting);
      if (now[0]?.n === messages.length) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
      if (tries === 499) throw new Error('they do not wait for each other');
    }
    await holder.query('COMMIT');
    await holder.end();
    return answers;
  };

  test('the same BaRS message: one is processed, the other is a duplicate', async () => {
    const text = JSON.stringify(incident({ caseNumber, second: 0, number: AMBER }));
    const answers = await atOnce([() => send(door, SENDER, text), () => send(door, SENDER, text), () => send(door, SENDER, text)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect(await versionOf()).toBe('1');
  });

  test('the same message of the general event: both get one answer', async () => {
    const text = JSON.stringify(encounterMessage({ caseNumber, second: 0, number: AMBER }));
    const [one, two] = await atOnce([() => send(door, SENDER, text, IDS), () => send(door, SENDER, text, IDS)]);
    expect([one?.status, two?.status]).toEqual([200, 200]);
    expect(one?.text).toBe(two?.text);
    expect(await versionOf()).toBe('1');
  });

  test('two messages of one new contact: one contact, as the newer said', async () => {
    const messages = [0, 1, 2, 3].map((second) =>
      incident({
        caseNumber,
        second,
        number: AMBER,
        reason: second === 0 ? 'new' : 'update',
        status: second === 3 ? 'finished' : 'in-progress',
      }),
    );
    const answers = await atOnce(messages.map((message) => () => send(door, SENDER, message)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const found = await contactsOf(door, SENDER, caseNumber);
    expect(found.map(({ status }) => status)).toEqual(['finished']);
  });

  test('updates of one contact: the newest stands, whichever is written first', async () => {
    expect((await send(door, SENDER, incident({ caseNumber, second: 0 }))).status).toBe(200);
    const seconds = [9, 1, 2, 3, 4, 5, 6, 7, 8];
    const answers = await atOnce(
      seconds.map(
        (second) => () =>
          send(door, SENDER, incident({ caseNumber, second, reason: 'update', status: second === 9 ? 'finished' : 'triaged' })),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(seconds.map(() => 200));
    expect((await contactsOf(door, SENDER, caseNumber)).map(({ status }) => status)).toEqual(['finished']);
  });

  test('two messages of different contacts under one Bundle.id: one is taken', async () => {
    const id = `shared-${caseNumber}`;
    const answers = await atOnce([
      () => send(door, SENDER, incident({ id, caseNumber, second: 0 })),
      () => send(door, SENDER, incident({ id, caseNumber: `${caseNumber}-b`, second: 0 })),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });
});

const IDS = { request: '6f40cebe-7b55-461d-9d7f-eadb4c065711', correlation: '6f40cebe-7b55-461d-9d7f-eadb4c065712' };
