/** Each URL, system and code that the broker speaks, once. Nothing else in the project spells one. */

export const BASE = 'https://crisis-plan-broker.example/fhir';
const definition = (name: string): string => `${BASE}/StructureDefinition/${name}`;
const codeSystem = (name: string): string => `${BASE}/CodeSystem/${name}`;

/** Identifier and code systems. NHS systems are case-sensitive: nhs.md section 0. */
export const System = {
  nhsNumber: 'https://fhir.nhs.uk/Id/nhs-number',
  odsOrganization: 'https://fhir.nhs.uk/Id/ods-organization-code',
  dosService: 'https://fhir.nhs.uk/Id/dos-service-id',
  gmc: 'https://fhir.hl7.org.uk/Id/gmc-number',
  nmc: 'https://fhir.hl7.org.uk/Id/nmc-number',
  hcpc: 'https://fhir.hl7.org.uk/Id/hcpc-number',
  gdc: 'https://fhir.hl7.org.uk/Id/gdc-number',
  gphc: 'https://fhir.hl7.org.uk/Id/gphc-number',
  sdsUser: 'https://fhir.nhs.uk/Id/sds-user-id',
  snomed: 'http://snomed.info/sct',
  confidentiality: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality',
  actCode: 'http://terminology.hl7.org/CodeSystem/v3-ActCode',
  actReason: 'http://terminology.hl7.org/CodeSystem/v3-ActReason',
  participationType: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType',
  roleCode: 'http://terminology.hl7.org/CodeSystem/v3-RoleCode',
  consentScope: 'http://terminology.hl7.org/CodeSystem/consentscope',
  consentCategory: 'http://terminology.hl7.org/CodeSystem/consentcategorycodes',
  signatureType: 'urn:iso-astm:E1762-95:2013',
  provenanceAgent: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type',
  dicom: 'http://dicom.nema.org/resources/ontology/DCM',
  lifecycle: 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle',
  auditEventType: 'http://terminology.hl7.org/CodeSystem/audit-event-type',
  auditEntityType: 'http://terminology.hl7.org/CodeSystem/audit-entity-type',
  objectRole: 'http://terminology.hl7.org/CodeSystem/object-role',
  resourceTypes: 'http://hl7.org/fhir/resource-types',
  securitySource: 'http://terminology.hl7.org/CodeSystem/security-source-type',
  authorization: 'https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType',
  connectionType: 'http://terminology.hl7.org/CodeSystem/endpoint-connection-type',
  /** Ways to reach an address that HL7's own list has no code for: `mesh`. */
  ownConnectionType: codeSystem('connection-type'),
  httpErrorCodes: 'https://fhir.nhs.uk/CodeSystem/http-error-codes',
  messageEvent: 'https://fhir.nhs.uk/CodeSystem/message-event',
  barsReasonableAdjustment: 'https://fhir.nhs.uk/CodeSystem/reasonable-adjustment-codes-bars',
  barsFlagCategory: 'https://fhir.nhs.uk/CodeSystem/flag-categories-bars',
  barsMessageReason: 'https://fhir.nhs.uk/CodeSystem/message-reason-bars',
  barsMessageEvent: 'https://fhir.nhs.uk/CodeSystem/message-events-bars',
  barsUseCase: 'https://fhir.nhs.uk/CodeSystem/usecases-categories-bars',
  barsMessageCategory: 'https://fhir.nhs.uk/CodeSystem/message-category-servicerequest',
  /** As 69 published BaRS messages spell the system of ODS codes: understood where a message names its sender, never written. */
  odsOrganizationMisspelt: 'https://fhir.nhs.uk/id/ods-organization-code',
  odsRole: 'https://digital.nhs.uk/services/organisation-data-service/CodeSystem/ODSOrganisationRole',
  nhsNumberVerification: 'https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland',
  nrlFormat: 'https://fhir.nhs.uk/England/CodeSystem/England-NRLFormatCode',
  nrlStability: 'https://fhir.nhs.uk/England/CodeSystem/England-NRLContentStability',
  nrlRetrieval: 'https://fhir.nhs.uk/England/CodeSystem/England-NRLRetrievalMechanism',
  /** Errors of the National Record Locator as its specification of 2026 writes them; its code of 2024 has another one (nhs.md section 1). */
  spineError: 'https://fhir.nhs.uk/CodeSystem/Spine-ErrorOrWarningCode',
  spineAsid: 'https://fhir.nhs.uk/Id/nhsSpineASID',
  heading: codeSystem('plan-heading'),
  kind: codeSystem('service-kind'),
  purpose: codeSystem('purpose-of-use'),
  anomaly: codeSystem('anomaly'),
  taskCode: codeSystem('task-code'),
  agreementRole: codeSystem('agreement-role'),
  reuseDuty: codeSystem('reuse-duty'),
  legalProxy: codeSystem('legal-proxy'),
  countrySubdivision: 'urn:iso:std:iso:3166:-2',
  trailEvent: codeSystem('trail-event'),
  emergencyReason: codeSystem('emergency-reason'),
  reuse: codeSystem('reuse'),
  chaseEnd: codeSystem('chase-end'),
  area: `${BASE}/NamingSystem/area`,
  /** Numbers under which the Office of the Public Guardian has registered a lasting power of attorney, or a deputy. */
  opgReference: `${BASE}/NamingSystem/opg-reference`,
  plan: `${BASE}/NamingSystem/plan`,
  document: `${BASE}/NamingSystem/document`,
  message: `${BASE}/NamingSystem/message`,
} as const;

