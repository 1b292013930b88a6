import type { Interaction } from '../../profiles/resource-types.ts';
import { FLAG_LIST_KINDS } from '../model/flag-list.ts';
import type { Kind } from '../model/kind.ts';
import { EMERGENCY_KINDS, KINDS, RECIPIENT_KINDS } from '../model/kind.ts';
import type { Principal } from '../model/principal.ts';
import { scopesPermit } from '../model/scope.ts';
import { SCOPE_LETTERS } from './access/scope-letters.ts';
import type { Route, SystemInteraction } from './routes.ts';

/**
 * How far a permission reaches. `own`: written by the caller's organisation, as the kind of service that it is. `addressed`: Tasks that name it as owner, and what they are about.
 * `self`: the person who calls: their own records, plans in force, and what they raised. `provided`: its own service. `published`: agreements of which it is, or was, a publisher. `party`: or a recipient. `disclosed`: what the gates let this recipient see, computed, never a stored resource.
 */
export type Reach =
  | 'any'
  | 'own'
  | 'addressed'
  | 'own-or-addressed'
  | 'provided'
  | 'published'
  | 'party'
  | 'disclosed'
  | 'own-or-disclosed'
  | 'self';

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
const KEEP: readonly Interaction[] = [
  'create',
  'read',
  'vread',
  'history-instance',
  'history-type',
  'update',
  'patch',
  'search',
  'validate',
];
/** With what nothing is decided by. */
const KEEP_OR_DELETE: readonly Interaction[] = [...KEEP, 'delete'];
const without = (interactions: readonly Interaction[], ...left: readonly Interaction[]): readonly Interaction[] =>
  interactions.filter((each) => !left.includes(each));

/** Who may do what: everything that has no row is refused. No row gives an operator or an evaluator the words of a plan. */
export const POLICY: readonly Row[] = [
  row(['operator'], ['Organization', 'HealthcareService', 'Endpoint', 'Contract'], KEEP, 'any'),
  row(['operator'], ['HealthcareService'], ['pause', 'resume'], 'any'),
  row(['operator'], ['Endpoint'], ['check'], 'any'),
  row(['operator'], ['Endpoint'], ['replay', 'move', 'rotate-credential'], 'any'),
  row(['operator'], ['HealthcareService'], ['end-chase'], 'any'),
  row(['operator'], ['Location'], KEEP_OR_DELETE, 'any'),
  row(['operator'], ['Task'], ['read', 'search', 'update', 'patch'], 'addressed'),
  row(['operator'], ['AuditEvent'], ['read', 'search'], 'any'),
  // Definitions name nobody: the operator keeps them, and every caller may read them.
  row(['operator'], ['Questionnaire', 'Measure', 'ChargeItemDefinition'], KEEP_OR_DELETE, 'any'),
  row(
    KINDS.filter((kind) => kind !== 'operator'),
    ['Questionnaire', 'Measure', 'ChargeItemDefinition'],
    ['read', 'search'],
    'any',
  ),

  row(['publisher'], ['Patient'], without(KEEP, 'read'), 'own'),
  row(['publisher'], ['CarePlan', 'Composition'], without(KEEP_OR_DELETE, 'read'), 'own'),
  row(['publisher'], ['Patient', 'CarePlan', 'Composition'], ['read'], 'own-or-disclosed'),
  row(['publisher'], ['Patient'], ['match', 'everything'], 'own'),
  row(['publisher'], ['AuditEvent'], ['read', 'search'], 'own'),
  row(['publisher'], ['Consent', 'Provenance'], KEEP, 'own'),
  row(
    ['publisher'],
    ['RelatedPerson', 'CareTeam', 'Practitioner', 'PractitionerRole', 'EpisodeOfCare', 'DocumentReference', 'Communication'],
    KEEP_OR_DELETE,
    'own',
  ),
  row(['publisher'], ['QuestionnaireResponse', 'Group', 'MeasureReport'], KEEP_OR_DELETE, 'own'),
  row(['evaluator'], ['MeasureReport'], KEEP_OR_DELETE, 'own'),
  row(
    ['publisher'],
    ['CarePlan'],
    ['projections', 'approve', 'withdraw', 'explain', 'print', 'preview-release', 'submit-for-review', 'comment', 'changes'],
    'own',
  ),
  row(['publisher'], ['Patient'], ['sharing', 'access-log'], 'own'),
  row(['person'], ['Patient'], ['search', 'sharing', 'access-log', 'raise-concern', 'refuse-sharing'], 'self'),
  row(['person'], ['CarePlan'], ['read', 'search', 'explain', 'print', 'preview-release'], 'self'),
  row(['person'], ['Composition'], ['read'], 'self'),
  row(['person'], ['Task'], ['read', 'search'], 'self'),
  row(['publisher'], ['Contract'], ['ending-progress', 'ending-proof'], 'published'),
  row(RECIPIENT_KINDS, ['Contract'], ['report-reuse'], 'party'),
  row(['publisher'], ['Encounter'], ['read'], 'own-or-addressed'),

  row(READERS, ['CarePlan', 'Composition', 'Patient'], ['read', 'search'], 'disclosed'),
  // Everything is the trust's own: whoever asks for it elsewhere finds nothing, as in a read.
  row(READERS, ['Patient'], ['match', 'everything'], 'disclosed'),
  row(EMERGENCY_KINDS, ['Patient'], ['emergency-access'], 'disclosed'),
  row(READERS, ['Encounter'], ['read'], 'own'),
  row(RECIPIENT_KINDS, ['Flag'], ['read', 'search'], 'disclosed'),
  // Police hold a notice of each plan, and no list of them.
  row(FLAG_LIST_KINDS, ['Flag'], ['list'], 'disclosed'),
  row(RECIPIENT_KINDS, ['Composition'], ['document'], 'disclosed'),
  row(RECIPIENT_KINDS, ['Encounter'], without(KEEP, 'read'), 'own'),
  row(RECIPIENT_KINDS, ['Subscription'], [...KEEP_OR_DELETE, 'status', 'events', 'resend', 'rotate-secret', 'get-ws-binding-token'], 'own'),
  row(RECIPIENT_KINDS, ['Endpoint'], [...KEEP, 'check'], 'own'),
  row(RECIPIENT_KINDS, ['Task'], ['read', 'search', 'update', 'patch'], 'addressed'),
  row(RECIPIENT_KINDS, ['HealthcareService'], ['read'], 'provided'),
  // It reads nothing of anybody but what is sent with it.
  row(KINDS, ['Consent'], ['evaluate'], 'any'),
];

