import type { Target } from '../channel/channel.ts';
import type { Outcome } from '../model/ledger.ts';
import { attention } from '../store/attention.ts';
import { isAddressedTo } from '../store/keys/addressed.ts';
import type { StoredLook } from '../store/ledger.ts';
import type { openWhereTo } from '../store/where-to.ts';
import type { Claim } from './ports.ts';
import type { Sending, World } from './ports-on.ts';

export type ReadWhereTo = ReturnType<typeof openWhereTo>;

type Unsent = Extract<Outcome, { kind: 'refused' }>;
/** Nothing was written: what the attempt would have gone by belongs to another Endpoint, recipient, address or message. */
export const MISADDRESSED: Unsent = { kind: 'refused', because: 'misaddressed', retry: true };
/** Nothing was written: the bytes are of a version of the broker that did not write down whom they are for. The next attempt has bytes of its own. */
export const NOT_ADDRESSED: Unsent = { kind: 'refused', because: 'not-addressed', retry: true };
/** Nothing was written: the Endpoint was moved since the attempt was begun. */
export const MOVED: Unsent = { kind: 'refused', because: 'address-moved', retry: true };

/** The one row by which an attempt goes, read right before it: refused where it and what was written down before the wire are not for the same. */
export async function roadOf(
  { pool, onMisaddressed = () => undefined }: World,
  whereTo: ReadWhereTo,
  { keyId }: Claim,
  look: StoredLook,
  { action, parcel, firstId }: Sending,
): Promise<Pick<Target, 'address' | 'credential'> | Outcome> {
  const { address } = action.place;
  if (parcel.addressed === undefined) return NOT_ADDRESSED;
  const row = await whereTo(keyId, address);
  if (row !== null && row.credential !== 'mixed-up') {
    const { credential, endpointId, recipientId, ods } = row;
    const it = { attemptId: firstId, keyId, endpointId, recipientId, ods, address, messageId: parcel.messageId, bytes: parcel.bytes };
    if (isAddressedTo(pool, it, parcel.addressed))
      return action.kind === 'update' && row.address !== address ? MOVED : { address, credential };
  }
  onMisaddressed(keyId);
  await attention(pool, look, 'misaddressed');
  return MISADDRESSED;
}