/** Path below the origin at which consumers ask for pointers, as they ask the National Record Locator. */
export const NRL_CONSUMER = '/nrl/consumer/FHIR/R4';

/** Where the R5 Subscriptions Backport IG defines its extensions and profiles. */
export const BACKPORT = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/';

/** Extensions. The first group is the project's own; the second is UK Core's and HL7's. */
export const Extension = {
  supersedes: definition('supersedes'),
  consentDecision: definition('consent-decision'),
  consentBasis: definition('consent-basis'),
  refusedTreatment: definition('refused-treatment'),
  bindsAllPublishers: definition('binds-all-publishers'),
  agreedWithPerson: definition('agreed-with-person'),
  reach: definition('plan-reach'),
  reviewDate: definition('review-date'),
  agreementJurisdiction: definition('agreement-jurisdiction'),
  agreementReach: definition('agreement-reach'),
  dpia: definition('dpia'),
  sequence: definition('sequence'),
  serves: definition('serves'),
  retains: definition('retains'),
  refusesLowerSequence: definition('refuses-lower-sequence'),
  replaceHidesOld: definition('replace-hides-old'),
  recallForm: definition('recall-form'),
  messageLifetime: definition('message-lifetime'),
  contentForm: definition('content-form'),
  copiesEndAfter: definition('copies-end-after'),
  readBack: definition('read-back'),
  acknowledgement: definition('acknowledgement'),
  messageRate: definition('message-rate'),
  inFlightLimit: definition('in-flight-limit'),
  acknowledgementMode: definition('acknowledgement-mode'),
  messageForm: definition('message-form'),
  receivingApplication: definition('receiving-application'),
  responseMode: definition('response-mode'),
  responseWithin: definition('response-within'),
  matchConfirmation: definition('match-confirmation'),
  approvalSeal: definition('approval-seal'),
  approvalProjection: definition('approval-projection'),
  approverClaim: definition('approver-claim'),
  chaseEnd: definition('chase-end'),

  nhsNumberVerification: 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus',
  nhsNumberUnavailableReason: 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberUnavailableReason',
  nrlStability: 'https://fhir.nhs.uk/England/StructureDefinition/Extension-England-ContentStability',
  nrlRetrieval: 'https://fhir.nhs.uk/England/StructureDefinition/Extension-England-NRLRetrievalMechanism',
  matchGrade: 'http://hl7.org/fhir/StructureDefinition/match-grade',
  dataAbsentReason: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason',
  artifactUrl: 'http://hl7.org/fhir/StructureDefinition/artifact-url',
  flagDetail: 'http://hl7.org/fhir/StructureDefinition/flag-detail',
  backportPayloadContent: `${BACKPORT}backport-payload-content`,
  backportFilterCriteria: `${BACKPORT}backport-filter-criteria`,
  backportHeartbeatPeriod: `${BACKPORT}backport-heartbeat-period`,
  backportTimeout: `${BACKPORT}backport-timeout`,
  backportMaxCount: `${BACKPORT}backport-max-count`,
  topicCanonical: `${BACKPORT}capabilitystatement-subscriptiontopic-canonical`,
} as const;

