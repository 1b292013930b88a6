import { randomUUID } from 'node:crypto';
import type { Resource, Task } from '@medplum/fhirtypes';
import type pg from 'pg';
import {
  bytesOf,
  COMMENT_CODES,
  isOfReview,
  isOpenRequest,
  type Reviewed,
  type Said,
  toCommentTask,
  toReviewTask,
} from '../../mappings/approval/review-task.ts';
import type { Submitted } from '../../mappings/approval/to-changes.ts';
import { idOf } from '../../mappings/facts/reference-of.ts';
import { System, TaskCode } from '../../profiles/canonicals.ts';
import { reviewState } from '../decide/review-state.ts';
import { anomaly } from '../model/anomaly.ts';
import type { Principal } from '../model/principal.ts';
import type { UserIdentity } from '../model/user-identity.ts';
import { DONE, endTask, endTaskById, taskId } from './broker-task.ts';
import { type BodyRow, bodyColumns, openRows } from './keys/sealed-body.ts';
import { type Sql, statement, transaction } from './pool.ts';
import { draftOf, wouldSign } from './projections.ts';
import { lockResource, putNext, readResource } from './resources.ts';
import { ANY_REFERENCE } from './search/index-rows.ts';
import { codedText } from './search/token-text.ts';
import { onRecord } from './sharing.ts';
import { withoutRaces } from './without-races.ts';

const IS_CODED = `EXISTS (SELECT FROM resource_token c WHERE c.serial = t.serial AND c.param = 'code' AND c.token = ANY($3::text[]))`;
const commentsOf = statement<[string, string, readonly string[]], BodyRow>(
  'comments-on-draft',
  `SELECT ${bodyColumns('r')} FROM resource_token t JOIN resource r ON r.serial = t.serial
    WHERE t.type = 'Task' AND t.param = 'focus' AND t.token = $1 AND t.owner = $2 AND ${IS_CODED} ORDER BY r.serial`,
);
const reviewsOf = statement<[string, string, readonly string[], readonly string[]], { id: string }>(
  'open-reviews-of',
  `SELECT r.id FROM resource_token t JOIN resource r ON r.serial = t.serial
    WHERE t.type = 'Task' AND t.param = '${ANY_REFERENCE}' AND t.token = $1 AND t.owner = $2 AND ${IS_CODED}
      AND NOT EXISTS (SELECT FROM resource_token s WHERE s.serial = t.serial AND s.param = 'status' AND s.token = ANY($4::text[])) ORDER BY r.id`,
);

const reviewOf = (owner: string, carePlanId: string) => ({ code: TaskCode.review, owner, about: carePlanId });

/** What was said of a draft, oldest first. */
export const commentsOn = async (sql: Sql, owner: string, carePlanId: string): Promise<readonly Task[]> => {
  const codes = COMMENT_CODES.map((code) => codedText(System.taskCode, code));
  return (await openRows(sql, await commentsOf(sql, `CarePlan/${carePlanId}`, owner, codes))).map(({ body }) => body as Task);
};

/** Hash of the bytes that are in review; null where no review is open. */
export const bytesInReview = async (sql: Sql, owner: string, carePlanId: string): Promise<string | null> => {
  const task = (await readResource(sql, 'Task', taskId(reviewOf(owner, carePlanId))))?.body as Task | undefined;
  return task === undefined || DONE.includes(task.status) ? null : bytesOf(task);
};

/** The caller's draft and its words, which nobody writes until the transaction ends. */
async function held(tx: pg.PoolClient, owner: string, carePlanId: string): Promise<Reviewed & { readonly now: Date }> {
  const now = await lockResource(tx, 'CarePlan', carePlanId);
  const named = await draftOf(tx, owner, carePlanId);
  await lockResource(tx, 'Composition', named.facts.compositionId);
  const { version, carePlan, composition, facts } = await draftOf(tx, owner, carePlanId);
  const { bytes } = wouldSign(carePlan, composition);
  return { carePlanId, compositionId: facts.compositionId, patientId: facts.patientId, version, bytes, now };
}

/**
 * Puts a draft into review: a Task of the publisher's that names its bytes. Once is enough for the same bytes. Throws `stale` when the draft is not
 * the version that was named. On record.
 */
