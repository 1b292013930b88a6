import { type Handshake, handshakesOf, setSubscription } from '../store/subscriptions.ts';
import { notifySubscriber } from './notify-subscriber.ts';
import type { World } from './ports-on.ts';
import { whatWentWrong } from './what-went-wrong.ts';

/** Milliseconds beyond the exchange after which a handshake counts as abandoned by whoever began it. */
const GRACE = 5_000;

/** Makes the handshakes that a recipient's Subscriptions wait for: 2xx makes one active, anything else an error that only its owner ends. */
export async function shakeHands(world: World, recipientId: string): Promise<boolean> {
  const waiting = await handshakesOf(world.pool, recipientId, world.sendTimeout + GRACE);
  await Promise.all(waiting.map((one) => shakeHand(world, one)));
  return waiting.length > 0;
}

async function shakeHand(world: World, { destination, subscription, version }: Handshake): Promise<void> {
  const outcome = await notifySubscriber(world, destination, subscription, { type: 'handshake', status: 'requested' });
  if (outcome.kind === 'accepted') return setSubscription(world.pool, destination.id, ['requested'], 'active', { version });
  await setSubscription(world.pool, destination.id, ['requested'], 'error', { version, wrong: whatWentWrong('handshake', outcome) });
}
