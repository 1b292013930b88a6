import { randomUUID } from 'node:crypto';
import type { Outcome } from '../../src/model/ledger.ts';
import type { Ports } from '../../src/reconcile/ports.ts';
import type { StoredLedger, StoredLook } from '../../src/store/ledger.ts';

/** The ports on a ledger as `ports-on.ts` makes them, with a recipient that answers everything with what `answer` says. */
export const wirelessPorts = (ledger: StoredLedger, answer: () => Outcome): Ports<StoredLook> => ({
  look: (claim) => ledger.look(claim),
  begin: async (claim, look, want, move) => {
    const attempt = ledger.plan(look, want, move, randomUUID(), randomUUID());
    const frozen = move.retryOf === null ? { parcel: { bytes: '' }, repeats: null } : await ledger.repeated(move.retryOf.id);
    return (await ledger.begin(claim, look, want, attempt, frozen)) === null ? null : attempt;
  },
  deliver: async () => answer(),
  settle: (claim, look, attempt, outcome, next) => ledger.settle(claim, look, attempt, outcome, next),
  hold: (claim, look, want, move) => ledger.hold(claim, look, want, move),
  rest: (claim, look, want, lookAt) => ledger.rest(claim, look, want, lookAt),
});
