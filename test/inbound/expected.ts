import type { Caller } from '../http/open-door.ts';
import { OPERATOR, TRUST } from '../http/open-door.ts';

/** What the broker answers to one published file. */
export interface Expected {
  readonly file: string;
  readonly door: string;
  readonly caller: Caller;
  readonly status: number;
  /** Code and place of each thing that is wrong (4xx), or was not taken (200). */
  readonly issues: readonly string[];
  readonly why: string;
}

/** The sender of all published BaRS messages. */
export const RND: Caller = { ods: 'RND', kind: 'ambulance' };

const at =
  (door: string, caller: Caller) =>
  (file: string, status: number, why: string, ...issues: readonly string[]): Expected => ({
    file: `${file}.json`,
    door,
    caller,
    status,
    issues,
    why,
  });
const message = at('/fhir/$process-message', RND);
const byTrust = (type: string) => at(`/fhir/${type}`, TRUST);
const byOperator = (type: string) => at(`/fhir/${type}`, OPERATOR);

/** Published files that others wrote, with mistakes and all, in the order in which they are sent. */
export const EXPECTED: readonly Expected[] = [
  message(
    'bars/ValidationRequest-1.4.0',
    200,
    'A validation tells of a contact as a referral does. Its NHS number fails the check digit: the contact is of nobody known. Its Location is no part of a contact.',
    'value Bundle.entry[5].resource.identifier[0].value',
    'value Bundle.entry[13].resource.position',
    'value Bundle.entry[12].resource.identifier[0].system',
    'incomplete Bundle.entry[5].resource.identifier',
  ),
  message(
    'bars/REFREQ8A',
    200,
    'The first of the incident: nobody knows yet who it is. The ODS system is misspelt, as in all BaRS examples: understood, and said. Decimals that are strings are no R4, in a Location that is not kept.',
    'structure Bundle.entry[9].resource.position.longitude',
    'structure Bundle.entry[9].resource.position.latitude',
    'value Bundle.entry[9].resource.position',
    'value Bundle.entry[8].resource.identifier[0].system',
    'incomplete Bundle.entry[5].resource.identifier',
  ),
  message(
    'bars/REFREQ8B',
    200,
    'An update with the receiver’s own Encounter beside the sender’s: no second contact. The person has a name now, and no number: a contact is told by number alone.',
    'structure Bundle.entry[10].resource.position.longitude',
    'structure Bundle.entry[10].resource.position.latitude',
    'value Bundle.entry[10].resource.position',
    'value Bundle.entry[9].resource.identifier[0].system',
    'incomplete Bundle.entry[6].resource.identifier',
  ),
  message(
    'bars/REFREQ8C',
    200,
    'An update with an NHS number that fails the check digit, and lies in the range of Northern Ireland: it is not used.',
    'structure Bundle.entry[13].resource.position.longitude',
    'structure Bundle.entry[13].resource.position.latitude',
    'value Bundle.entry[6].resource.identifier[0].value',
    'value Bundle.entry[13].resource.position',
    'value Bundle.entry[12].resource.identifier[0].system',
    'incomplete Bundle.entry[6].resource.identifier',
  ),
  message(
    'bars/REFREQ8D',
    200,
    'The last update: the contact is finished.',
    'structure Bundle.entry[13].resource.position.longitude',
    'structure Bundle.entry[13].resource.position.latitude',
    'value Bundle.entry[6].resource.identifier[0].value',
    'value Bundle.entry[13].resource.position',
    'value Bundle.entry[12].resource.identifier[0].system',
    'incomplete Bundle.entry[6].resource.identifier',
  ),
  byTrust('AuditEvent')(
    'uk-core/AuditEvent-Query',
    405,
    'The trail is the broker’s own: it is read, and nobody writes it.',
    'not-supported',
  ),
  byTrust('CarePlan')(
    'uk-core/CarePlan-WellnessPlan',
    422,
    'A wellness plan is no crisis plan: it says no review date, no reach, no words. And a decimal is a number in R4 JSON, not a string.',
    'required CarePlan.extension',
    'required CarePlan.extension',
    'required CarePlan.supportingInfo',
    'structure CarePlan.activity[0].detail.scheduled.repeat.period',
    'required CarePlan.activity[0].detail.description',
    'code-invalid CarePlan.activity[0].detail.code',
    'invariant CarePlan',
  ),
  byTrust('CareTeam')(
    'uk-core/CareTeam-WeightManagementTeam',
    201,
    'Base R4 is all that is asked. Whom it names is not here, and R4 lets that be.',
  ),
  byTrust('Communication')(
    'uk-core/Communication-FirstMMRVaccination',
    422,
    'fhir_comments are of DSTU 2: what is kept as it was sent must be R4. (A message keeps nothing of them, and is taken.)',
    'structure Communication.sent',
  ),
  byTrust('Consent')(
    'uk-core/Consent-ForInformationAccess',
    422,
    'A consent by another policy cannot be computed: its root must deny, by the broker’s policy, and purposes stand in what is nested.',
    'value Consent.policy[0].uri',
    'required Consent.provision.type',
    'structure Consent.provision.purpose',
    'invariant Consent',
  ),
  byTrust('DocumentReference')('uk-core/DocumentReference-CarePlanReportPDF', 201, 'Base R4 is all that is asked.'),
  byTrust('Encounter')(
    'uk-core/Encounter-InpatientEncounter',
    201,
    'An inpatient stay is a crisis contact like others. Whether its Patient is here is not said: absent and another’s are told alike (I6).',
  ),
  byTrust('EpisodeOfCare')('uk-core/EpisodeOfCare-SmokingCessationTherapy', 201, 'Base R4 is all that is asked.'),
  byTrust('Flag')('uk-core/Flag-FoodAllergy', 405, 'Flags are computed for the one who asks, and never stored.', 'not-supported'),
  byOperator('Location')('uk-core/Location-HospitalSJUH', 201, 'Base R4 is all that is asked.'),
  message('uk-core/MessageHeader-Discharge', 400, 'A header is no message: $process-message takes a Bundle.', 'structure resourceType'),
  byTrust('OperationOutcome')(
    'uk-core/OperationOutcome-DateError',
    404,
    'An outcome is an answer, and no resource of this server.',
    'not-supported',
  ),
  byOperator('Organization')(
    'uk-core/Organization-LeedsTeachingHospital',
    201,
    'It has its ODS code, by which agreements and callers name it.',
  ),
  byTrust('Patient')(
    'uk-core/Patient-RichardSmith',
    422,
    'A decimal is a number in R4 JSON, not a string. The NHS number is sound.',
    'structure Patient.extension[1].extension[1].value.repeat.period',
  ),
  byTrust('Practitioner')('uk-core/Practitioner-ConsultantSandraGose', 201, 'Base R4 is all that is asked.'),
  byTrust('PractitionerRole')(
    'uk-core/PractitionerRole-GeneralPractitioner',
    201,
    'Base R4 is all that is asked. Whom it names is not here.',
  ),
  byTrust('Provenance')(
    'uk-core/Provenance-RARecordConsent',
    422,
    'A Provenance here is the approval of a plan, and this one is about a Consent. It has remarks of DSTU 2, and a reference that is a type and an address.',
    'value Provenance.target[0]',
    'required Provenance.activity',
    'required Provenance.agent[0].type',
    'structure Provenance.agent[0].role[0]',
    'invariant Provenance',
    'value Provenance.agent[0].onBehalfOf.reference',
    'value Provenance.agent[0].onBehalfOf',
  ),
  byTrust('QuestionnaireResponse')('uk-core/QuestionnaireResponse-EOLPlan', 201, 'Base R4 is all that is asked.'),
  byTrust('RelatedPerson')(
    'uk-core/RelatedPerson-JoySmith',
    422,
    'A decimal is a number in R4 JSON, not a string.',
    'structure RelatedPerson.extension[0].extension[1].value.repeat.period',
  ),
  byTrust('Task')('uk-core/Task-Colonoscopy', 405, 'Tasks are the broker’s: they are answered, and not made by others.', 'not-supported'),
];
