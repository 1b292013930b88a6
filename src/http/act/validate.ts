import type { Resource } from '@medplum/fhirtypes';
import { CATEGORY_TABLE } from '../../../mappings/outcome/category-table.ts';
import { toOperationOutcome } from '../../../mappings/outcome/to-operation-outcome.ts';
import { Anomaly } from '../../model/anomaly.ts';
import type { Issue } from '../../model/anomaly.ts';
import type { Stored } from '../../store/door.ts';
import { knownProfile } from '../../validate/profile-of.ts';
import { errorsOf } from '../../validate/validate.ts';
import { principalOf, routeOf } from '../exchange.ts';
import type { Answer, Door, Exchange } from '../exchange.ts';
import { permitted } from '../policy.ts';
import { emptyValues } from '../read/empty-values.ts';
import { shown } from '../redact-header.ts';
import { badParameter } from '../refusal.ts';
import { rehearsed } from '../rehearsal.ts';
import { validateAsked } from '../validate-asked.ts';
import type { Mode, ValidateAsked } from '../validate-asked.ts';
import { writeIssues } from '../write-issues.ts';
import { doorWarnings } from '../write-warnings.ts';
import type { Act } from './act.ts';
import { readOwn } from './read.ts';

const notOffered = (exchange: Exchange, mode: 'create' | 'update' | 'delete'): readonly Issue[] => {
  const { type } = routeOf(exchange);
  return permitted(principalOf(exchange), type, mode) === null
    ? [{ at: null, code: 'not-supported', help: `a service of this kind may not ${mode} ${type}` }]
    : [];
};

/** What the content of a resource is told: against the profile that was asked for, or the one by which its type is taken. */
const contentIssues = (exchange: Exchange, door: Door, resource: Resource, { profile, profileAt }: ValidateAsked): readonly Issue[] => {
  const { type } = routeOf(exchange);
  if (resource.resourceType !== type) return [{ at: 'resourceType', code: 'value', help: `is ${type}, as in the address` }];
  const known = profile === null ? undefined : (knownProfile(profile) ?? null);
  if (known === null)
    return [{ at: profileAt, code: 'not-supported', help: 'is a profile that is not known here: see /fhir/StructureDefinition' }];
  const empty = emptyValues(resource, type);
  if (empty.length > 0) return empty;
  const issues = door.validate(resource, known === undefined ? {} : { profile: known });
  return errorsOf(issues).length > 0 ? issues : [...doorWarnings(resource), ...issues];
};

/** A Subscription is only switched off, and that it may be always. */
const removalIssues = (exchange: Exchange, door: Door, { type, id }: Stored): Promise<readonly Issue[]> | readonly Issue[] =>
  type === 'Subscription'
    ? []
    : rehearsed(door.store, (store) => store.remove({ principal: principalOf(exchange), type, id, ifMatch: null }));

const issuesOf = async (exchange: Exchange, door: Door, asked: ValidateAsked, stored: Stored | null): Promise<readonly Issue[]> => {
  // A resource that was sent is meant to be written; what is stored has been.
  const mode: Mode = asked.mode ?? (asked.resource === null ? 'profile' : stored === null ? 'create' : 'update');
  if (mode === 'delete') {
    if (stored === null) throw badParameter('mode', 'delete asks about one resource: [type]/[id]/$validate');
    const refused = notOffered(exchange, mode);
    return refused.length > 0 ? refused : removalIssues(exchange, door, stored);
  }
  const resource = asked.resource ?? (stored === null ? null : shown(stored.body));
  if (resource === null)
    throw new Anomaly('malformed', {
      at: "Parameters.parameter.where(name='resource')",
      code: 'required',
      help: 'is the resource to validate',
    });
  const content = contentIssues(exchange, door, resource, asked);
  if (mode === 'profile' || errorsOf(content).length > 0) return content;
  // What was found in order holds warnings at most: what forbids comes first.
  const refused = notOffered(exchange, mode);
  if (refused.length > 0) return [...refused, ...content];
  const intended = { sent: resource, stored: mode === 'create' ? null : stored, isRehearsed: asked.mode !== null };
  return [...(await writeIssues(exchange, door, intended)), ...content];
};

/**
 * $validate of a type and of one resource (R4 resource operations): all that a write would be told, and nothing is stored. 200 whatever is found;
 * a call that cannot be read is refused, and a resource out of reach is answered as if it were not there (I6).
 */
export const validate: Act = async (exchange, door): Promise<Answer> => {
  const { id } = routeOf(exchange);
  const stored = id === '' ? null : await readOwn(exchange, door);
  const asked = validateAsked(exchange);
  const issues = await issuesOf(exchange, door, asked, stored);
  const well: Issue = { at: null, code: 'informational', severity: 'information', help: 'nothing is wrong: this would be taken' };
  const body = toOperationOutcome(
    { category: 'incorrect', issues: errorsOf(issues).length === 0 ? [well, ...issues] : issues },
    { system: door.config.errorCodeSystem, status: CATEGORY_TABLE.incorrect.status },
  );
  return { status: 200, headers: {}, body };
};
