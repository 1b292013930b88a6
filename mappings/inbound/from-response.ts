import type { Bundle, MessageHeader } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import { Anomaly } from '../../src/model/anomaly.ts';
import type { Issue } from '../../src/model/anomaly.ts';
import type { Outcome } from '../../src/model/ledger.ts';
import { entriesOf } from './entries.ts';
import { indexOf } from './envelope.ts';
import { refuse } from './refuse.ts';
import type { Sender } from './sender-of.ts';
import { senderOf } from './sender-of.ts';

/** An answer to a message of ours, as it was understood. */
export interface InboundResponse {
  /** Whether the rules of BaRS hold: ids in the headers, and it names the Bundle. */
  readonly bars: boolean;
  /** What it says that it answers, without `urn:uuid:`: our Bundle.id (BaRS), or our MessageHeader.id (R4). */
  readonly answers: string;
  readonly code: string;
  readonly outcome: Outcome;
  /** Null where it does not say who sent it: R4 leaves that open. */
  readonly sender: Omit<Sender, 'warnings'> | null;
}

const headerOf = (bundle: Bundle): MessageHeader | null => {
  const first = Array.isArray(bundle.entry) ? bundle.entry[0]?.resource : undefined;
  return first?.resourceType === 'MessageHeader' ? first : null;
};

/** Whether a message answers one that was sent before (R4 messaging: its header has a `response`). */
export const isResponse = (bundle: Bundle): boolean => headerOf(bundle)?.response !== undefined;

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  ok: { kind: 'accepted', level: 'application' },
  'fatal-error': { kind: 'refused', because: 'fatal-error', retry: false },
  'transient-error': { kind: 'unknown', because: 'transient-error' },
};

/**
 * Reads a response. `issues` is what is wrong with it as R4: in the message itself or in its header that refuses it; what else it holds (details, a copy of
 * what it answers) is read by nobody. Throws `incorrect` with the FHIRPath of each thing that stands in the way.
 */
export const fromResponse = (bundle: Bundle, issues: readonly Issue[]): InboundResponse => {
  if (bundle.type !== 'message') throw refuse('Bundle.type', 'value', 'is message');
  const grave = issues.filter((issue) => (indexOf(issue) ?? 0) === 0);
  const header = headerOf(bundle);
  if (grave.length > 0) throw new Anomaly('incorrect', grave);
  const at = 'Bundle.entry[0].resource';
  if (header?.response === undefined) throw refuse(`${at}.response`, 'required', 'is required of an answer');
  const outcome = OUTCOMES[header.response.code];
  if (outcome === undefined) throw refuse(`${at}.response.code`, 'value', `is one of ${Object.keys(OUTCOMES).join(', ')}`);
  const entry = { url: bundle.entry?.[0]?.fullUrl ?? '', at, resource: header };
  const sender = header.sender === undefined ? null : senderOf(entry, entriesOf(bundle).entries);
  return {
    bars: header.eventCoding?.system === System.barsMessageEvent,
    answers: header.response.identifier.replace(/^urn:uuid:/, '').toLowerCase(),
    code: header.response.code,
    outcome,
    sender: sender === null ? null : { ods: sender.ods, at: sender.at },
  };
};
