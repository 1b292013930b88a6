import { randomUUID } from 'node:crypto';
import { desired } from '../../src/decide/desired.ts';
import { step } from '../../src/decide/step.ts';
import type { Outcome } from '../../src/model/ledger.ts';
import type { StoredLedger } from '../../src/store/ledger.ts';

/** Claims what is due of a recipient, and brings each one step further; the recipient answers everything with `outcome`. False where nothing was due. */
export async function workOnce(
  ledger: StoredLedger,
  recipientId: string,
  outcome: Outcome = { kind: 'accepted', level: 'application' },
): Promise<boolean> {
  const claims = await ledger.claim(recipientId, 32);
  for (const claim of claims) {
    const look = await ledger.look(claim);
    const { destination } = look.facts;
    const want = desired(look.facts, look.now);
    const move = step(want, look.ledger, look.now, destination);
    if (move.kind === 'rest') {
      await ledger.rest(claim, look, want, move.lookAt);
      continue;
    }
    const attempt = ledger.plan(look, want, move, randomUUID(), randomUUID());
    const frozen = move.retryOf === null ? { parcel: { bytes: '' }, repeats: null } : await ledger.repeated(move.retryOf.id);
    if ((await ledger.begin(claim, look, want, attempt, frozen)) === null) await ledger.release(claim);
    else await ledger.settle(claim, look, attempt, outcome, (state, now) => step(want, state, now, destination));
  }
  return claims.length > 0;
}
