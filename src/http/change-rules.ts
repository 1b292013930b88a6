import { isDeepStrictEqual } from 'node:util';
import type { Consent, Provenance, Resource, Subscription, Task } from '@medplum/fhirtypes';
import { extensionOf } from '../../mappings/facts/extensions-of.ts';
import { Extension } from '../../profiles/canonicals.ts';
import type { Issue } from '../model/anomaly.ts';
import { Anomaly } from '../model/anomaly.ts';
import { ENDED } from '../store/broker-task.ts';

/** What the one who has a Task to do may change of it. */
const OF_TASK: ReadonlySet<string> = new Set([
  'meta',
  'text',
  'status',
  'statusReason',
  'businessStatus',
  'note',
  'output',
  'lastModified',
  'executionPeriod',
]);
const ANSWERS: readonly Task['status'][] = ['received', 'accepted', 'rejected', 'in-progress', 'on-hold', 'failed', 'completed'];

const incorrect = (at: string, help: string): Anomaly => new Anomaly('incorrect', { at, code: 'business-rule', help });

const checkTask = (sent: Task, stored: Task): void => {
  const before = new Map(Object.entries(stored));
  const after = new Map(Object.entries(sent));
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    if (!OF_TASK.has(name) && !isDeepStrictEqual(before.get(name), after.get(name)))
      throw incorrect(`Task.${name}`, 'only the status of a Task, and what belongs to it, may be changed');
  }
  if (sent.status === stored.status) return;
  if (ENDED.includes(stored.status)) throw new Anomaly('conflict', { at: 'Task.status', help: 'the Task has ended' });
  if (!ANSWERS.includes(sent.status)) throw incorrect('Task.status', `is one of ${ANSWERS.join(', ')}`);
};

// `active` and `error` are the broker's words: a subscriber asks (`requested`) or stops (`off`), and may send back what it read.
const checkSubscription = (sent: Subscription, stored: Subscription | null): void => {
  if (sent.status === 'requested' || sent.status === 'off') return;
  if (stored !== null && sent.status === stored.status && isDeepStrictEqual(sent.channel, stored.channel)) return;
  throw incorrect('Subscription.status', 'is requested, or off');
};

const SEALED: readonly string[] = [Extension.approvalSeal, Extension.approvalProjection, Extension.approverClaim, Extension.chaseEnd];

/** What the broker seals of an approval is nobody else's to say: where it stands in a Provenance that is sent, and not in what is stored. */
export const sealedByOthers = ({ extension = [] }: Provenance, stored: Provenance | null): readonly Issue[] =>
  extension.flatMap((each, index) =>
    SEALED.includes(each.url) && !(stored?.extension ?? []).some((before) => isDeepStrictEqual(before, each))
      ? [{ at: `Provenance.extension[${index}]`, code: 'business-rule', help: "is the broker's to write, when it seals" }]
      : [],
  );

const checkProvenance = (sent: Provenance, stored: Provenance | null): void => {
  const issues = sealedByOthers(sent, stored);
  if (issues.length > 0) throw new Anomaly('incorrect', issues);
};

/** Whether it is the person's own word, by an app of theirs. */
const isByPerson = (consent: Consent): boolean =>
  extensionOf(extensionOf(consent, Extension.consentDecision), 'given')?.valueCode === 'app';

const checkConsent = (sent: Consent, stored: Consent | null): void => {
  if (stored !== null && isByPerson(stored))
    throw new Anomaly('conflict', {
      at: 'Consent',
      help: 'the person wrote it: a new Consent, made with them, that supersedes it takes its place',
    });
  if (isByPerson(sent)) throw incorrect('Consent.extension', 'given by an app of their own is what the person says, by $refuse-sharing');
};

/** Types of which a write is judged by what is stored. */
const RULED: readonly string[] = ['Task', 'Subscription', 'Provenance', 'Consent'];

/** Whether a write of it is judged by what is stored (`checkChange`). */
export const isRuledByStored = ({ resourceType }: Resource): boolean => RULED.includes(resourceType);

/** Rules of a write that depend on what is stored; `stored` null is a creation. Throws `incorrect` or `conflict`. */
export const checkChange = (sent: Resource, stored: Resource | null): void => {
  if (sent.resourceType === 'Task' && stored?.resourceType === 'Task') checkTask(sent, stored);
  if (sent.resourceType === 'Subscription') checkSubscription(sent, stored?.resourceType === 'Subscription' ? stored : null);
  if (sent.resourceType === 'Consent') checkConsent(sent, stored?.resourceType === 'Consent' ? stored : null);
  if (sent.resourceType === 'Provenance') checkProvenance(sent, stored?.resourceType === 'Provenance' ? stored : null);
};
