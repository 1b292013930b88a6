import { randomUUID } from 'node:crypto';
import type { RecipientCheck, Scenario, Tried } from '../model/recipient-check.ts';
import type { Destination, Recipient } from '../model/recipient.ts';
import { type Sql, statement } from './pool.ts';

/** A scenario to be tried now, by whoever has its lease. */
export interface ClaimedCheck {
  readonly check: RecipientCheck;
  readonly destination: Destination;
  readonly recipient: Recipient;
  /** Scenarios begun before: what makes ids and sequences of this one its own. */
  readonly runs: number;
  /** Test documents of earlier scenarios that may lie there. */
  readonly documents: readonly string[];
  readonly fence: number;
}

interface Row {
  readonly id: string;
  readonly destination_id: string;
  readonly recipient_id: string;
  readonly channel: Destination['channel'];
  readonly address: string;
  readonly began_at: Date | number;
  readonly ended_at: Date | number | null;
  readonly said: RecipientCheck['tried'];
}

const toCheck = (row: Row): RecipientCheck => ({
  id: row.id,
  destinationId: row.destination_id,
  recipientId: row.recipient_id,
  channel: row.channel,
  address: row.address,
  beganAt: new Date(row.began_at).toISOString(),
  endedAt: row.ended_at === null ? null : new Date(row.ended_at).toISOString(),
  tried: row.said,
});

const latest = statement<[string], Row>(
  'latest-recipient-check',
  'SELECT * FROM recipient_check WHERE destination_id = $1 ORDER BY began_at DESC LIMIT 1',
);
const start = statement<[string, string, string], { id: string }>(
  'start-recipient-check',
  // One at a time: whoever comes second finds the first.
  `INSERT INTO recipient_check (id, recipient_id, destination_id, channel, address, asked_by)
   SELECT $1, d.recipient_id, d.id, d.facts->>'channel', d.facts->>'address', $3 FROM destination d WHERE d.id = $2
   ON CONFLICT DO NOTHING RETURNING id`,
);
const destinationById = statement<[string], { facts: Destination }>('destination-by-id', 'SELECT facts FROM destination WHERE id = $1');

/** The last check of an address, also one that goes on; null where there was none. */
export const latestCheck = async (sql: Sql, destinationId: string): Promise<RecipientCheck | null> => {
  const [row] = await latest(sql, destinationId);
  return row === undefined ? null : toCheck(row);
};

const addresses = statement<[string], { id: string }>(
  'addresses-to-check',
  `SELECT id FROM destination WHERE recipient_id = $1 AND facts->>'channel' NOT IN ('pull', 'subscription', 'nrl', 'mns', 'mesh') ORDER BY id`,
);

/** Ids of the Endpoints of a service that a check can talk to: a record locator is sent no content, and what lies in a mailbox is answered tomorrow. */
export const addressesToCheck = async (sql: Sql, recipientId: string): Promise<readonly string[]> =>
  (await addresses(sql, recipientId)).map(({ id }) => id);

/** The address as the loop knows it; null where nothing is pushed to it. */
export const destinationToCheck = async (sql: Sql, destinationId: string): Promise<Destination | null> =>
  (await destinationById(sql, destinationId))[0]?.facts ?? null;

/** The last check of an address, and the address as the loop knows it; null where there was none. */
export async function checkOf(
  sql: Sql,
  destinationId: string,
): Promise<{ readonly check: RecipientCheck; readonly destination: Destination } | null> {
  const [check, destination] = [await latestCheck(sql, destinationId), await destinationToCheck(sql, destinationId)];
  return check === null || destination === null ? null : { check, destination };
}

/** Whether what a check saw is of the address as it is now. */
export const isOf = (check: RecipientCheck, { channel, address }: Pick<Destination, 'channel' | 'address'>): boolean =>
  check.channel === channel && check.address === address;

