import { decoded } from '../../mappings/adt/decode.ts';
import { checkHead, headOf } from '../../mappings/adt/head.ts';
import type { V2Head } from '../../mappings/adt/head.ts';
import { refuseKind } from '../../mappings/adt/place.ts';
import type { V2Message } from '../../mappings/adt/read-v2.ts';
import { readV2 } from '../../mappings/adt/read-v2.ts';
import { toAcks } from '../../mappings/adt/to-acks.ts';
import { CATEGORY_TABLE } from '../../mappings/outcome/category-table.ts';
import { Line } from '../log.ts';
import { Anomaly, anomaly } from '../model/anomaly.ts';
import type { Principal } from '../model/principal.ts';
import type { Hl7Door, Peer } from './door.ts';
import { senderOf } from './sender.ts';
import { shortId, takeContact } from './take-contact.ts';

/** What is done with a message of one type, MSH-9.1. */
type Take = (message: V2Message, bytes: string, principal: Principal, door: Hl7Door) => Promise<readonly string[]>;

const takeAcknowledgement: Take = async (message, bytes, principal, door) => {
  const { acknowledged } = door;
  if (acknowledged === null)
    throw refuseKind({ segment: 'MSH', field: 9 }, '200', 'is ADT: acknowledgements are taken on the connection that they answer');
  await acknowledged(principal, bytes);
  const head = headOf(message);
  // No application answers an acknowledgement: two systems would never stop. That it came may be asked for, in enhanced mode alone (v2.5 section
  // 2.9.3): CA, which is one itself and asks for none.
  if (head.enhanced === null) return [];
  const stored: V2Head = { ...head, enhanced: { ...head.enhanced, application: 'NE' } };
  return toAcks(stored, { failure: null, warnings: [] }, { ids: [shortId(door), shortId(door)], at: door.now(), broker: door.operatorOds });
};

/** The messages that come in, by type. */
export const ROUTES: Readonly<Record<string, Take>> = { ADT: takeContact, ACK: takeAcknowledgement };

const routeOf = ({ type }: V2Head): Take => {
  const take = Object.hasOwn(ROUTES, type) ? ROUTES[type] : undefined;
  if (take === undefined) throw refuseKind({ segment: 'MSH', field: 9 }, '200', `is one of ${Object.keys(ROUTES).join(', ')}`);
  return take;
};

/** In this order: who sends is known before anything is said of what they send. */
const taken = async (bytes: string, read: V2Message, peer: Peer, door: Hl7Door): Promise<readonly string[]> => {
  const message = decoded(bytes, read);
  checkHead(message, door);
  const principal = await senderOf(message, peer, door);
  return routeOf(headOf(message))(message, bytes, principal, door);
};

const asAnomaly = (failure: unknown, door: Hl7Door): Anomaly => {
  if (failure instanceof Anomaly) return failure;
  // Ours, and never answered as theirs: AR, and it may be sent again as it is.
  door.log(Line.fault, { name: 'hl7v2', fault: failure });
  return anomaly('fault', 'the message was not taken, by no fault of its own: send it again');
};

const refused = (message: V2Message, failure: Anomaly, door: Hl7Door): readonly string[] => {
  const head = headOf(message);
  door.metered.message(head.type === 'ACK' ? 'ACK' : head.event, CATEGORY_TABLE[failure.category].msa);
  return toAcks(head, { failure }, { ids: [shortId(door), shortId(door)], at: door.now(), broker: door.operatorOds });
};

/**
 * Answers one message, given with one character a byte: its acknowledgements, which may be none in enhanced mode. Null where it has no MSH that can be
 * read: there is nobody to answer. Whatever is wrong changes nothing, and is AE or AR with the place.
 */
export const answer = async (bytes: string, peer: Peer, door: Hl7Door): Promise<readonly string[] | null> => {
  const read = readV2(bytes);
  if (read === null) return null;
  try {
    const acks = await taken(bytes, read, peer, door);
    const { type, event } = headOf(read);
    door.metered.message(type === 'ACK' ? 'ACK' : event, 'AA');
    return acks;
  } catch (failure) {
    return refused(read, asAnomaly(failure, door), door);
  }
};

/** Answers the beginning of a message that is longer than is taken; null where that has no MSH that can be read. */
export const answerTooLong = (beginning: string, maxFrame: number, door: Hl7Door): readonly string[] | null => {
  const read = readV2(beginning);
  if (read === null) return null;
  return refused(read, anomaly('too-large', `a message is at most ${maxFrame} bytes long`), door);
};
