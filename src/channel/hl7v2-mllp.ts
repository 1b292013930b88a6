import { randomUUID } from 'node:crypto';
import { carriesPlan } from '../../mappings/mdm/carries-plan.ts';
import { controlId } from '../../mappings/mdm/control-id.ts';
import { unescapeHl7 } from '../../mappings/mdm/escape.ts';
import { fromAck } from '../../mappings/mdm/from-ack.ts';
import { fromParcel } from '../../mappings/mdm/parcel.ts';
import { fieldOf, readHl7 } from '../../mappings/mdm/read-hl7.ts';
import { toCommitAcknowledgement } from '../../mappings/mdm/to-commit-acknowledgement.ts';
import type { MessageOutcome } from '../decide/combine-outcomes.ts';
import { combineOutcomes } from '../decide/combine-outcomes.ts';
import type { Credential } from '../model/credential.ts';
import type { Outcome } from '../model/ledger.ts';
import type { AddressGuard } from './address-guard.ts';
import { AddressForbidden } from './address-guard.ts';
import type { Channel, Limits, Parcel, Target } from './channel.ts';
import { ABANDONED, ADDRESS_FORBIDDEN, CERTIFICATE_EXPIRED, NOT_CONNECTED } from './channel.ts';
import type { MllpConnection, MllpTls, Reading } from './mllp-connection.ts';
import { openMllp } from './mllp-connection.ts';

/** What the MLLP channel needs. */
export interface MllpOptions {
  readonly guard: AddressGuard;
  /** Certificates for `mllps:`. */
  readonly tls?: MllpTls;
  /** Told of a frame that answers nothing; it is never credited. */
  readonly onUnexpected?: (address: string) => void;
  /**
   * Told of an application acknowledgement that comes after its message was given up as committed only (enhanced mode), as it came from that
   * address: whoever listens matches it to a delivery.
   */
  readonly onAcknowledgement?: (address: string, acknowledgement: string) => void;
}

/** One destination: its connection, and the turn that each send waits for. */
interface Lane {
  connection: MllpConnection | null;
  /** Version of the credential that it was made with; null for none. */
  madeWith: string | null;
  turn: Promise<unknown>;
  /** Whether a message was sent here in enhanced mode: then an application acknowledgement may come late. */
  isEnhanced: boolean;
  /**
   * Whether application acknowledgements are worth waiting for on this connection: one came here in time when it last came. One that comes later than a
   * message waits says nothing for it: a parcel of two, whose first waits in vain, would never come to its second.
   */
  answersHere: boolean;
  /** The last message in enhanced mode, and until when on the monotonic clock its answer is in time. */
  asked: { readonly id: string; readonly until: number } | null;
  /** Whether each message has a connection of its own: the peer answered a second one on a connection with the id of the first. */
  oneEach: boolean;
  /** Messages written on the connection. */
  written: number;
}

/**
 * HL7 v2 over MLLP: one connection a host and port, whatever number of destinations it serves, kept open, one message in flight; MSA-2 must answer
 * MSH-10. Which acknowledgement mode a message is in it says itself, in MSH-15.
 */
