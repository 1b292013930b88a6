import type { RecipientCheck } from '../../model/recipient-check.ts';
import { nextScenario, SCENARIOS } from '../../model/recipient-check.ts';
import { claimCheck, finishScenario, giveUpCheck, latestCheck } from '../../store/recipient-checks.ts';
import { credentialToCheck } from '../../store/where-to.ts';
import { isPushedTo } from '../send-parcel.ts';
import { type CheckWorld, tryScenario } from './try-scenario.ts';

/** Messages of one scenario at most, and each may take a whole time-out; beyond that whoever began it is taken for dead. */
const MESSAGES = 6;
const GRACE = 5_000;

/**
 * Tries the next scenario of a recipient's check, and writes down what came of it; null where none goes on, or another process has it. A scenario that was
 * cut short is begun anew, with ids and sequences of its own: what it had left is named by the clean-up.
 */
export async function runCheck(world: CheckWorld, recipientId: string, checkId: string | null = null): Promise<RecipientCheck | null> {
  const claimed = await claimCheck(world.pool, recipientId, MESSAGES * world.sendTimeout + GRACE, checkId);
  if (claimed === null) return null;
  const { check, destination } = claimed;
  const scenario = nextScenario(check);
  // The address is another since, or nothing is pushed to it any more: what was seen is not of it.
  const isOther = destination.address !== check.address || destination.channel !== check.channel;
  if (scenario === null || isOther || !isPushedTo(destination)) {
    await giveUpCheck(world.pool, check.id);
    return latestCheck(world.pool, check.destinationId);
  }
  const credential = await credentialToCheck(world.pool, destination.id, destination.address);
  if (credential === 'mixed-up') {
    await giveUpCheck(world.pool, check.id);
    return latestCheck(world.pool, check.destinationId);
  }
  const to = { recipient: claimed.recipient, destination, address: destination.address, credential };
  const tried = await tryScenario(world, claimed, to, scenario);
  if (tried !== null) await finishScenario(world.pool, claimed, scenario, tried, scenario === SCENARIOS.at(-1));
  return latestCheck(world.pool, check.destinationId);
}
