import type pg from 'pg';
import { endOf } from '../decide/copy-ends.ts';
import { recallRoad } from '../decide/recall-road.ts';
import type { Attempt, Outcome } from '../model/ledger.ts';
import { askPeople } from '../store/by-hand-task.ts';
import type { StoredLook } from '../store/ledger.ts';
import { askByTask } from '../store/recall-task.ts';
import type { Claim } from './ports.ts';

/** The recall of a destination that is not asked over its channel: by a Task, by people, or by time. Null where it is asked over its channel. */
export async function recallOffTheWire(pool: pg.Pool, claim: Claim, look: StoredLook, attempt: Attempt): Promise<Outcome | null> {
  const { destination, recipient } = look.facts;
  const road = recallRoad(destination);
  switch (road) {
    case 'wire':
      return null;
    case 'task':
      return askByTask(pool, {
        documentId: attempt.documentId,
        ods: recipient.ods,
        kind: recipient.kind,
        keyId: claim.keyId,
        disclosureId: look.row.disclosure_id,
      });
    case 'people':
      return askPeople(pool, look);
    case 'time': {
      const end = endOf(look.ledger, attempt.action.place);
      return end !== null && end <= look.now
        ? { kind: 'accepted', level: 'expired', at: end }
        : { kind: 'unknown', because: 'ends-by-agreement' };
    }
    default:
      return road satisfies never;
  }
}
