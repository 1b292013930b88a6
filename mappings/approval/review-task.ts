import type { Reference, Task, TaskInput } from '@medplum/fhirtypes';
import { System, TaskCode } from '../../profiles/canonicals.ts';
import type { Heading } from '../../src/model/heading.ts';
import type { Instant } from '../../src/model/instant.ts';
import { type CommentKind, RESOLVED } from '../../src/model/review.ts';
import type { UserIdentity } from '../../src/model/user-identity.ts';
import { toFhirInstant } from '../time.ts';

/** What a Task of a review is about: a draft at one version, and the hash of what would be signed. */
export interface Reviewed {
  readonly carePlanId: string;
  readonly compositionId: string;
  readonly patientId: string;
  readonly version: number;
  /** As `$projections` says it in `signs`. */
  readonly bytes: string;
}

/** Who submits or comments: the verified user, where there is one. */
export interface Reviewer {
  readonly organization: string;
  readonly user: UserIdentity | null;
}

/** What one of them says. */
export interface Said {
  readonly kind: CommentKind;
  readonly heading: Heading | null;
  readonly text: string;
}

const BYTES = 'bytes';
const CODES: Readonly<Record<CommentKind, string>> = { comment: TaskCode.comment, 'change-request': TaskCode.changeRequest };
/** Codes of the Tasks that say something of a draft. */
export const COMMENT_CODES: readonly string[] = Object.values(CODES);

const input = (text: string, value: Omit<TaskInput, 'type'>): TaskInput => ({ type: { text }, ...value });

const requesterOf = ({ organization, user }: Reviewer): Reference<never> => {
  if (user === null) return { type: 'Organization', identifier: { system: System.odsOrganization, value: organization } };
  const [registration] = user.registrations;
  const spine = user.sdsUserId === null ? null : { system: System.sdsUser, value: user.sdsUserId };
  return {
    type: 'Practitioner',
    identifier: registration ?? spine ?? { system: user.issuer, value: user.subject },
    ...(user.name === null ? {} : { display: user.name }),
  };
};

const taskOf = (code: string, of: Reviewed, by: Reviewer, at: Instant): Task => ({
  resourceType: 'Task',
  status: 'requested',
  intent: 'order',
  code: { coding: [{ system: System.taskCode, code }] },
  focus: { reference: `CarePlan/${of.carePlanId}` },
  for: { reference: `Patient/${of.patientId}` },
  authoredOn: toFhirInstant(at),
  requester: requesterOf(by),
  performerType: [{ coding: [{ system: System.kind, code: 'publisher' }] }],
  owner: { type: 'Organization', identifier: { system: System.odsOrganization, value: by.organization } },
  input: [
    input('version', { valueString: String(of.version) }),
    input(BYTES, { valueString: of.bytes }),
    input('words', { valueReference: { reference: `Composition/${of.compositionId}` } }),
  ],
});

/** The Task by which a draft is in review. */
export const toReviewTask = (of: Reviewed, by: Reviewer, at: Instant): Task => ({
  ...taskOf(TaskCode.review, of, by, at),
  description: 'Read this draft ($changes, $projections), say what is to be changed ($comment), and approve it when nothing is',
});

/** What was said of a draft. A comment is done as soon as it is made; a change request waits for whoever writes the draft. */
export const toCommentTask = ({ kind, heading, text }: Said, of: Reviewed, by: Reviewer, at: Instant): Task => ({
  ...taskOf(CODES[kind], of, by, at),
  ...(kind === 'comment' ? { status: 'completed' } : {}),
  ...(heading === null ? {} : { reasonCode: { coding: [{ system: System.heading, code: heading }] } }),
  description: text,
});

/** Hash of the bytes that a Task of a review is about. */
export const bytesOf = (task: Task): string | null => (task.input ?? []).find(({ type }) => type.text === BYTES)?.valueString ?? null;

/** The kind of comment that a Task is; null for any other Task. */
export const commentKindOf = (task: Task): CommentKind | null => {
  const codes = (task.code?.coding ?? []).flatMap(({ system, code }) => (system === System.taskCode ? [code] : []));
  return codes.includes(TaskCode.changeRequest) ? 'change-request' : codes.includes(TaskCode.comment) ? 'comment' : null;
};

/** Whether something is asked for that was neither done nor declined. */
export const isOpenRequest = (task: Task): boolean => commentKindOf(task) === 'change-request' && !RESOLVED.includes(task.status);

/** Whether a Task belongs to a review. */
export const isOfReview = (task: Task): boolean =>
  commentKindOf(task) !== null ||
  (task.code?.coding ?? []).some(({ system, code }) => system === System.taskCode && code === TaskCode.review);
