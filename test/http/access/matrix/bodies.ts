import { KINDS, type Kind, RECIPIENT_KINDS, type RecipientKind } from '../../../../src/model/kind.ts';
import { System } from '../../../../profiles/canonicals.ts';
import { VALID } from '../../../fuzz/valid-resources.ts';
import * as body from '../../../support/bodies.ts';
import { nhsNumbersFrom } from '../../../support/nhs-numbers.ts';
import { AMBER, example, NOBODY } from '../../open-door.ts';

export type Body = Record<string, unknown> & { readonly resourceType: string; readonly id?: string };

/** The organisations whose callers ask: what is asked for is the first one's. */
export const OWN = 'ZZ1';
export const OTHER = 'ZZ9';
/** A force is an organisation of its own: none that employs police may publish a plan (G4). */
export const odsOf = (kind: Kind, ods: string): string => (kind === 'police' ? `${ods}POL` : ods);
/** One in which nobody calls: what is made by the way is about it. */
const THIRD = 'ZZ5';
/** The person whose plan is disclosed to the other organisation. `AMBER` is the one whose plan is not. */
export const BERYL = nhsNumbersFrom(120_000).next();

export const orgOf = (ods: string): string => `org-${ods.toLowerCase()}`;
export const kindId = (kind: Kind, ods: string): string => `${kind}-${ods.toLowerCase()}`;
export const isRecipient = (kind: Kind): kind is RecipientKind => RECIPIENT_KINDS.some((each) => each === kind);

const asBody = (resource: object): Body => JSON.parse(JSON.stringify(resource)) as Body;
const identified = (resource: object, id: string): Body => ({ ...asBody(resource), id });

let count = 0;
/** Another value each time: two of an organisation's own may not say the same. */
const next = (): string => {
  count += 1;
  return String(count).padStart(4, '0');
};

/** Types of which each kind has one of its own. */
const BY_KIND: ReadonlySet<string> = new Set(['HealthcareService', 'Endpoint', 'Subscription', 'Encounter', 'Task', 'MeasureReport']);
/** Types that the operator keeps for both organisations. */
const OF_OPERATOR: ReadonlySet<string> = new Set([
  'Organization',
  'Contract',
  'Location',
  'Questionnaire',
  'Measure',
  'ChargeItemDefinition',
]);

/** Who of a kind has what is asked for, where the kind has one. */
const keeperOf = (type: string, kind: Kind): Kind => {
  if (type === 'MeasureReport') return kind === 'evaluator' ? 'evaluator' : 'publisher';
  if (type === 'Task') return isRecipient(kind) || kind === 'operator' ? kind : 'publisher';
  return isRecipient(kind) ? kind : 'publisher';
};

/** The id of what a caller of a kind asks for: the first organisation's, or, for the operator, what it keeps for either. */
export const idOf = (type: string, kind: Kind, target: 'own' | 'other'): string => {
  const ods = kind === 'operator' && target === 'other' ? OTHER : OWN;
  if (type === 'Task' && kind === 'operator') return target === 'own' ? 'operator-broker' : kindId('publisher', OWN);
  // Addresses of both sorts share their ids.
  if (type === 'Subscription') return `hook-${kindId(keeperOf(type, kind), ods)}`;
  if (BY_KIND.has(type)) return kindId(keeperOf(type, kind), ods);
  if (type === 'Organization') return orgOf(ods);
  if (OF_OPERATOR.has(type)) return ods === OWN ? 'mine' : 'theirs';
  return type === 'Patient' ? 'amber' : 'mine';
};

/** Whose it is in the ground. */
export const writerOf = (type: string, kind: Kind, ods: string = OWN): { readonly ods: string; readonly kind: Kind } => {
  if (OF_OPERATOR.has(type) || type === 'HealthcareService') return { ods: 'BROKER', kind: 'operator' };
  const keeper = BY_KIND.has(type) ? keeperOf(type, kind) : 'publisher';
  return { ods: odsOf(keeper, ods), kind: keeper };
};