/** Who may send several interactions at once, of which each is then judged by itself, and who may send a message. */
const AT_ALL: Readonly<Record<SystemInteraction, readonly Kind[]>> = { bundle: KINDS, 'process-message': READERS };

/** Whether a kind may do what is asked of no type, whatever its scopes. */
export const kindMayAtAll = (kind: Kind, interaction: SystemInteraction): boolean => AT_ALL[interaction].includes(kind);

/**
 * Whether a caller may do what is asked of no type; a message needs the scope that creates the Encounter of which it tells, or the one that answers a Task
 * where it answers a message of ours: which, is seen when it is read.
 */
export const mayAtAll = ({ kind, scopes }: Principal, interaction: SystemInteraction): boolean =>
  kindMayAtAll(kind, interaction) &&
  (interaction === 'bundle' || scopesPermit(scopes, 'Encounter', 'c') || scopesPermit(scopes, 'Task', 'u'));

export const isSystemInteraction = (interaction: Route['interaction']): interaction is SystemInteraction => interaction in AT_ALL;

const cell = (kind: Kind, type: string, interaction: Interaction): string => `${kind} ${type} ${interaction}`;

const REACHES: ReadonlyMap<string, Reach> = new Map(
  POLICY.flatMap(({ kinds, types, may, reach }) =>
    kinds.flatMap((kind) => types.flatMap((type) => may.map((each): [string, Reach] => [cell(kind, type, each), reach]))),
  ),
);

/** How far a kind may go with an interaction on a type, whatever its scopes; null is "not at all". */
export const permittedToKind = (kind: Kind, type: string, interaction: Interaction): Reach | null =>
  REACHES.get(cell(kind, type, interaction)) ?? null;

/** How far a caller may go with an interaction on a type: what its kind may, where its scopes permit it; null is "not at all". */
export const permitted = ({ kind, scopes }: Principal, type: string, interaction: Interaction): Reach | null =>
  scopesPermit(scopes, type, SCOPE_LETTERS[interaction]) ? permittedToKind(kind, type, interaction) : null;

/** What a notification that carries resources is made of. */
const WHOLE: readonly string[] = ['CarePlan', 'Composition', 'Patient'];

/** Whether a caller may read all that a notification with resources carries: no other road gives what its scopes do not. */
export const mayReadWhole = (principal: Principal): boolean => WHOLE.every((type) => permitted(principal, type, 'read') !== null);
