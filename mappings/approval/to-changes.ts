import type { Parameters, ParametersParameter, Task } from '@medplum/fhirtypes';
import type { ChangedHeading, HeadingWords } from '../../src/decide/changed-headings.ts';
import type { Instant } from '../../src/model/instant.ts';
import { RECIPIENT_KINDS } from '../../src/model/kind.ts';
import type { ReviewState } from '../../src/model/review.ts';
import { headingOf } from '../facts/codes-of.ts';
import { toFhirInstant } from '../time.ts';
import { bytesOf, commentKindOf, isOpenRequest } from './review-task.ts';

/** A draft against the version in force, and what was said of it. */
export interface Changes {
  readonly state: ReviewState;
  /** The versionId of the draft. */
  readonly version: number;
  readonly bytes: string;
  /** CarePlan of the version in force; null where there is none. */
  readonly inForce: string | null;
  readonly headings: readonly ChangedHeading[];
  /** The Tasks that say it, oldest first. */
  readonly comments: readonly Task[];
}

/** What `$changes` answers. */
export const toChanges = ({ state, version, bytes, inForce, headings, comments }: Changes): Parameters => ({
  resourceType: 'Parameters',
  parameter: [
    { name: 'state', valueCode: state },
    { name: 'version', valueString: String(version) },
    { name: 'bytes', valueString: bytes },
    ...(inForce === null ? [] : [{ name: 'inForce', valueReference: { reference: `CarePlan/${inForce}` } }]),
    ...RECIPIENT_KINDS.map((kind): ParametersParameter => {
      const changed = headings.some(({ kinds }) => kinds.includes(kind));
      return {
        name: 'projection',
        part: [
          { name: 'kind', valueCode: kind },
          { name: 'changed', valueBoolean: changed },
        ],
      };
    }),
    ...headings.map(toHeading),
    ...comments.map(toComment),
  ],
});

const toHeading = ({ heading, change, before, after, kinds }: ChangedHeading): ParametersParameter => ({
  name: 'heading',
  part: [
    { name: 'code', valueCode: heading },
    { name: 'change', valueCode: change },
    ...toWords('before', before),
    ...toWords('after', after),
    ...kinds.map((kind) => ({ name: 'kind', valueCode: kind })),
  ],
});

const toWords = (name: string, words: HeadingWords | null): readonly ParametersParameter[] =>
  words === null
    ? []
    : [
        {
          name,
          part: [
            ...(words.div === null ? [] : [{ name: 'text', valueString: words.div }]),
            ...words.actions.map((action) => ({ name: 'action', valueString: action })),
          ],
        },
      ];

const toComment = (task: Task): ParametersParameter => {
  const heading = headingOf(task.reasonCode);
  return {
    name: 'comment',
    part: [
      { name: 'task', valueReference: { reference: `Task/${task.id}` } },
      { name: 'kind', valueCode: commentKindOf(task) ?? 'comment' },
      ...(heading === null ? [] : [{ name: 'heading', valueCode: heading }]),
      { name: 'text', valueString: task.description ?? '' },
      ...(task.requester === undefined ? [] : [{ name: 'by', valueReference: task.requester }]),
      { name: 'at', valueInstant: task.authoredOn ?? '' },
      { name: 'bytes', valueString: bytesOf(task) ?? '' },
      { name: 'open', valueBoolean: isOpenRequest(task) },
    ],
  };
};

/** What a draft was submitted as. */
export interface Submitted extends Pick<Changes, 'state' | 'version' | 'bytes'> {
  readonly taskId: string;
  readonly at: Instant;
}

/** What `$submit-for-review` answers. */
export const toSubmitted = ({ state, version, bytes, taskId, at }: Submitted): Parameters => ({
  resourceType: 'Parameters',
  parameter: [
    { name: 'state', valueCode: state },
    { name: 'version', valueString: String(version) },
    { name: 'bytes', valueString: bytes },
    { name: 'submitted', valueInstant: toFhirInstant(at) },
    { name: 'task', valueReference: { reference: `Task/${taskId}` } },
  ],
});
