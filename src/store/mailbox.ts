import type pg from 'pg';
import { TaskCode } from '../../profiles/canonicals.ts';
import { endTask, raiseTask } from './broker-task.ts';
import { openLetter, sealLetter } from './keys/sealed-letter.ts';
import { type Sql, statement, transaction } from './pool.ts';

/** Class of the lock that a poller holds; the others are of facts (policy-locks.ts, held-locks.ts). */
const POLLER = 20;
const tryLock = statement<[number, string], { had: boolean }>('try-mailbox', 'SELECT pg_try_advisory_lock($1, hashtext($2)) AS had');
const unlock = statement<[number, string], never>('leave-mailbox', 'SELECT pg_advisory_unlock($1, hashtext($2))');
const claimPoll = statement<[string, number], { greet: boolean }>(
  'claim-poll',
  `INSERT INTO mailbox AS m (mailbox, polled_at) VALUES ($1, clock_timestamp())
   ON CONFLICT (mailbox) DO UPDATE SET polled_at = clock_timestamp()
     WHERE m.polled_at <= clock_timestamp() - make_interval(secs => $2::double precision / 1000)
   RETURNING handshake_at <= clock_timestamp() - interval '12 hours' AS greet`,
);
const greeted = statement<[string], never>('note-handshake', 'UPDATE mailbox SET handshake_at = clock_timestamp() WHERE mailbox = $1');

/** A message as it is kept. */
export interface KeptText {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Looks into our mailbox, where nobody else does at this moment, over all processes, and nobody has within `everyMs`. `greet`: a handshake is due,
 * of which MESH wants one a day. Answers whether it was this one's turn.
 */
export async function inOurTurn(
  pool: pg.Pool,
  mailbox: string,
  everyMs: number,
  look: (greet: boolean) => Promise<void>,
): Promise<boolean> {
  // A lock of the connection: a process that dies gives it up.
  const client = await pool.connect();
  let broken: Error | undefined;
  const lost = (fault: Error): void => {
    broken = fault;
  };
  client.on('error', lost);
  try {
    if ((await tryLock(client, POLLER, mailbox))[0]?.had !== true) return false;
    try {
      const [claimed] = await claimPoll(client, mailbox, everyMs);
      if (claimed === undefined) return false;
      await look(claimed.greet);
      return true;
    } finally {
      await unlock(client, POLLER, mailbox).catch((fault: Error) => {
        broken = fault;
      });
    }
  } finally {
    client.off('error', lost);
    client.release(broken);
  }
}

/** Writes down that MESH was greeted. */
export const noteHandshake = async (sql: Sql, mailbox: string): Promise<void> => void (await greeted(sql, mailbox));

const putLetter = statement<[string, string, string | null], never>(
  'put-letter',
  `INSERT INTO mailbox_letter (message_id, what, sealed) VALUES ($1, $2, $3)
   ON CONFLICT (message_id) DO UPDATE SET what = excluded.what, sealed = coalesce(excluded.sealed, mailbox_letter.sealed)`,
);
const letterById = statement<[string], { what: string; sealed: string | null }>(
  'letter-by-id',
  'SELECT what, sealed FROM mailbox_letter WHERE message_id = $1',
);

const matterOf = (operator: string, messageId: string) => ({
  code: TaskCode.attention,
  owner: operator,
  about: `mailbox ${messageId}`,
});

/** Writes down what a message in our mailbox was, before it is acknowledged. That it was not to be had before is over. */
export const noteLetter = (pool: pg.Pool, operator: string, messageId: string, what: 'answer' | 'report'): Promise<void> =>
  transaction(pool, async (tx) => {
    await putLetter(tx, messageId, what, null);
    await endTask(tx, matterOf(operator, messageId), 'completed');
  });

/** Why a person has to look at a message: what it is could not be told, or what it names was never sent there; or MESH does not give it out. */
export type LetterMatter = 'letter-unreadable' | 'letter-of-nothing' | 'letter-not-had';

/** Keeps a message that could not be made sense of, sealed, and asks the operator to look at it (I11, I12). One Task a message. */
export async function keepLetter(
  pool: pg.Pool,
  operator: string,
  messageId: string,
  matter: LetterMatter,
  letter: KeptText | null,
): Promise<void> {
  await transaction(pool, async (tx) => {
    await putLetter(tx, messageId, matter, letter === null ? null : sealLetter(pool, messageId, JSON.stringify(letter)));
    const task = {
      ...matterOf(operator, messageId),
      kind: 'operator' as const,
      focus: null,
      reason: matter,
      description: `A message in our MESH mailbox needs a person (${matter}): ${messageId}. Look at it: broker mesh letter ${messageId}`,
    };
    await raiseTask(tx, task, { reopen: [] });
  });
}

/** What was kept of a message, and why; null where nothing was. `body` is as it came, where that is text. */
export async function keptLetter(sql: Sql, messageId: string): Promise<{ readonly what: string; readonly letter: KeptText | null } | null> {
  const [row] = await letterById(sql, messageId);
  if (row === undefined) return null;
  return { what: row.what, letter: row.sealed === null ? null : (JSON.parse(openLetter(sql, messageId, row.sealed)) as KeptText) };
}

/** Letters in one transaction. */
const BATCH = 100;
const forget = statement<[number, number], { message_id: string }>(
  'forget-letters',
  `WITH old AS (SELECT message_id FROM mailbox_letter WHERE sealed IS NOT NULL AND came_at <= clock_timestamp() - make_interval(days => $1::integer)
                 ORDER BY came_at LIMIT $2 FOR UPDATE SKIP LOCKED)
   UPDATE mailbox_letter l SET sealed = NULL FROM old WHERE l.message_id = old.message_id RETURNING l.message_id`,
);

/**
 * Forgets what messages said that were kept for a person for so many days: they may hold somebody, under the broker's own key, so that no erasure reaches them. That
 * they came stays. Their Tasks are cancelled: there is nothing to look at any more. Answers how many.
 */
export async function forgetLetters(pool: pg.Pool, operator: string, days: number): Promise<number> {
  for (let count = 0; ; ) {
    const gone = await transaction(pool, async (tx) => {
      const rows = await forget(tx, days, BATCH);
      for (const { message_id: id } of rows) await endTask(tx, matterOf(operator, id), 'cancelled');
      return rows.length;
    });
    count += gone;
    if (gone < BATCH) return count;
  }
}

const sinceLook = statement<[], { seconds: number | null }>(
  'since-mailbox-was-looked-into',
  "SELECT extract(epoch FROM clock_timestamp() - max(polled_at))::double precision AS seconds FROM mailbox WHERE polled_at > '-infinity'",
);

/** Seconds since our mailbox was last looked into; null where it never was. */
export const sinceMailboxLook = async (sql: Sql): Promise<number | null> => (await sinceLook(sql))[0]?.seconds ?? null;
