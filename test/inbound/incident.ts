import { randomUUID } from 'node:crypto';
import type { Bundle, BundleEntry, Encounter, MessageHeader, Patient, Resource, ServiceRequest } from '@medplum/fhirtypes';
import type { Test } from 'supertest';
import type { Caller, OpenDoor } from '../http/open-door.ts';

/** The ambulance service that hands incidents over: an invented one. */
export const SENDER: Caller = { ods: 'ZZ3', kind: 'ambulance' };
/** The service that is handed them. */
export const RECEIVER: Caller = { ods: 'ZZ5', kind: 'ambulance' };

export const CASES = 'https://sender.example/Id/case-number';
const BARS = 'https://fhir.nhs.uk/CodeSystem/message-events-bars';
const VERIFIED = {
  url: 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus',
  valueCodeableConcept: {
    coding: [{ system: 'https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland', code: '01' }],
  },
};
export const NHS_NUMBER = 'https://fhir.nhs.uk/Id/nhs-number';

/** What one message of an incident says. */
export interface Told {
  readonly id?: string;
  /** Seconds after the incident began at which the message was changed last. */
  readonly second: number;
  readonly caseNumber: string;
  readonly status?: Encounter['status'];
  readonly reason?: string;
  readonly number?: string | null;
  /** The receiver's own number, as its Encounter in the message has it. */
  readonly receiver?: string;
  readonly sender?: string;
}

const urls = {
  header: 'urn:uuid:1cbdfb97-5859-48a4-8301-d54eab818d01',
  request: 'urn:uuid:1cbdfb97-5859-48a4-8301-d54eab818d02',
  encounter: 'urn:uuid:1cbdfb97-5859-48a4-8301-d54eab818d03',
  other: 'urn:uuid:1cbdfb97-5859-48a4-8301-d54eab818d04',
  patient: 'urn:uuid:1cbdfb97-5859-48a4-8301-d54eab818d05',
  sender: 'urn:uuid:1cbdfb97-5859-48a4-8301-d54eab818d06',
  receiver: 'urn:uuid:1cbdfb97-5859-48a4-8301-d54eab818d07',
};

export const START = '2026-11-20T10:00:00Z';
const at = (second: number): string => new Date(Date.parse(START) + second * 1_000).toISOString();
const entry = (fullUrl: string, resource: Resource): BundleEntry => ({ fullUrl, resource });

/** A BaRS referral from one ambulance service to another, in the shape of the published REFREQ8A to 8D: the Bundle keeps its id. */
export const incident = ({
  id,
  second,
  caseNumber,
  status = 'in-progress',
  reason = 'new',
  number = null,
  receiver,
  sender = SENDER.ods,
}: Told): Bundle => {
  const header: MessageHeader = {
    resourceType: 'MessageHeader',
    eventCoding: { system: BARS, code: 'servicerequest-request' },
    destination: [{ endpoint: 'https://fhir.nhs.uk/Id/dos-service-id|111111111', receiver: { reference: urls.receiver } }],
    sender: { reference: urls.sender },
    source: { name: 'Despatch', endpoint: 'https://fhir.nhs.uk/Id/dos-service-id|2222222222' },
    reason: { coding: [{ system: 'https://fhir.nhs.uk/CodeSystem/message-reason-bars', code: reason }] },
    focus: [{ reference: urls.request }],
    definition: 'https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-request-referral',
  };
  const request: ServiceRequest = {
    resourceType: 'ServiceRequest',
    status: 'active',
    intent: 'plan',
    category: [{ coding: [{ system: 'https://fhir.nhs.uk/CodeSystem/message-category-servicerequest', code: 'referral' }] }],
    subject: { reference: urls.patient },
    encounter: { reference: urls.encounter },
  };
  const encounter = (value: string, its: Encounter['status']): Encounter => ({
    resourceType: 'Encounter',
    identifier: [{ system: CASES, value }],
    status: its,
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'EMER' },
    subject: { reference: urls.patient },
    episodeOfCare: [{ reference: 'EpisodeOfCare/d877b820-e72b-44d1-a627-195f54bfc606' }],
    period: { start: START },
  });
  const patient: Patient = {
    resourceType: 'Patient',
    name: [{ family: 'Invented-Incident', given: ['Example'] }],
    ...(number === null ? {} : { identifier: [{ extension: [VERIFIED], system: NHS_NUMBER, value: number }] }),
  };
  return {
    resourceType: 'Bundle',
    id: id ?? `incident-${caseNumber}`,
    meta: { lastUpdated: at(second) },
    type: 'message',
    timestamp: START,
    entry: [
      entry(urls.header, header),
      entry(urls.request, request),
      entry(urls.encounter, encounter(caseNumber, status)),
      ...(receiver === undefined ? [] : [entry(urls.other, encounter(receiver, 'planned'))]),
      entry(urls.patient, patient),
      entry(urls.sender, {
        resourceType: 'Organization',
        identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: sender }],
        name: 'Sender Organization',
      }),
      entry(urls.receiver, { resourceType: 'Organization', name: 'Receiver Organization' }),
    ],
  };
};

/** An Encounter that a service without BaRS sends as a message of the general NHS event `encounter`. */
export const encounterMessage = (told: Told): Bundle => {
  const bundle = incident(told);
  const kept = (bundle.entry ?? []).filter(({ resource }) => resource?.resourceType !== 'ServiceRequest');
  return {
    ...bundle,
    entry: kept.map(({ fullUrl, resource }) =>
      resource?.resourceType !== 'MessageHeader'
        ? { fullUrl, resource }
        : {
            fullUrl,
            resource: {
              ...resource,
              id: 'header-1',
              eventCoding: { system: 'https://fhir.nhs.uk/CodeSystem/message-event', code: 'encounter' },
              focus: [{ reference: urls.encounter }],
            },
          },
    ) as BundleEntry[],
  };
};

export interface Ids {
  readonly request?: string;
  readonly correlation?: string;
}

/** Sends bytes to `$process-message`, with ids of the request as BaRS wants them. */
export const send = (door: OpenDoor, caller: Caller, message: Bundle | string, ids: Ids = {}): Test =>
  door
    .as(door.agent.post('/fhir/$process-message'), caller)
    .set('Content-Type', 'application/fhir+json')
    .set('X-Request-ID', ids.request ?? randomUUID())
    .set('X-Correlation-ID', ids.correlation ?? randomUUID())
    .send(typeof message === 'string' ? message : JSON.stringify(message));

/** The contacts that a service told of under a case number: what it finds itself. */
export const contactsOf = async (door: OpenDoor, caller: Caller, value: string): Promise<readonly Encounter[]> => {
  const answer = await door.get(caller, `/fhir/Encounter?identifier=${encodeURIComponent(value)}`);
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`);
  return (answer.body.entry ?? []).map(({ resource }: { resource: Encounter }) => resource);
};
