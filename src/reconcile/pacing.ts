import { signOf } from '../decide/breaker.ts';
import type { Outcome } from '../model/ledger.ts';
import { type Pace, paceOf } from '../store/pace/pace-row.ts';
import type { Claim } from './ports.ts';
import type { World } from './ports-on.ts';

/** How one slice claims within its recipient's pace, and tells what became of its claims. */
export interface Pacing {
  readonly places: () => number;
  readonly isPaced: () => boolean;
  claim(most: number): Promise<readonly Claim[]>;
  /** What became of a claim: its outcome, or null where nothing was sent. */
  ended(claim: Claim, outcome: Outcome | null): Promise<void>;
  /** The slice is over: what was not used is given back. */
  end(): Promise<void>;
  /** Nothing is due there any more. */
  quiet(): Promise<void>;
  /** Milliseconds until it is worth asking again, where all that is due was held back; null otherwise. */
  readonly wait: () => number | null;
}

/** Opens it with one look at the recipient's pace. Without a pace, and while nothing is wrong, it asks PostgreSQL nothing more. */
export async function openPacing(
  {
    pool,
    ledger,
    sender,
    channels,
  }: Pick<World, 'pool' | 'ledger' | 'sender'> & { readonly channels?: Pick<World['channels'], 'sockets'> },
  recipientId: string,
): Promise<Pacing> {
  const at = channels === undefined ? {} : { processId: channels.sockets.processId };
  let pace: Pace = await paceOf(pool, recipientId);
  let unused = { send: 0, recall: 0 };
  let wait: number | null = null;
  const isInTrouble = (): boolean => pace.breaker.state !== 'closed' || pace.breaker.troubles > 0;

  const claim = async (most: number): Promise<readonly Claim[]> => {
    if (!pace.isPaced) {
      wait = null;
      return ledger.claim(recipientId, most);
    }
    const given = unused;
    unused = { send: 0, recall: 0 };
    const answer = await ledger.claimWithinPace({ recipientId, places: pace.isOrdered ? 1 : null, most, unused: given, ...at });
    wait = answer.claims.length === 0 ? answer.wait : null;
    return answer.claims;
  };
  return {
    places: () => pace.places,
    isPaced: () => pace.isPaced,
    claim,
    ended: async ({ keyId, may }, outcome) => {
      const sign = outcome === null ? null : signOf(outcome);
      // A recall by people, by a Task or by time takes nothing of a recipient's road either, and tells nothing of it.
      if (sign === null || sign.sign === 'nothing') {
        if (may !== 'look') unused = { ...unused, [may]: unused[may] + 1 };
        return;
      }
      if (sign.sign === 'trouble' || (sign.sign === 'answered' && isInTrouble()))
        pace = await ledger.note(recipientId, { sign, key: keyId }, sender.ods);
    },
    end: async () => {
      if (pace.isPaced && unused.send + unused.recall > 0) await claim(0);
    },
    quiet: async () => {
      if (pace.breaker.state === 'half-open') pace = await ledger.note(recipientId, null, sender.ods);
    },
    wait: () => wait,
  };
}
