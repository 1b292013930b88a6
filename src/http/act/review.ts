import { toChanges, toSubmitted } from '../../../mappings/approval/to-changes.ts';
import { isHeading } from '../../model/heading.ts';
import { COMMENT_KINDS, isCommentKind } from '../../model/review.ts';
import { principalOf } from '../exchange.ts';
import type { Act } from './act.ts';
import { onlyNamed, parameter, required, stringOf, validParametersOf } from './operations.ts';
import { readOwn } from './read.ts';

/** CarePlan/[id]/$submit-for-review: the draft, as it is now, is to be reviewed. */
export const submitForReview: Act = async (exchange, door) => {
  const draft = await readOwn(exchange, door);
  const parameters = onlyNamed(validParametersOf(exchange, door), ['version']);
  const isNamed = parameter(parameters, 'version') !== undefined;
  const version = isNamed ? stringOf(parameters, 'version', 'names the versionId of the draft that is submitted') : null;
  const submitted = await door.store.submitForReview(principalOf(exchange), draft.id, version, exchange.user);
  return { status: 200, headers: {}, body: toSubmitted(submitted) };
};

/** CarePlan/[id]/$comment: something to know, or to be changed, about a draft in review. */
export const comment: Act = async (exchange, door) => {
  const draft = await readOwn(exchange, door);
  const parameters = onlyNamed(validParametersOf(exchange, door), ['kind', 'heading', 'text']);
  const kind = parameter(parameters, 'kind')?.valueCode ?? '';
  if (!isCommentKind(kind)) throw required('kind', `is one of ${COMMENT_KINDS.join(', ')}`);
  const isOfHeading = parameter(parameters, 'heading') !== undefined;
  const heading = parameter(parameters, 'heading')?.valueCode ?? '';
  if (isOfHeading && !isHeading(heading)) throw required('heading', 'is a code of the CodeSystem plan-heading');
  const text = stringOf(parameters, 'text', 'says what, in at most 1000 characters');
  const said = { kind, heading: isHeading(heading) ? heading : null, text };
  const task = await door.store.comment(principalOf(exchange), draft.id, said, exchange.user);
  return {
    status: 200,
    headers: {},
    body: { resourceType: 'Parameters', parameter: [{ name: 'task', valueReference: { reference: `Task/${task}` } }] },
  };
};

/** CarePlan/[id]/$changes: the draft against the version in force, heading by heading, and what was said of it. */
export const changes: Act = async (exchange, door) => {
  const draft = await readOwn(exchange, door);
  return { status: 200, headers: {}, body: toChanges(await door.store.changes(principalOf(exchange), draft.id)) };
};
