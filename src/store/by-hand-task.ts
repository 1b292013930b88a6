import type pg from 'pg';
import { TaskCode } from '../../profiles/canonicals.ts';
import type { Outcome } from '../model/ledger.ts';
import type { BrokerTask } from './broker-task.ts';
import { DONE, endTask, raiseTask } from './broker-task.ts';
import type { StoredLook } from './ledger.ts';
import type { KeyRow } from './look.ts';
import { transaction } from './pool.ts';

const OPEN = 'recall-by-hand-open';

/** Whether an outcome says that people have to take something back: that is heard when they attest it, and need not be asked for every minute. */
export const isAskedOfPeople = (because: string | null): boolean => because === OPEN;

const matterOf = (owner: string, about: string): Pick<BrokerTask, 'code' | 'owner' | 'about'> => ({
  code: TaskCode.recallByHand,
  owner,
  about,
});
const matter = ({ facts, row }: StoredLook): Pick<BrokerTask, 'code' | 'owner' | 'about'> => matterOf(facts.plan.publisher, row.key_id);

/**
 * Asks the plan's publisher to have a recipient give it up, where no message does (delivery.md section 3b, profile D): a Task with whom to ring.
 * It is answered by an attestation, and by nothing else: one that is only marked as done is opened again.
 */
export async function askPeople(pool: pg.Pool, look: StoredLook): Promise<Outcome> {
  const { plan, recipient, destination } = look.facts;
  const whom = destination.contact === undefined ? 'their switchboard: no contact is declared' : destination.contact;
  const task: BrokerTask = {
    ...matter(look),
    kind: 'publisher',
    focus: `CarePlan/${plan.version?.carePlanId ?? plan.id}`,
    reason: 'withdrawn',
    description: `Ask ${recipient.kind} ${recipient.ods} (${whom}) to remove every copy of this plan, which no message takes back from them, then attest that it is done`,
  };
  await transaction(pool, (tx) => raiseTask(tx, task, { reopen: DONE }));
  return { kind: 'unknown', because: OPEN };
}

/** Nothing is owed at a key any more: its Task is done where nothing lies there, and taken back where it may be held again. */
export const endByHand = (pool: pg.Pool, look: StoredLook): Promise<void> =>
  transaction(pool, (tx) => endTask(tx, matter(look), look.ledger.copies.length === 0 ? 'completed' : 'cancelled'));

/** It was attested: its Task is done. Where something is left there, or comes later, people are asked anew. */
export const doneByHand = (pool: pg.Pool, { publisher, key_id }: Pick<KeyRow, 'publisher' | 'key_id'>): Promise<void> =>
  transaction(pool, (tx) => endTask(tx, matterOf(publisher, key_id), 'completed'));