export const openHl7v2Mllp = ({ guard, tls = {}, onUnexpected = () => undefined, onAcknowledgement }: MllpOptions): Channel => {
  const lanes = new Map<string, Lane>();

  // A frame that nobody waits for: an application acknowledgement that comes late is passed on, and the connection can be trusted.
  const heardAt = (lane: Lane, address: string, frame: string): boolean => {
    if (lane.isEnhanced && onAcknowledgement !== undefined && isFromApplication(frame)) {
      if (lane.asked?.id === answeredBy(frame) && performance.now() < lane.asked.until) lane.answersHere = true;
      commit(lane.connection, frame);
      onAcknowledgement(address, frame);
      return true;
    }
    onUnexpected(address);
    return false;
  };

  const connect = async (lane: Lane, target: Target, limits: Limits): Promise<Outcome | MllpConnection> => {
    if (lane.oneEach) lane.connection?.destroy();
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
      const heard = (frame: string): boolean => heardAt(lane, target.address, frame);
      const shown = credential === null ? tls : tlsOf(credential);
      lane.written = 0;
      lane.connection = await openMllp({ ...place, pinned, tls: place.secure ? shown : null }, within, heard);
      lane.madeWith = version;
      return lane.connection ?? (limits.msLeft() <= 0 ? ABANDONED : NOT_CONNECTED);
    } catch (error) {
      return error instanceof AddressForbidden ? ADDRESS_FORBIDDEN : NOT_CONNECTED;
    }
  };

  const sendOne = async (lane: Lane, target: Target, message: string, action: Parcel['kind'], limits: Limits): Promise<Outcome> => {
    if (limits.msLeft() <= 0) return ABANDONED;
    const connection = await connect(lane, target, limits);
    if ('kind' in connection) return connection;
    // The last look before the first byte: nothing is awaited between it and the socket.
    if (limits.msLeft() <= 0) return ABANDONED;
    const sent = readHl7(message) ?? [];
    const id = fieldOf(sent, 'MSH', 10);
    const isEnhanced = fieldOf(sent, 'MSH', 15) === 'AL';
    if (isEnhanced) {
      lane.isEnhanced = true;
      lane.asked = { id, until: performance.now() + limits.timeoutMs };
    }
    const waitsOn = lane.answersHere;
    lane.written += 1;
    const reply = await (isEnhanced
      ? connection.exchange(message, limits.timeoutMs, (frame) => readingOf(frame, id), waitsOn)
      : connection.exchange(message, limits.timeoutMs));
    if ('lost' in reply) return { kind: 'unknown', because: reply.lost };
    if (isEnhanced) {
      // Whoever answers elsewhere, or not at all, holds up nobody else's message.
      if (isFromApplication(reply.frame)) lane.answersHere = true;
      else if (waitsOn) lane.answersHere = false;
      commit(connection, reply.frame);
    }
    const sender = { application: unescapeHl7(fieldOf(sent, 'MSH', 3)), facility: unescapeHl7(fieldOf(sent, 'MSH', 4)) };
    const outcome = fromAck(reply.frame, id, target.acknowledgements, action, sender);
    // An answer that is not ours may be followed by one that is: neither could be trusted on this connection.
    if (outcome.kind === 'unknown' && outcome.because.startsWith('answer-')) connection.destroy();
    // node-hl7-server 2.5.0 never empties its buffer: each message after the first is answered for the first, and a parcel of two would never be.
    if (outcome.kind === 'unknown' && outcome.because === 'answer-to-another' && lane.written > 1) lane.oneEach = true;
    if (isEnhanced) target.heard?.(id, outcome);
    return outcome;
  };

  // Every message of a parcel is tried, so that what cannot be taken back does not keep the rest from being sent.
  const sendAll = async (lane: Lane, target: Target, parcel: Parcel, limits: Limits): Promise<Outcome> => {
    const send = async (message: string): Promise<MessageOutcome> => {
      const carries = carriesPlan(message);
      return { outcome: await sendOne(lane, target, message, carries ? parcel.kind : 'recall', limits), carries };
    };
    const [first = '', ...more] = fromParcel(parcel.bytes);
    const outcomes: [MessageOutcome, ...MessageOutcome[]] = [await send(first)];
    for (const message of more) outcomes.push(await send(message));
    return combineOutcomes(parcel.kind, outcomes);
  };

  return {
    send: (target, parcel, limits) => {
      const key = laneOf(target.address);
      const lane = lanes.get(key) ?? newLane();
      lanes.set(key, lane);
      return inTurn(lane, limits, () => sendAll(lane, target, parcel, limits));
    },
    close: async () => {
      for (const { connection } of lanes.values()) connection?.destroy();
      lanes.clear();
    },
  };
};

const newLane = (): Lane => ({
  connection: null,
  madeWith: null,
  turn: Promise.resolve(),
  isEnhanced: false,
  answersHere: true,
  asked: null,
  oneEach: false,
  written: 0,
});

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

const codeOf = (frame: string): string => fieldOf(readHl7(frame) ?? [], 'MSA', 1);
const answeredBy = (frame: string): string => fieldOf(readHl7(frame) ?? [], 'MSA', 2);
const isFromApplication = (frame: string): boolean => ['AA', 'AE', 'AR'].includes(codeOf(frame));

/** In enhanced mode: CA is followed by the application's answer; an application's answer to another message is that one's, come late. */
const readingOf = (frame: string, id: string): Reading => {
  const isOurs = answeredBy(frame) === id;
  if (isOurs && codeOf(frame) === 'CA') return 'commit';
  return !isOurs && isFromApplication(frame) ? 'other' : 'answer';
};

/** An application's answer may ask to be acknowledged itself. */
const commit = (connection: MllpConnection | null, frame: string): void => {
  const acknowledgement = toCommitAcknowledgement(frame, controlId(randomUUID()), Date.now());
  if (acknowledgement !== null) connection?.say(acknowledgement);
};

const placeOf = (address: string): { readonly host: string; readonly port: number; readonly secure: boolean } | null => {
  const match = /^(mllps?):\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})\/?$/.exec(address);
  const [, scheme, host, port] = match ?? [];
  if (host === undefined || port === undefined || Number(port) < 1 || Number(port) > 65_535) return null;
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port), secure: scheme === 'mllps' };
};

/** Two ways to write an address are one lane. */
const laneOf = (address: string): string => {
  const place = placeOf(address);
  return place === null ? address : `${place.secure ? 'mllps' : 'mllp'} ${place.host.toLowerCase()} ${place.port}`;
};
