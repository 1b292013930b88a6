import { desired } from '../decide/desired.ts';
import type { Protections } from '../decide/protections.ts';
import { PROTECTED } from '../decide/protections.ts';
import { step } from '../decide/step.ts';
import type { Outcome } from '../model/ledger.ts';
import type { Claim, Look, Ports } from './ports.ts';

/**
 * Brings one destination one step closer to what it should hold. Safe to call at any time, any number of times: it acts on
 * the state of the world and never on the event that woke it.
 */
export async function reconcile<L extends Look>(
  claim: Claim,
  ports: Ports<L>,
  on: Protections = PROTECTED,
): Promise<Outcome['kind'] | 'rest' | 'held' | 'changed'> {
  const look = await ports.look(claim);
  const { destination } = look.facts;
  const want = desired(look.facts, look.now);
  const action = step(want, look.ledger, look.now, destination, on);
  if (action.kind === 'rest') {
    await ports.rest(claim, look, want, action.lookAt);
    return 'rest';
  }
  // A breaker or a pause holds back updates, not claims: only a look tells whether a recall is owed.
  if (!isPermitted(claim.may, action.kind)) {
    await ports.hold(claim, look, want, action);
    return 'held';
  }
  // Before the wire: a crash from here on leaves the copy uncertain, and what is uncertain is recalled.
  const attempt = await ports.begin(claim, look, want, action);
  if (attempt === null) return 'changed';
  const outcome = await ports.deliver(claim, look, attempt);
  await ports.settle(claim, look, attempt, outcome, (ledger, now) => step(want, ledger, now, destination, on));
  return outcome.kind;
}

const isPermitted = (may: Claim['may'], kind: 'update' | 'recall'): boolean => may === 'send' || (may === 'recall' && kind === 'recall');