export const submitForReview = (
  pool: pg.Pool,
  principal: Principal,
  carePlanId: string,
  version: string | null,
  user: UserIdentity | null,
): Promise<Submitted> =>
  withoutRaces(() =>
    transaction(pool, async (tx) => {
      const { organization: owner } = principal;
      const draft = await held(tx, owner, carePlanId);
      if (version !== null && version !== String(draft.version))
        throw anomaly('stale', 'the draft has changed since that version', "Parameters.parameter.where(name='version').valueString");
      const id = taskId(reviewOf(owner, carePlanId));
      const now = await lockResource(tx, 'Task', id);
      const before = await readResource(tx, 'Task', id);
      const openRequests = (await commentsOn(tx, owner, carePlanId)).filter(isOpenRequest).length;
      const submitted = {
        state: reviewState({ bytes: draft.bytes, reviewed: draft.bytes, openRequests }),
        version: draft.version,
        bytes: draft.bytes,
        taskId: id,
      };
      const known = before?.body as Task | undefined;
      if (known !== undefined && !DONE.includes(known.status) && bytesOf(known) === draft.bytes)
        return { ...submitted, at: Date.parse(known.authoredOn ?? '') };
      await putNext(tx, toReviewTask(draft, { organization: owner, user }, now.getTime()), id, owner, before, now, principal.kind);
      await onRecord(tx, 'review', principal, draft.patientId, `CarePlan/${carePlanId}/_history/${draft.version}`, draft.bytes);
      return { ...submitted, at: now.getTime() };
    }),
  );

/** Says something of a draft that is in review: a Task of the publisher's, whose id is answered. Throws `conflict` where it is not. On record. */
export const comment = (pool: pg.Pool, principal: Principal, carePlanId: string, said: Said, user: UserIdentity | null): Promise<string> =>
  withoutRaces(() =>
    transaction(pool, async (tx) => {
      const { organization: owner } = principal;
      const { now, ...draft } = await held(tx, owner, carePlanId);
      if ((await bytesInReview(tx, owner, carePlanId)) !== draft.bytes)
        throw anomaly('conflict', 'is not in review, or was written since: $submit-for-review comes first', 'CarePlan');
      const id = randomUUID();
      await putNext(tx, toCommentTask(said, draft, { organization: owner, user }, now.getTime()), id, owner, null, now, principal.kind);
      await onRecord(tx, 'review', principal, draft.patientId, `Task/${id}/_history/1`, draft.bytes);
      return id;
    }),
  );

/** What was asked to be changed stands in the way of an approval until somebody says that it is done, or will not be. Throws `conflict`. */
export async function checkNoOpenRequests(sql: Sql, owner: string, carePlanId: string): Promise<void> {
  const open = (await commentsOn(sql, owner, carePlanId)).filter(isOpenRequest).map(({ id }) => `Task/${id}`);
  if (open.length > 0)
    throw anomaly('conflict', `changes are requested that are neither made nor declined: ${open.join(', ')}`, 'CarePlan');
}

/** The draft was approved: nothing of it is to be reviewed any more. */
export const endReview = (sql: Sql, owner: string, carePlanId: string): Promise<void> =>
  endTask(sql, reviewOf(owner, carePlanId), 'completed');

/** A draft or its words were written: reviews of what they were before are over. */
export async function backToDraft(sql: Sql, { resourceType, id }: Resource, owner: string): Promise<void> {
  if (resourceType !== 'CarePlan' && resourceType !== 'Composition') return;
  const reviews = await reviewsOf(sql, `${resourceType}/${id}`, owner, [codedText(System.taskCode, TaskCode.review)], DONE);
  for (const review of reviews) await endTaskById(sql, review.id, 'cancelled');
}

/** Puts on record who answered a Task of a review, and how it stands since. */
export async function reviewAnswered(sql: Sql, principal: Principal, before: Task, after: Task): Promise<void> {
  const patientId = idOf(after.for, 'Patient');
  if (patientId === null || before.status === after.status || !isOfReview(after)) return;
  await onRecord(sql, 'review', principal, patientId, `Task/${after.id}/_history/${after.meta?.versionId}`, bytesOf(after));
}
