import type { Bundle, MessageHeader } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { Issue } from '../../src/model/anomaly.ts';
import { Anomaly } from '../../src/model/anomaly.ts';
import type { Instant } from '../../src/model/instant.ts';
import { startOf } from '../facts/instant-of.ts';
import { present } from '../facts/present.ts';
import type { ContactTold } from './contact-told.ts';
import { contactTold } from './contact-told.ts';
import type { Entry } from './entries.ts';
import { envelopeOf, placeOf } from './envelope.ts';
import { eventOf } from './events.ts';
import type { MessageEvent } from './events.ts';
import { refuse } from './refuse.ts';
import type { Sender } from './sender-of.ts';
import { senderOf } from './sender-of.ts';

/** A message as it was understood. */
export interface InboundMessage {
  readonly event: Pick<MessageEvent, 'system' | 'answer' | 'bars'>;
  /** With the sender it tells whether the message was seen before. */
  readonly identity: string;
  /** What the answer says that it answers: in BaRS the Bundle, elsewhere the MessageHeader. */
  readonly answers: string;
  /** When its sender last changed it: what is older does not take the place of what is newer. */
  readonly saidAt: Instant;
  readonly reason: string | null;
  readonly sender: Omit<Sender, 'warnings'>;
  /** Where the answer's roles come from: addresses of the sender, and of the one it was sent to. */
  readonly source: string;
  readonly destination: string | null;
  readonly told: Omit<ContactTold, 'warnings'>;
  /** What was not taken, and why. */
  readonly warnings: readonly Issue[];
}

const REASONS: readonly (string | undefined)[] = ['new', 'update'];

/**
 * Reads a message Bundle. `issues` is what is wrong with it as R4: where the broker reads, that refuses the message; elsewhere it is a warning.
 * Throws `incorrect` with the FHIRPath of each thing that stands in the way.
 */
export const fromMessage = (bundle: Bundle, issues: readonly Issue[]): InboundMessage => {
  const { header, entries } = envelopeOf(bundle, issues);
  const event = eventOf(header);
  const { focus, source, destination } = header.resource;
  const [first, second] = focus ?? [];
  if (second !== undefined) throw refuse(`${header.at}.focus[1]`, 'not-supported', 'a message is about one thing');
  const url = present(first?.reference, `${header.at}.focus`);
  const isSound = (at: string): boolean =>
    !issues.some((issue) => issue.at === at || issue.at?.startsWith(`${at}[`) || issue.at?.startsWith(`${at}.`));
  const organization = entries.find((each) => each.url === header.resource.sender?.reference);
  if (organization !== undefined && !isSound(organization.at))
    throw new Anomaly(
      'incorrect',
      issues.filter((issue) => placeOf(issue) === organization.at),
    );
  const { warnings: ofSender, ...sender } = senderOf(header, entries);
  const encounter = event.encounterOf(url, `${header.at}.focus[0].reference`, entries);
  const { warnings: ofContact, ...told } = contactTold(encounter, entries, isSound);
  const id = present(bundle.id, 'Bundle.id');
  const changed = bundle.meta?.lastUpdated;
  const timestamp = present(bundle.timestamp, 'Bundle.timestamp');
  return {
    event: { system: event.system, answer: event.answer, bars: event.bars },
    // BaRS senders keep the id of a Bundle through all its versions (REFREQ8A to 8D do); elsewhere a Bundle of a message is sent once.
    identity: event.bars ? `${id} ${changed ?? timestamp}` : id,
    answers: event.bars ? id : present(header.resource.id, `${header.at}.id`),
    saidAt: changed === undefined ? startOf(timestamp, 'Bundle.timestamp') : startOf(changed, 'Bundle.meta.lastUpdated'),
    reason: reasonOf(header, event),
    sender,
    source: source.endpoint,
    destination: destination?.[0]?.endpoint ?? null,
    told,
    warnings: [...issues.map((issue): Issue => ({ ...issue, severity: 'warning' })), ...ofSender, ...ofContact],
  };
};

const reasonOf = ({ resource, at }: Entry<MessageHeader>, { bars }: MessageEvent): string | null => {
  const code = resource.reason?.coding?.find(({ system }) => system === System.barsMessageReason)?.code;
  if (code === undefined && bars) throw refuse(`${at}.reason`, 'required', 'is new or update');
  if (code !== undefined && !REASONS.includes(code))
    throw refuse(`${at}.reason`, 'not-supported', 'is new or update: a contact is taken back by the status of its Encounter');
  return code ?? null;
};
