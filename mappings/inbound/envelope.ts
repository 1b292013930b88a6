import type { Bundle, MessageHeader } from '@medplum/fhirtypes';
import type { Issue } from '../../src/model/anomaly.ts';
import { Anomaly } from '../../src/model/anomaly.ts';
import { danglingReferences } from './dangling.ts';
import type { Entry } from './entries.ts';
import { entriesOf } from './entries.ts';
import { refuse } from './refuse.ts';

/** A resource without a type is nothing: that is the envelope's. */
const INSIDE = /^Bundle\.entry\[(\d+)\]\.resource(?=\.|$)(?!\.resourceType$)/;
/** What a message is read by: here nothing may be wrong. */
const READ: readonly unknown[] = ['MessageHeader', 'ServiceRequest', 'Encounter'];

/** FHIRPath of the resource in which something is wrong; empty where it is the message itself. */
export const placeOf = ({ at }: Issue): string => INSIDE.exec(at ?? '')?.[0] ?? '';

/** The entry in which something is wrong; null where it is the message itself. */
export const indexOf = ({ at }: Issue): number | null => {
  const index = INSIDE.exec(at ?? '')?.[1];
  return index === undefined ? null : Number(index);
};

/** The header and the resources of a message. Throws `incorrect` with everything that is wrong with the message itself, and with what it is read by. */
export const envelopeOf = (
  bundle: Bundle,
  issues: readonly Issue[],
): { readonly header: Entry<MessageHeader>; readonly entries: readonly Entry[] } => {
  if (bundle.type !== 'message') throw refuse('Bundle.type', 'value', 'is message');
  const grave = issues.filter((issue) => {
    const index = indexOf(issue);
    return index === null || READ.includes(bundle.entry?.[index]?.resource?.resourceType);
  });
  // What is not an entry at all cannot be looked into.
  if (grave.some((issue) => indexOf(issue) === null && issue.code !== 'invariant')) throw new Anomaly('incorrect', grave);
  const { entries, issues: addresses } = entriesOf(bundle);
  const header = entries.find(
    (each): each is Entry<MessageHeader> => each.at === 'Bundle.entry[0].resource' && each.resource.resourceType === 'MessageHeader',
  );
  const own: readonly Issue[] = [
    ...addresses,
    ...(header === undefined ? [{ at: 'Bundle.entry[0].resource', code: 'invariant', help: 'is the MessageHeader (bdl-12)' }] : []),
    ...danglingReferences(entries),
  ];
  const wrong = [...own, ...grave.filter(({ at }) => !own.some((each) => each.at === at))];
  if (header === undefined || wrong.length > 0) throw new Anomaly('incorrect', wrong);
  return { header, entries };
};
