import type { Kind } from '../model/kind.ts';
import { RECIPIENT_KINDS } from '../model/kind.ts';

/** What can be asked of a type at this door. */
export type Interaction =
  | 'read'
  | 'vread'
  | 'history'
  | 'search'
  | 'create'
  | 'update'
  | 'delete'
  | 'validate'
  | 'document'
  | 'approve'
  | 'withdraw';

/**
 * How far a permission reaches. `own`: written by the caller's organisation. `addressed`: Tasks that name it as owner, and what they are about.
 * `provided`: its own service. `disclosed`: what the gates let this recipient see, computed, never a stored resource.
 */
export type Reach = 'any' | 'own' | 'addressed' | 'own-or-addressed' | 'provided' | 'disclosed' | 'own-or-disclosed';

interface Row {
  readonly kinds: readonly Kind[];
  readonly types: readonly string[];
  readonly may: readonly Interaction[];
  readonly reach: Reach;
}

const row = (kinds: readonly Kind[], types: readonly string[], may: readonly Interaction[], reach: Reach): Row => ({
  kinds,
  types,
  may,
  reach,
});

const READERS = RECIPIENT_KINDS.filter((kind) => kind !== 'publisher');
const KEEP: readonly Interaction[] = ['create', 'read', 'vread', 'history', 'update', 'search', 'validate'];

/** Who may do what: everything that has no row is refused. No row gives an operator or an evaluator the words of a plan. */
export const POLICY: readonly Row[] = [
  row(['operator'], ['Organization', 'HealthcareService', 'Endpoint', 'Contract', 'Location'], KEEP, 'any'),
  row(['operator'], ['Task'], ['read', 'search', 'update'], 'addressed'),

  row(
    ['publisher'],
    ['Patient', 'CarePlan', 'Composition'],
    KEEP.filter((each) => each !== 'read'),
    'own',
  ),
  row(['publisher'], ['Patient', 'CarePlan', 'Composition'], ['read'], 'own-or-disclosed'),
  row(['publisher'], ['RelatedPerson', 'CareTeam', 'Practitioner', 'PractitionerRole', 'Consent', 'Provenance'], KEEP, 'own'),
  row(['publisher'], ['CarePlan'], ['approve', 'withdraw'], 'own'),
  row(['publisher'], ['Encounter'], ['read'], 'own-or-addressed'),

  row(READERS, ['CarePlan', 'Composition', 'Patient'], ['read', 'search'], 'disclosed'),
  row(READERS, ['Encounter'], ['read'], 'own'),
  row(RECIPIENT_KINDS, ['Flag'], ['read', 'search'], 'disclosed'),
  row(RECIPIENT_KINDS, ['Composition'], ['document'], 'disclosed'),
  row(RECIPIENT_KINDS, ['Encounter'], ['create', 'update', 'vread', 'history', 'search', 'validate'], 'own'),
  row(RECIPIENT_KINDS, ['Subscription'], [...KEEP, 'delete'], 'own'),
  row(RECIPIENT_KINDS, ['Endpoint'], KEEP, 'own'),
  row(RECIPIENT_KINDS, ['Task'], ['read', 'search', 'update'], 'addressed'),
  row(RECIPIENT_KINDS, ['HealthcareService'], ['read'], 'provided'),
];

const cell = (kind: Kind, type: string, interaction: Interaction): string => `${kind} ${type} ${interaction}`;

const REACHES: ReadonlyMap<string, Reach> = new Map(
  POLICY.flatMap(({ kinds, types, may, reach }) =>
    kinds.flatMap((kind) => types.flatMap((type) => may.map((each): [string, Reach] => [cell(kind, type, each), reach]))),
  ),
);

/** How far a kind may go with an interaction on a type; null is "not at all". */
export const permitted = (kind: Kind, type: string, interaction: Interaction): Reach | null =>
  REACHES.get(cell(kind, type, interaction)) ?? null;

/** The types that the door offers to anyone, and what it offers of each: the CapabilityStatement says the same. */
export const OFFERED: ReadonlyMap<string, ReadonlySet<Interaction>> = POLICY.reduce((offered, { types, may }) => {
  for (const type of types) offered.set(type, new Set([...(offered.get(type) ?? []), ...may]));
  return offered;
}, new Map<string, Set<Interaction>>());