/**
 * The check of an address: one that goes on, or the last, or a new one where there was none, the address is another since, or it is asked for `again`.
 * Null where there is no such address.
 */
export async function askForCheck(sql: Sql, destinationId: string, askedBy: string, again: boolean): Promise<RecipientCheck | null> {
  const destination = await destinationToCheck(sql, destinationId);
  if (destination === null) return null;
  const last = await latestCheck(sql, destinationId);
  if (last !== null && last.endedAt === null && !isOf(last, destination)) await giveUpCheck(sql, last.id);
  else if (last !== null && (last.endedAt === null || (!again && isOf(last, destination)))) return last;
  await start(sql, randomUUID(), destinationId, askedBy);
  return latestCheck(sql, destinationId);
}

/** Ends a check of what an address was. */
export const giveUpCheck = async (sql: Sql, id: string): Promise<void> => void (await giveUp(sql, id));

const giveUp = statement<[string], never>(
  'give-up-recipient-check',
  'UPDATE recipient_check SET ended_at = clock_timestamp(), fence = fence + 1 WHERE id = $1 AND ended_at IS NULL',
);

const claimOne = statement<
  [string, number, string | null],
  Row & { runs: number; fence: string; documents: string[]; facts: Destination; recipient: Recipient }
>(
  'claim-recipient-check',
  `UPDATE recipient_check c SET lease_until = clock_timestamp() + $2 * interval '1 millisecond', fence = fence + 1
     FROM destination d JOIN recipient r ON r.id = d.recipient_id
    WHERE d.id = c.destination_id
      AND c.id = (SELECT due.id FROM recipient_check due WHERE due.recipient_id = $1 AND due.ended_at IS NULL AND ($3::uuid IS NULL OR due.id = $3::uuid)
                     AND (due.lease_until IS NULL OR due.lease_until <= clock_timestamp()) ORDER BY due.began_at LIMIT 1 FOR UPDATE SKIP LOCKED)
   RETURNING c.*, d.facts, jsonb_build_object('id', r.id, 'ods', r.ods, 'kind', r.kind, 'retains', r.retains, 'areas', r.areas) AS recipient`,
);
const begin = statement<[string, number, string], { runs: number }>(
  'begin-scenario',
  `UPDATE recipient_check SET runs = runs + 1, documents = documents || $3::jsonb WHERE id = $1 AND fence = $2 RETURNING runs`,
);
const finish = statement<[string, number, string, boolean], { id: string }>(
  'finish-scenario',
  `UPDATE recipient_check SET said = said || $3::jsonb, lease_until = NULL, ended_at = CASE WHEN $4 THEN clock_timestamp() END
    WHERE id = $1 AND fence = $2 RETURNING id`,
);

/** Claims, for `lease` milliseconds, the check of a recipient that goes on (`checkId`: that one only); null where none does, or another has it. */
export async function claimCheck(
  sql: Sql,
  recipientId: string,
  lease: number,
  checkId: string | null = null,
): Promise<ClaimedCheck | null> {
  const [row] = await claimOne(sql, recipientId, lease, checkId);
  if (row === undefined) return null;
  const { facts, recipient, runs, documents } = row;
  return { check: toCheck(row), destination: facts, recipient, runs, documents, fence: Number(row.fence) };
}

/** Writes down, before the wire, that a scenario begins and which documents it may leave. False where the lease was lost. */
export const beginScenario = async (sql: Sql, { check, fence }: ClaimedCheck, documents: readonly string[]): Promise<boolean> =>
  (await begin(sql, check.id, fence, JSON.stringify(documents))).length > 0;

/** Writes down what was said in it. False where the lease was lost: whoever has it says it again. */
export const finishScenario = async (
  sql: Sql,
  { check, fence }: ClaimedCheck,
  scenario: Scenario,
  tried: Tried,
  isLast: boolean,
): Promise<boolean> => (await finish(sql, check.id, fence, JSON.stringify({ [scenario]: tried }), isLast)).length > 0;
