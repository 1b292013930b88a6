import type { Issue } from '../../src/model/anomaly.ts';
import type { Instant } from '../../src/model/instant.ts';
import { escapeHl7 } from '../mdm/escape.ts';
import { segment } from '../mdm/segments.ts';
import { toMsa } from '../outcome/to-msa.ts';
import type { Failure } from '../outcome/to-operation-outcome.ts';
import { toHl7Time } from '../time.ts';
import type { V2Head, Wanted } from './head.ts';

/** What an answer has that the message does not say. */
export interface Answering {
  /** MSH-10 of each of the two that there may be. */
  readonly ids: readonly [string, string];
  readonly at: Instant;
  /** ODS code of the broker. */
  readonly broker: string;
}

/** What became of a message: null and what its sender should know, or why it was not taken. */
export type Answered = { readonly failure: Failure } | { readonly failure: null; readonly warnings: readonly Issue[] };

const APPLICATION = 'CRISIS-PLAN-BROKER';
const BEFORE_2_5 = /^2\.[34]/;

const isAsked = (wanted: Wanted, isGood: boolean): boolean => wanted === 'AL' || wanted === (isGood ? 'SU' : 'ER');

/** Which acknowledgements are asked for: of storage, of what became of it, or both. */
const askedFor = ({ enhanced }: V2Head, isGood: boolean): readonly ('commit' | 'application')[] => {
  if (enhanced === null) return ['application'];
  const [commit, application] = [isAsked(enhanced.accept, isGood), isAsked(enhanced.application, isGood)];
  // Nothing becomes of what was not accepted: CE or CR is the last word on it (v2.5 section 2.9.3.1).
  if (commit && !isGood) return ['commit'];
  return [...(commit ? (['commit'] as const) : []), ...(application ? (['application'] as const) : [])];
};

const one = (head: V2Head, answered: Answered, { ids, at, broker }: Answering, which: 'commit' | 'application'): string => {
  const { type, event, processing, receiver, sender, controlId } = head;
  const version = head.version === '' ? '2.5' : head.version;
  const answers = /^[A-Z][A-Z0-9]{2}$/.test(event) && type !== 'ACK' ? `ACK^${event}^ACK` : 'ACK';
  const parties = [receiver.application || APPLICATION, receiver.facility || broker, sender.application, sender.facility];
  const id = which === 'commit' ? ids[0] : ids[1];
  const warnings = answered.failure === null && which === 'application' ? answered.warnings : [];
  return [
    `${segment('MSH', ['^~\\&', ...parties.map(escapeHl7), toHl7Time(at), '', answers, id, processing || 'P', version])}\r`,
    toMsa(answered.failure, controlId, { commit: which === 'commit', warnings, since25: !BEFORE_2_5.test(version) }),
  ].join('');
};

/**
 * The acknowledgements of a message, in their order: one in original mode; in enhanced mode what MSH-15 and 16 ask for, which may be none. Roles are
 * reversed, and nothing stands in them of the person.
 */
export const toAcks = (head: V2Head, answered: Answered, answering: Answering): readonly string[] =>
  askedFor(head, answered.failure === null).map((which) => one(head, answered, answering, which));
