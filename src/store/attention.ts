import { TaskCode } from '../../profiles/canonicals.ts';
import { DONE, endTask, raiseTask, taskId } from './broker-task.ts';
import { isAskedOfPeople } from './by-hand-task.ts';
import type { Digest } from '../model/copy.ts';
import { isCommittedOnly } from '../model/hl7v2-ways.ts';
import type { Destination } from '../model/recipient.ts';
import { isOpenTask } from './recall-task.ts';
import type { StoredLook } from './ledger.ts';
import type pg from 'pg';
import { type Sql, statement, transaction } from './pool.ts';

/** How often a key fails before a person is told: with the default back-off within two minutes (I12). */
const FAILURES_BEFORE_A_TASK = 5;
const COMMITS_BEFORE_A_TASK = 2;
/** Whoever polls Tasks, or is rung, has two to four minutes by the default back-off: in seconds nobody could have answered. */
const ASKS_BEFORE_A_TASK = 9;

/** How often an attempt fails in the same way before a person is told of its key. */
export const failuresBeforeATask = (because: string | null, hl7v2: Destination['hl7v2']): number => {
  if (isCommittedOnly(because, hl7v2)) return COMMITS_BEFORE_A_TASK;
  return isOpenTask(because) || isAskedOfPeople(because) ? ASKS_BEFORE_A_TASK : FAILURES_BEFORE_A_TASK;
};

/** Which Consent cannot be decided, where and why: of one that the publisher wrote itself, for another's it is not shown. */
const doubtOf = ({ facts: { consents, plan } }: StoredLook, reason: string): string => {
  if (reason !== 'consent-undecidable') return '';
  const found = consents.find(({ active, undecidable, binds }) => active && undecidable !== null && binds === plan.publisher);
  return found === undefined ? '' : `. Consent/${found.id}, ${found.undecidable}`;
};

/** Tells the plan's publisher that a person has to look: what reaches nobody is loud (I11, I12). One Task a key. */
export async function attention(pool: pg.Pool, look: StoredLook, reason: string): Promise<void> {
  const { plan, recipient } = look.facts;
  const task = {
    code: TaskCode.attention,
    owner: plan.publisher,
    kind: 'publisher' as const,
    focus: `CarePlan/${plan.version?.carePlanId ?? plan.id}`,
    reason,
    about: look.row.key_id,
    description: `Delivery to ${recipient.kind} ${recipient.ods} needs a person: ${reason}${doubtOf(look, reason)}`,
  };
  await transaction(pool, (tx) => raiseTask(tx, task, { reopen: DONE }));
}

/** The id of a key's Task. */
export const attentionId = (publisher: string, keyId: string): string =>
  taskId({ code: TaskCode.attention, owner: publisher, about: keyId });

/** What was failing works again, and what was undecided is decided. */
export const calm = (pool: pg.Pool, look: StoredLook): Promise<void> =>
  transaction(pool, (tx) =>
    endTask(tx, { code: TaskCode.attention, owner: look.facts.plan.publisher, about: look.row.key_id }, 'completed'),
  );

const openAddress = statement<[string], { id: string }>(
  'open-address-of-recipient',
  `SELECT id FROM destination WHERE recipient_id = $1 AND facts->>'channel' <> 'pull' AND ((facts->>'open')::boolean OR handshake_due AND facts->>'address' NOT LIKE 'websocket:%') LIMIT 1`,
);

/** Whether the recipient should hold what it does not hold, and has no address at which it can be told. */
export async function isOutOfTouch(sql: Sql, { facts: { destination }, ledger }: StoredLook, digest: Digest): Promise<boolean> {
  if (destination.channel === 'pull' || destination.open) return false;
  if (ledger.copies.some((copy) => copy.state === 'held' && copy.effect === digest)) return false;
  return (await openAddress(sql, destination.recipientId)).length === 0;
}
