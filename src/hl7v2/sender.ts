import { facilityOf } from '../../mappings/adt/head.ts';
import type { V2Message } from '../../mappings/adt/read-v2.ts';
import { Anomaly } from '../model/anomaly.ts';
import { isOdsCode } from '../model/ods-code.ts';
import type { Principal } from '../model/principal.ts';
import type { Hl7Door, Peer } from './door.ts';

/**
 * Who sends a message: the facility that MSH-4 names, where the peer may speak for it. A facility that is another's, one that is not registered, one
 * that is suspended, and a certificate that nobody knows are answered alike: AR 103, and nothing of the message is looked at.
 */
export const senderOf = async (message: V2Message, peer: Peer, door: Hl7Door): Promise<Principal> => {
  const { ods, application, at } = facilityOf(message);
  const nobody = (): Anomaly => new Anomaly('forbidden', { at, hl7: '103', help: 'is no facility that this connection sends for' });
  if (!isOdsCode(ods)) throw nobody();
  const kind =
    peer === 'loopback'
      ? door.facilities.get(ods)
      : peer.until <= door.now()
        ? undefined
        : (await door.findSender(peer.fingerprint, ods, application))?.kind;
  if (kind === undefined) throw nobody();
  return { organization: ods, kind, scopes: [], user: null };
};
