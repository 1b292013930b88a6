import { Profile, System } from './canonicals.ts';

/** What can be asked of a type: the interactions of R4 http, and the operations of the broker. */
export const INTERACTIONS = [
  'read',
  'vread',
  'history-instance',
  'history-type',
  'search',
  'create',
  'update',
  'patch',
  'delete',
  'validate',
  'document',
  'projections',
  'approve',
  'withdraw',
  'match',
  'everything',
  'evaluate',
  'emergency-access',
  'list',
  'sharing',
  'explain',
  'print',
  'preview-release',
  'submit-for-review',
  'comment',
  'changes',
  'report-reuse',
  'ending-progress',
  'ending-proof',
  'access-log',
  'raise-concern',
  'refuse-sharing',
  'pause',
  'resume',
  'check',
  'replay',
  'status',
  'events',
  'resend',
  'end-chase',
  'move',
  'rotate-credential',
  'status',
  'events',
  'rotate-secret',
  'get-ws-binding-token',
] as const;
export type Interaction = (typeof INTERACTIONS)[number];

/** One resource type as the door offers it: routes, validation, search, CapabilityStatement and docs/api.md are all made from these rows. */
export interface ResourceType {
  readonly type: string;
  /** URL of the profile by which it is taken; null is base R4. */
  readonly profile: string | null;
  /** The profile by which it is taken instead, where it says by a code that it is something else. */
  readonly instead: OtherProfile | null;
  readonly interactions: readonly Interaction[];
  /** Codes of R4 search parameters; those of every resource (`_id`, `_lastUpdated`) are not repeated. */
  readonly search: readonly string[];
  /** Search parameters of the broker's own, where R4 has none. */
  readonly own: readonly OwnParameter[];
}

/** A profile of those resources of a type that carry a code. */
export interface OtherProfile {
  readonly profile: string;
  /** The element that holds the code, a CodeableConcept or several. */
  readonly element: string;
  readonly system: string;
  /** Null is any code of the system. */
  readonly code: string | null;
}

/** A search parameter that R4 does not define for the type; published as a SearchParameter of the broker. */
export interface OwnParameter {
  readonly code: string;
  readonly type: 'token' | 'reference';
  readonly expression: string;
  readonly target: readonly string[];
  readonly description: string;
}

const SEE: readonly Interaction[] = ['read', 'search'];
const KEEP: readonly Interaction[] = [
  'read',
  'vread',
  'history-instance',
  'history-type',
  'search',
  'create',
  'update',
  'patch',
  'validate',
];
/** What nothing is decided by may be taken back; what says a fact is ended by its status, and stays. */
const DELETABLE: readonly Interaction[] = [...KEEP, 'delete'];

const row = (
  type: string,
  profile: string | null,
  interactions: readonly Interaction[],
  search: string,
  own: readonly OwnParameter[] = [],
  instead: OtherProfile | null = null,
): ResourceType => ({ type, profile, instead, interactions, search: search.split(' '), own });

