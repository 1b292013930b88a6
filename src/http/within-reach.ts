import type { Resource, Task } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import { fromHealthcareService } from '../../mappings/facts/from-healthcare-service.ts';
import { idOf, odsOf } from '../../mappings/facts/reference-of.ts';
import { isOwn, type Principal } from '../model/principal.ts';
import type { DoorStore, Stored } from '../store/door.ts';
import { ALL, searchAmong } from '../store/search/search.ts';
import type { Reach } from './policy.ts';

const isTask = (resource: Resource): resource is Task => resource.resourceType === 'Task';

/** Whether a Task names the caller as the one that has it to do: its organisation, and its kind of service. */
export const isAddressedTo = (resource: Resource, { organization, kind }: Principal): boolean =>
  isTask(resource) &&
  odsOf(resource.owner) === organization &&
  (resource.performerType ?? []).some(({ coding }) => coding?.some((one) => one.system === System.kind && one.code === kind));

/** More Tasks than anything has about it. */
const MOST_TASKS = 100;

const isSubjectOfTask = async (store: DoorStore, { type, id }: Stored, ods: string): Promise<boolean> => {
  const focus = { is: 'token', param: 'focus', anyOf: [`${type}/${id}`] } as const;
  const { rows } = await store.search(searchAmong('Task', ALL, [focus], MOST_TASKS));
  return rows.some(({ body }) => isTask(body) && odsOf(body.owner) === ods);
};

/** Whether a stored HealthcareService is the caller's: its organisation's, and of its kind. */
export const isProvidedBy = async (store: DoorStore, service: Stored, { organization, kind }: Principal): Promise<boolean> => {
  if (service.body.resourceType !== 'HealthcareService') return false;
  const { providedBy, recipient } = fromHealthcareService(service.body);
  if (recipient.kind !== kind) return false;
  const named = odsOf(providedBy);
  const id = idOf(providedBy, 'Organization');
  const provider = id === null ? null : await store.read('Organization', id);
  const stored =
    provider?.body.resourceType === 'Organization'
      ? (provider.body.identifier?.find(({ system }) => system === System.odsOrganization)?.value ?? null)
      : null;
  // Where a logical and a literal reference stand together, both must say the same.
  if (named !== null && named !== organization) return false;
  return id === null ? named === organization : stored === organization;
};

/** Whether a stored resource is within a caller's reach. What is not, is answered as if it were not there. */
export const isWithinReach = async (store: DoorStore, principal: Principal, reach: Reach, stored: Stored): Promise<boolean> => {
  switch (reach) {
    case 'any':
      return true;
    case 'own':
    case 'own-or-disclosed':
      return isOwn(stored, principal);
    case 'addressed':
      return isAddressedTo(stored.body, principal);
    case 'own-or-addressed':
      return isOwn(stored, principal) || (await isSubjectOfTask(store, stored, principal.organization));
    case 'provided':
      return isProvidedBy(store, stored, principal);
    case 'party':
      return store.isParty(principal, stored.id, 'either');
    case 'published':
      return store.isParty(principal, stored.id, 'publisher');
    // What is a person's own is asked for before it is read (`readOwn`).
    case 'self':
    case 'disclosed':
      return false;
    default:
      return reach satisfies never;
  }
};
