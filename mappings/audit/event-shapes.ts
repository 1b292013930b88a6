import type { AuditEvent, Coding } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import { TRAIL_EVENTS, type TrailEvent } from '../../src/model/trail.ts';

/** How one kind of row is said as an AuditEvent; a search by code is answered from the same table. */
export interface EventShape {
  readonly event: TrailEvent;
  readonly refused: boolean;
  readonly type: Coding;
  readonly subtype: readonly Coding[];
  readonly action: NonNullable<AuditEvent['action']>;
  readonly outcome: NonNullable<AuditEvent['outcome']>;
}

const DISCLOSURE: Coding = { system: System.dicom, code: '110106', display: 'Export' };
const DECISION: Coding = { system: System.dicom, code: '110113', display: 'Security Alert' };
const QUERY: Coding = { system: System.dicom, code: '110112', display: 'Query' };
const OBJECT: Coding = { system: System.auditEventType, code: 'object' };
const DISCLOSED: Coding = { system: System.lifecycle, code: 'disclose' };
const BY_CONSENT: Coding = { system: System.authorization, code: 'AuthZ-Consent' };

/** Questions about what is the asker's own. */
const QUERIES: readonly TrailEvent[] = ['sharing', 'explain', 'preview', 'changes', 'ending', 'access-log'];

/** BALP: a disclosure at its source is an Export, a decision that refused a Security Alert; a match tells of a plan and discloses none of it. */
const shapeOf = (event: TrailEvent, refused: boolean): EventShape => {
  const own: Coding = { system: System.trailEvent, code: event };
  if (event === 'reuse') return { event, refused, type: DECISION, subtype: [own], action: 'E', outcome: '0' };
  if (event === 'erase') return { event, refused, type: OBJECT, subtype: [own], action: 'D', outcome: '0' };
  if (event === 'consent' || event === 'agreement' || event === 'endpoint')
    return { event, refused, type: OBJECT, subtype: [own], action: 'U', outcome: '0' };
  if (
    event === 'recall' ||
    event === 'approve' ||
    event === 'withdraw' ||
    event === 'review' ||
    event === 'concern' ||
    event === 'pause' ||
    event === 'resume' ||
    event === 'chase-end'
  )
    return { event, refused, type: OBJECT, subtype: [own], action: 'E', outcome: '0' };
  if (QUERIES.includes(event)) return { event, refused, type: QUERY, subtype: [own], action: 'E', outcome: '0' };
  if (event === 'answer') return { event, refused, type: OBJECT, subtype: [own], action: 'E', outcome: refused ? '8' : '0' };
  if (event === 'replay') return { event, refused, type: OBJECT, subtype: [own], action: 'E', outcome: '0' };
  if (refused) return { event, refused, type: DECISION, subtype: [BY_CONSENT, own], action: 'E', outcome: '8' };
  if (event === 'match') return { event, refused, type: QUERY, subtype: [own], action: 'E', outcome: '0' };
  return { event, refused, type: DISCLOSURE, subtype: [DISCLOSED, own], action: 'R', outcome: '0' };
};

/** Every kind of row there can be. */
export const EVENT_SHAPES: readonly EventShape[] = TRAIL_EVENTS.flatMap((event) => [shapeOf(event, false), shapeOf(event, true)]);