export const RESOURCE_TYPES: readonly ResourceType[] = [
  row(
    'Patient',
    Profile.planPatient,
    [...KEEP, 'match', 'everything', 'emergency-access', 'sharing', 'access-log', 'raise-concern', 'refuse-sharing'],
    'active address-postalcode birthdate death-date deceased email family gender general-practitioner given identifier link name organization phone telecom',
  ),
  row('RelatedPerson', null, DELETABLE, 'active birthdate email gender identifier name patient phone relationship telecom', [], {
    profile: Profile.legalProxy,
    element: 'relationship',
    system: System.legalProxy,
    code: null,
  }),
  row('Practitioner', null, DELETABLE, 'active email family gender given identifier name phone telecom'),
  row('PractitionerRole', null, DELETABLE, 'active date endpoint identifier location organization practitioner role service specialty'),
  row('Organization', null, KEEP, 'active address-postalcode endpoint identifier name partof type'),
  row(
    'HealthcareService',
    Profile.recipientService,
    [...KEEP, 'pause', 'resume', 'end-chase'],
    'active characteristic coverage-area endpoint identifier location name organization program service-category service-type specialty',
  ),
  row('Location', null, DELETABLE, 'address-postalcode endpoint identifier name operational-status organization partof status type'),
  row(
    'Endpoint',
    Profile.destinationEndpoint,
    [...KEEP, 'check', 'replay', 'move', 'rotate-credential'],
    'connection-type identifier name organization payload-type status',
  ),
  row('CareTeam', null, DELETABLE, 'category date encounter identifier participant patient status subject'),
  row('EpisodeOfCare', null, DELETABLE, 'care-manager condition date identifier incoming-referral organization patient status type'),
  row(
    'CarePlan',
    Profile.crisisPlan,
    [...DELETABLE, 'projections', 'approve', 'withdraw', 'explain', 'print', 'preview-release', 'submit-for-review', 'comment', 'changes'],
    'activity-code activity-date activity-reference based-on care-team category condition date encounter goal identifier instantiates-canonical instantiates-uri intent part-of patient performer replaces status subject',
    [
      {
        code: 'supporting-info',
        type: 'reference',
        expression: 'CarePlan.supportingInfo',
        target: ['Composition'],
        description: 'The words of the plan (R4 defines no parameter that leads to them)',
      },
    ],
  ),
  row(
    'Composition',
    Profile.planWords,
    [...DELETABLE, 'document'],
    'attester author category confidentiality context date encounter entry identifier patient period related-id related-ref section status subject title type',
  ),
  row(
    'Consent',
    Profile.sharingConsent,
    [...KEEP, 'evaluate'],
    'action actor category consentor data date identifier organization patient period purpose scope security-label source-reference status',
    [],
    { profile: Profile.advanceDecision, element: 'scope', system: System.consentScope, code: 'adr' },
  ),
  row(
    'Contract',
    Profile.sharingAgreement,
    [...KEEP, 'report-reuse', 'ending-progress', 'ending-proof'],
    'authority domain identifier instantiates issued patient signer status subject url',
  ),
  row('Provenance', Profile.planApproval, KEEP, 'agent agent-role agent-type entity location patient recorded signature-type target when'),
  row('AuditEvent', null, SEE, 'action agent date entity outcome patient subtype type'),
  row('Flag', Profile.planFlag, [...SEE, 'list'], 'identifier patient subject', [
    {
      code: 'status',
      type: 'token',
      expression: 'Flag.status',
      target: [],
      description: 'Whether the flag is in force (R4 defines no such parameter; R5 does)',
    },
    {
      code: 'code',
      type: 'token',
      expression: 'Flag.code',
      target: [],
      description: 'What the flag says',
    },
    {
      code: 'detail',
      type: 'reference',
      expression: "Flag.extension.where(url='http://hl7.org/fhir/StructureDefinition/flag-detail').value",
      target: ['CarePlan'],
      description: 'The plan that the flag points to',
    },
  ]),
  row(
    'DocumentReference',
    null,
    DELETABLE,
    'authenticator author category contenttype custodian date description encounter event facility format identifier language location patient period related relatesto relation security-label setting status subject type',
  ),
  row(
    'Encounter',
    Profile.crisisContact,
    KEEP,
    'account appointment based-on class date diagnosis episode-of-care identifier location location-period part-of participant participant-type patient practitioner reason-code reason-reference service-provider special-arrangement status subject type',
  ),
  row(
    'Task',
    Profile.brokerTask,
    ['read', 'search', 'update', 'patch'],
    'authored-on based-on business-status code encounter focus group-identifier identifier intent modified owner part-of patient performer period priority requester status subject',
  ),
  row(
    'Communication',
    null,
    DELETABLE,
    'based-on category encounter identifier instantiates-canonical instantiates-uri medium part-of patient received recipient sender sent status subject',
  ),
  row(
    'Questionnaire',
    null,
    DELETABLE,
    'code context context-type date definition description effective identifier jurisdiction name publisher status subject-type title url version',
  ),
  row(
    'QuestionnaireResponse',
    null,
    DELETABLE,
    'author authored based-on encounter identifier part-of patient questionnaire source status subject',
  ),
  row(
    'Subscription',
    Profile.planSubscription,
    [...DELETABLE, 'status', 'events', 'resend', 'rotate-secret', 'get-ws-binding-token'],
    'contact criteria payload status type url',
  ),
  row('Group', null, DELETABLE, 'actual characteristic code exclude identifier managing-entity member type value'),
  row(
    'Measure',
    null,
    DELETABLE,
    'composed-of context context-type date depends-on derived-from description effective identifier jurisdiction name predecessor publisher status successor title topic url version',
  ),
  row('MeasureReport', null, DELETABLE, 'date evaluated-resource identifier measure patient period reporter status subject'),
  row(
    'ChargeItemDefinition',
    null,
    DELETABLE,
    'context context-type date description effective identifier jurisdiction publisher status title url version',
  ),
];

const BY_TYPE: ReadonlyMap<string, ResourceType> = new Map(RESOURCE_TYPES.map((each) => [each.type, each]));

/** The row of a type; undefined where the door does not offer it. */
export const resourceType = (type: string): ResourceType | undefined => BY_TYPE.get(type);

/** Types of definition that the broker publishes, and anyone may read. */
export const CONFORMANCE_TYPES = [
  'StructureDefinition',
  'CodeSystem',
  'ValueSet',
  'ConceptMap',
  'NamingSystem',
  'SearchParameter',
  'OperationDefinition',
  'CapabilityStatement',
  'MessageDefinition',
  // The topic of Subscriptions: R4 has no type for it.
  'Basic',
] as const;