export const task = (id: string, ods: string, kind: Kind): Body =>
  asBody({
    resourceType: 'Task',
    id,
    status: 'requested',
    intent: 'order',
    code: { coding: [{ system: System.taskCode, code: 'crisis-contact' }] },
    focus: { reference: 'CarePlan/nowhere' },
    authoredOn: '2026-11-01T10:00:00Z',
    performerType: [{ coding: [{ system: System.kind, code: kind }] }],
    owner: { type: 'Organization', identifier: { system: System.odsOrganization, value: ods } },
  });

const small = (type: string): Body => {
  const found = VALID.findLast((each) => each.type === type);
  if (found === undefined) throw new Error(`there is no valid ${type}`);
  const { id: _, ...rest } = found.resource;
  return asBody({ ...rest, resourceType: type });
};

const contact = (value: string): object => ({
  ...example('crisis-contact'),
  identifier: [{ system: 'https://contacts.example/incident', value }],
  subject: { identifier: { system: System.nhsNumber, value: NOBODY } },
});

const plan = (id: string, words: string): object => body.carePlan(id, 'amber', words, { reach: [], identifier: `plan-${id}` });

/** A resource of a type as one of the first organisation writes it, with what it refers to of that organisation's own. */
export const bodyOf = (type: string, kind: Kind, id: string, ods: string = OWN): Body => {
  switch (type) {
    case 'Patient':
      return identified(body.patient(id, AMBER), id);
    case 'CarePlan':
      return identified(plan(id, 'of-drafts'), id);
    case 'Composition':
      return identified(body.composition(id, 'amber', { 'please-do': 'Made-up words' }), id);
    case 'Consent':
      return identified(body.consent(id, 'amber', orgOf(OWN), { deny: ['epr'] }), id);
    case 'Provenance':
      return identified({ ...body.approval('of-nothing', orgOf(OWN)) }, id);
    case 'Organization':
      return identified(body.organization(id, `ZZX${next()}`, 'ed'), id);
    case 'HealthcareService':
      return identified(body.service(id, orgOf(THIRD), 'ed'), id);
    case 'Contract':
      return identified(body.agreement(orgOf(THIRD), [kindId('ed', THIRD)]), id);
    case 'Endpoint':
      return identified(body.endpoint(id, kindId(keeperOf(type, kind), ods), orgOf(odsOf(kind, ods)), 'https://endpoint.example/fhir'), id);
    case 'Subscription':
      return identified(example('plan-subscription'), id);
    case 'Encounter':
      return identified(contact(`INC-${id}-${next()}`), id);
    case 'Task':
      return { ...task(id, odsOf(kind, OWN), kind), status: 'accepted' };
    case 'Flag':
    case 'AuditEvent':
      return { resourceType: type, id };
    default:
      return identified(small(type), id);
  }
};

/** Of the first organisation's services: their Subscriptions over a websocket. */
export const socketId = (kind: Kind): string => `socket-${kindId(isRecipient(kind) ? kind : 'publisher', OWN)}`;
const overWebsocket = (id: string): Body => {
  const { channel, ...subscription } = example('plan-subscription') as { readonly channel: { readonly endpoint?: string } };
  const { endpoint: _, ...rest } = channel;
  return identified({ ...subscription, channel: { ...rest, type: 'websocket' } }, id);
};

const WORDS = { 'please-do': 'Sit down beside me', 'who-to-ring': 'The crisis team, day and night: 01632 960002' };

