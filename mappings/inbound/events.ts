import type { Encounter, MessageHeader } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { Entry } from './entries.ts';
import { entryOf } from './entries.ts';
import { refuse } from './refuse.ts';

/** One kind of message that is understood here. */
export interface MessageEvent {
  readonly system: string;
  readonly code: string;
  /** The event of the answer: BaRS has one of its own, elsewhere it is the same (R4 messaging). */
  readonly answer: string;
  /** Whether the rules of BaRS hold: ids in the headers, a reason, an answer that names the Bundle, and no second answer. */
  readonly bars: boolean;
  /** The Encounter that it is about; throws `incorrect` where there is none. */
  readonly encounterOf: (focus: string, at: string, entries: readonly Entry[]) => Entry<Encounter>;
}

const CATEGORIES: readonly (string | undefined)[] = ['referral', 'validation'];

const ofServiceRequest: MessageEvent['encounterOf'] = (focus, at, entries) => {
  const request = entryOf(entries, focus, 'ServiceRequest');
  if (request === null) throw refuse(at, 'value', 'names a ServiceRequest of this message');
  const codings = (request.resource.category ?? []).flatMap(({ coding }) => coding ?? []);
  if (!codings.some(({ system, code }) => system === System.barsMessageCategory && CATEGORIES.includes(code)))
    throw refuse(`${request.at}.category`, 'not-supported', 'is a referral or a validation: nothing else is understood here');
  const { encounter } = request.resource;
  const found = entryOf(entries, encounter?.reference, 'Encounter');
  if (found !== null) return found;
  throw encounter === undefined
    ? refuse(`${request.at}.encounter`, 'required', 'names the Encounter: a request without one tells of no contact')
    : refuse(`${request.at}.encounter.reference`, 'value', 'names an Encounter of this message');
};

const ofEncounter: MessageEvent['encounterOf'] = (focus, at, entries) => {
  const found = entryOf(entries, focus, 'Encounter');
  if (found === null) throw refuse(at, 'value', 'names an Encounter of this message');
  return found;
};

const EVENTS: readonly MessageEvent[] = [
  {
    system: System.barsMessageEvent,
    code: 'servicerequest-request',
    answer: 'servicerequest-response',
    bars: true,
    encounterOf: ofServiceRequest,
  },
  { system: System.messageEvent, code: 'encounter', answer: 'encounter', bars: false, encounterOf: ofEncounter },
];

/** What a message is: throws `incorrect` with `not-supported` where it is nothing that is understood here. */
export const eventOf = ({ resource, at }: Entry<MessageHeader>): MessageEvent => {
  if (resource.response !== undefined) throw refuse(`${at}.response`, 'not-supported', 'this is an answer, and nothing was asked');
  const { system, code } = resource.eventCoding ?? {};
  const found = EVENTS.find((each) => each.system === system && each.code === code);
  if (found !== undefined) return found;
  const known = EVENTS.map((each) => `${each.code} of ${each.system}`).join(', or ');
  throw refuse(`${at}.event`, 'not-supported', `is ${known}`);
};
