import { fromAck } from '../../mappings/mdm/from-ack.ts';
import { fromParcel } from '../../mappings/mdm/parcel.ts';
import { fieldOf, readHl7 } from '../../mappings/mdm/read-hl7.ts';
import type { Credential } from '../model/credential.ts';
import type { Outcome } from '../model/ledger.ts';
import type { AddressGuard } from './address-guard.ts';
import { AddressForbidden } from './address-guard.ts';
import type { Channel, Limits, Parcel, Target } from './channel.ts';
import { ABANDONED, ADDRESS_FORBIDDEN, CERTIFICATE_EXPIRED, NOT_CONNECTED } from './channel.ts';
import { combineOutcomes } from './combine-outcomes.ts';
import type { MllpConnection, MllpTls } from './mllp-connection.ts';
import { openMllp } from './mllp-connection.ts';

/** What the MLLP channel needs. */
export interface MllpOptions {
  readonly guard: AddressGuard;
  /** Certificates for `mllps:`. */
  readonly tls?: MllpTls;
  /** Told of a frame that answers nothing; it is never credited. */
  readonly onUnexpected?: (address: string) => void;
}

/** One destination: its connection, and the turn that each send waits for. */
interface Lane {
  connection: MllpConnection | null;
  /** Version of the credential that it was made with; null for none. */
  madeWith: string | null;
  turn: Promise<unknown>;
}

/** HL7 v2 over MLLP: one connection a destination, kept open, one message in flight; MSA-2 must answer MSH-10. */
export const openHl7v2Mllp = ({ guard, tls = {}, onUnexpected = () => undefined }: MllpOptions): Channel => {
  const lanes = new Map<string, Lane>();

  const connect = async (lane: Lane, target: Target, limits: Limits): Promise<Outcome | MllpConnection> => {
    const { credential = null } = target;
    const version = credential?.version ?? null;
    // What another credential opened is another's road, or that of a key that was rotated out.
    if (lane.madeWith !== version) lane.connection?.destroy();
    else if (lane.connection?.usable) return lane.connection;
    if (credential?.certificate != null && credential.certificate.notAfter <= Date.now()) return CERTIFICATE_EXPIRED;
    const place = placeOf(target.address);
    if (place === null) return { kind: 'refused', because: 'address-unusable', retry: false };
    try {
      const [pinned] = await guard.resolveAllowed(place.host, place.secure);
      const within = Math.min(limits.timeoutMs, Math.max(1, limits.msLeft()));
      const shown = credential === null ? tls : tlsOf(credential);
      lane.connection = await openMllp({ ...place, pinned, tls: place.secure ? shown : null }, within, () => onUnexpected(target.address));
      lane.madeWith = version;
      return lane.connection ?? (limits.msLeft() <= 0 ? ABANDONED : NOT_CONNECTED);
    } catch (error) {
      return error instanceof AddressForbidden ? ADDRESS_FORBIDDEN : NOT_CONNECTED;
    }
  };

  const sendOne = async (lane: Lane, target: Target, message: string, kind: Parcel['kind'], limits: Limits): Promise<Outcome> => {
    if (limits.msLeft() <= 0) return ABANDONED;
    const connection = await connect(lane, target, limits);
    if ('kind' in connection) return connection;
    // The last look before the first byte: nothing is awaited between it and the socket.
    if (limits.msLeft() <= 0) return ABANDONED;
    const reply = await connection.exchange(message, limits.timeoutMs);
    if ('lost' in reply) return { kind: 'unknown', because: reply.lost };
    const sent = readHl7(message) ?? [];
    const action = kind === 'recall' || fieldOf(sent, 'MSH', 9).startsWith('MDM^T11') ? 'recall' : 'update';
    const outcome = fromAck(reply.frame, fieldOf(sent, 'MSH', 10), target.acknowledgements, action);
    // An answer that is not ours may be followed by one that is: neither could be trusted on this connection.
    if (outcome.kind === 'unknown' && outcome.because.startsWith('answer-')) connection.destroy();
    return outcome;
  };

  // Every message of a parcel is tried, so that what cannot be taken back does not keep the rest from being sent.
  const sendAll = async (lane: Lane, target: Target, parcel: Parcel, limits: Limits): Promise<Outcome> => {
    const [first = '', ...more] = fromParcel(parcel.bytes);
    const outcomes: [Outcome, ...Outcome[]] = [await sendOne(lane, target, first, parcel.kind, limits)];
    for (const message of more) outcomes.push(await sendOne(lane, target, message, parcel.kind, limits));
    return combineOutcomes(parcel.kind, outcomes);
  };

  return {
    send: (target, parcel, limits) => {
      const lane = lanes.get(target.address) ?? { connection: null, madeWith: null, turn: Promise.resolve() };
      lanes.set(target.address, lane);
      return inTurn(lane, limits, () => sendAll(lane, target, parcel, limits));
    },
    close: async () => {
      for (const { connection } of lanes.values()) connection?.destroy();
      lanes.clear();
    },
  };
};

const tlsOf = ({ certificate, ca }: Credential): MllpTls => ({
  ...(ca === null ? {} : { ca }),
  ...(certificate === null ? {} : { cert: certificate.cert, key: certificate.key }),
});

// Waiting for one's turn ends when `send_before` does; a turn that comes later is passed on.
const inTurn = (lane: Lane, { msLeft }: Limits, work: () => Promise<Outcome>): Promise<Outcome> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => resolve(ABANDONED), Math.max(0, msLeft()));
    lane.turn = lane.turn.then(async () => {
      clearTimeout(timer);
      resolve(msLeft() <= 0 ? ABANDONED : await work());
    });
  });

const placeOf = (address: string): { readonly host: string; readonly port: number; readonly secure: boolean } | null => {
  const match = /^(mllps?):\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})\/?$/.exec(address);
  const [, scheme, host, port] = match ?? [];
  if (host === undefined || port === undefined || Number(port) < 1 || Number(port) > 65_535) return null;
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port), secure: scheme === 'mllps' };
};