/** What the ground holds, in the order in which it can be written, each with who writes it. */
export const GROUND: readonly { readonly by: { readonly ods: string; readonly kind: Kind }; readonly resource: Body }[] = [
  ...[OWN, OTHER, THIRD, odsOf('police', OWN), odsOf('police', OTHER)].map((ods) => body.organization(orgOf(ods), ods, 'publisher')),
  ...[OWN, OTHER].flatMap((ods) => RECIPIENT_KINDS.map((kind) => body.service(kindId(kind, ods), orgOf(odsOf(kind, ods)), kind))),
  body.service(kindId('ed', THIRD), orgOf(THIRD), 'ed'),
  // A record locator, to which a pointer to Beryl's plan is owed.
  body.organization('org-locator', 'ZZ26', 'epr'),
  body.service('locator', 'org-locator', 'epr'),
  body.locatorEndpoint('locator', 'locator', 'org-locator', 'https://locator.example/FHIR/R4'),
  // The first organisation discloses to every service of the other, and to none of its own.
  {
    ...body.agreement(
      orgOf(OWN),
      RECIPIENT_KINDS.map((kind) => kindId(kind, OTHER)),
    ),
    id: 'mine',
  },
  { ...body.agreement(orgOf(THIRD), [kindId('ed', THIRD)]), id: 'theirs' },
  // A Subscription of a service that is in no agreement is told nothing: the first organisation's are in one with a publisher that has no plan.
  {
    ...body.agreement(
      orgOf(THIRD),
      RECIPIENT_KINDS.map((kind) => kindId(kind, OWN)),
    ),
    id: 'of-no-plan',
  },
  ...['Location', 'Questionnaire', 'Measure', 'ChargeItemDefinition'].flatMap((type) =>
    ['mine', 'theirs'].map((id) => bodyOf(type, 'operator', id)),
  ),
]
  .map((resource): { by: { ods: string; kind: Kind }; resource: Body } => ({
    by: { ods: 'BROKER', kind: 'operator' },
    resource: asBody(resource),
  }))
  .concat(
    [
      body.patient('amber', AMBER),
      body.patient('beryl', BERYL, 'Testperson-Beryl'),
      ...['author', 'approver', 'nurse'].map((id) => body.practitioner(id)),
      body.composition('of-drafts', 'amber', { 'please-do': 'Made-up words' }),
      ...['RelatedPerson', 'Practitioner', 'PractitionerRole', 'CareTeam', 'EpisodeOfCare', 'DocumentReference'].map((type) =>
        bodyOf(type, 'publisher', 'mine'),
      ),
      ...['Communication', 'QuestionnaireResponse', 'Group', 'CarePlan', 'Composition', 'Consent', 'Provenance'].map((type) =>
        bodyOf(type, 'publisher', 'mine'),
      ),
      // Beryl's plan is approved, and permitted to every kind.
      body.composition('words-of-beryl', 'beryl', WORDS),
      body.carePlan('plan-of-beryl', 'beryl', 'words-of-beryl', {
        reach: [...RECIPIENT_KINDS.map((kind) => kindId(kind, OTHER)), 'locator'],
      }),
      body.consent('consent-of-beryl', 'beryl', orgOf(OWN), { kinds: RECIPIENT_KINDS }),
      ...['to-approve', 'to-withdraw'].flatMap((id) => [
        body.composition(`words-${id}`, 'amber', WORDS),
        { ...plan(id, `words-${id}`), resourceType: 'CarePlan', id },
      ]),
    ].map((resource) => ({ by: { ods: OWN, kind: 'publisher' as const }, resource: asBody(resource) })),
  )
  .concat(
    ['Endpoint', 'Subscription', 'Encounter', 'MeasureReport'].flatMap((type) =>
      KINDS.filter((kind) => keeperOf(type, kind) === kind).map((kind) => ({
        by: writerOf(type, kind),
        resource: bodyOf(type, kind, idOf(type, kind, 'own')),
      })),
    ),
  )
  .concat(RECIPIENT_KINDS.map((kind) => ({ by: writerOf('Subscription', kind), resource: overWebsocket(socketId(kind)) })))
  .concat([{ by: { ods: OTHER, kind: 'publisher' }, resource: bodyOf('Endpoint', 'publisher', kindId('publisher', OTHER), OTHER) }]);
