import type { CareTeam, Group, HealthcareService, Identifier, PractitionerRole, Reference, Resource } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';

/** Every reference in a consent, a resource and an actor is held in this form: relative, without a version; a logical one as `system|value`. */
export const nameOf = (reference: string): string => {
  const match = /(?:^|\/)([A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/.exec(reference);
  return match?.[1] ?? reference;
};

const numberOf = ({ system, value }: Identifier): string[] => (system === undefined || value === undefined ? [] : [`${system}|${value}`]);

/** The names that a reference has in itself: what it points to, and the identifier that stands beside it. */
export const namesOf = (reference: Reference | undefined): readonly string[] => [
  ...(reference?.reference === undefined ? [] : [nameOf(reference.reference)]),
  ...(reference?.identifier === undefined ? [] : numberOf(reference.identifier)),
];

const identifiersOf = (resource: Resource): readonly Identifier[] =>
  'identifier' in resource && Array.isArray(resource.identifier) ? (resource.identifier as readonly Identifier[]) : [];

/** The names of a resource itself. */
export const ownNames = (resource: Resource): readonly string[] => [
  ...(resource.id === undefined ? [] : [`${resource.resourceType}/${resource.id}`]),
  ...identifiersOf(resource).flatMap(numberOf),
];

const ofRole = ({ practitioner, organization }: PractitionerRole): readonly string[] => [
  ...namesOf(practitioner),
  ...namesOf(organization),
];
/** A service is its organisation's, and of its kind. */
const ofService = ({ providedBy, type }: HealthcareService): readonly string[] => [
  ...namesOf(providedBy),
  ...(type ?? []).flatMap(({ coding }) =>
    (coding ?? []).flatMap(({ system, code }) => (system === System.kind ? [`${system}|${code}`] : [])),
  ),
];
const membersOf = ({ member }: Group): readonly string[] =>
  (member ?? []).filter(({ inactive }) => inactive !== true).flatMap(({ entity }) => namesOf(entity));
const participantsOf = ({ participant }: CareTeam): readonly string[] => (participant ?? []).flatMap(({ member }) => namesOf(member));

/** Whom somebody who has the names of a resource acts as besides. */
const standsFor = (resource: Resource): readonly string[] =>
  resource.resourceType === 'PractitionerRole'
    ? ofRole(resource)
    : resource.resourceType === 'HealthcareService'
      ? ofService(resource)
      : [];
/** Who is in it. */
const within = (resource: Resource): readonly string[] =>
  resource.resourceType === 'Group' ? membersOf(resource) : resource.resourceType === 'CareTeam' ? participantsOf(resource) : [];

/** Every name of an actor that the resources beside it tell: its identifiers, its organisation, its kind, the groups that it is in. */
export const namesOfActor = (actor: Reference, resources: readonly Resource[]): readonly string[] => {
  const names = new Set(namesOf(actor));
  for (let before = -1; before < names.size; ) {
    before = names.size;
    for (const resource of resources) {
      const own = ownNames(resource);
      const isIt = own.some((name) => names.has(name));
      if (!isIt && !within(resource).some((name) => names.has(name))) continue;
      for (const name of [...own, ...(isIt ? standsFor(resource) : [])]) names.add(name);
    }
  }
  return [...names];
};