/** Profiles that the broker publishes, and those of others that it names. */
export const Profile = {
  crisisPlan: definition('crisis-plan'),
  planWords: definition('plan-words'),
  planPatient: definition('plan-patient'),
  sharingConsent: definition('sharing-consent'),
  advanceDecision: definition('advance-decision'),
  legalProxy: definition('legal-proxy'),
  sharingAgreement: definition('sharing-agreement'),
  recipientService: definition('recipient-service'),
  destinationEndpoint: definition('destination-endpoint'),
  planSubscription: definition('plan-subscription'),
  planApproval: definition('plan-approval'),
  crisisContact: definition('crisis-contact'),
  planFlag: definition('plan-flag'),
  disclosure: definition('disclosure'),
  brokerTask: definition('broker-task'),
  subscriptionStatus: `${BACKPORT}backport-subscription-status-r4`,
  backportSubscription: `${BACKPORT}backport-subscription`,
} as const;

export const ValueSet = {
  heading: `${BASE}/ValueSet/plan-heading`,
  kind: `${BASE}/ValueSet/service-kind`,
  recipientKind: `${BASE}/ValueSet/recipient-kind`,
  purpose: `${BASE}/ValueSet/purpose-of-use`,
} as const;

/** What is said to whoever names another purpose (domain.md G8): what a plan holds for an investigation goes by the trust's own hand or not at all. */
export const OTHER_PURPOSES =
  'Law enforcement is no purpose of the broker: for an investigation ask the trust itself, by its own route of disclosure (its information governance team)';

/** The broker's consent policy: `Consent.policy.uri` of each consent that it can compute. */
export const CONSENT_POLICY = `${BASE}/policy/plan-sharing-1`;
/** The law by which an advance decision stands (England and Wales): its `Consent.policy.uri`. It is no policy of sharing. */
export const ADVANCE_DECISION_LAW = 'https://www.legislation.gov.uk/ukpga/2005/9';
/** Visit numbers that an HL7 v2 message gives no system: of a facility, and of the assigning authority that it names there, if it does. */
export const visitNumberSystem = (facility: string, authority: string | null): string =>
  [`${BASE}/NamingSystem/visit-number`, facility, ...(authority === null ? [] : [authority])]
    .map((each, index) => (index === 0 ? each : encodeURIComponent(each)))
    .join('/');

/** The one SubscriptionTopic of the spine: "what you may see of a plan changed". */
export const PLAN_TOPIC = `${BASE}/SubscriptionTopic/plan-change`;

/** What a message of a plan is: its MessageHeader.definition. */
export const PLAN_MESSAGE = `${BASE}/MessageDefinition/plan-notification`;

/** Codes used in resources that the broker builds. */
export const Code = {
  crisisPlan: { system: System.snomed, code: '736253002', display: 'Mental health crisis plan' },
  carePlan: { system: System.snomed, code: '734163000', display: 'Care plan' },
  adultMentalHealth: { system: System.snomed, code: '788002001', display: 'Adult mental health service' },
  planFlag: {
    system: System.barsReasonableAdjustment,
    code: 'hasanticipatorycarecrisisplan',
    display: 'Has anticipatory care /crisis plan',
  },
  veryRestricted: { system: System.confidentiality, code: 'V', display: 'very restricted' },
  noRedisclosure: { system: System.actCode, code: 'NORDSCLCD', display: 'no redisclosure without consent directive' },
  documentNotification: { system: System.messageEvent, code: 'document-notification' },
  verificationSignature: { system: System.signatureType, code: '1.2.840.10065.1.12.1.5', display: 'Verification Signature' },
  recipientOfInformation: { system: System.participationType, code: 'IRCP', display: 'information recipient' },
} as const;

/** `Task.code` values, in the broker's own system. */
export const TaskCode = {
  recall: 'recall',
  recallByHand: 'recall-by-hand',
  contact: 'crisis-contact',
  attention: 'attention',
  emergency: 'emergency-access',
  reuse: 'reuse-breach',
  correction: 'correction',
  complaint: 'complaint',
  review: 'plan-review',
  comment: 'review-comment',
  changeRequest: 'change-request',
} as const;

/** Shown on every responder view: domain.md G3. */
export const NEVER_STOPS_CARE = 'This plan never stops assessment, conveyance or treatment. Use your own judgement.';
