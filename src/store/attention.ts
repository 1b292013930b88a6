import { TaskCode } from '../../profiles/canonicals.ts';
import { DONE, endTask, raiseTask, taskId } from './broker-task.ts';
import type { Digest } from '../model/copy.ts';
import type { StoredLook } from './ledger.ts';
import type pg from 'pg';
import { type Sql, statement, transaction } from './pool.ts';

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
