import type { Bundle } from '@medplum/fhirtypes';

/** JSON before anything is known of it. */
export type Json = Record<string, unknown>;
/** A message that can be spoilt. */
export interface Loose extends Json {
  entry: { fullUrl?: unknown; resource: Json }[];
  meta: Json;
}
export const loose = (bundle: Bundle): Loose => JSON.parse(JSON.stringify(bundle)) as Loose;
/** The resource of an entry. */
export const resource = (bundle: Loose, index: number): Json => bundle.entry[index]?.resource ?? {};

/** What is broken, how, and the places that the answer names. Entries: 0 header, 1 request, 2 Encounter, 3 Patient, 4 sender, 5 receiver. */
export const BROKEN: readonly [string, (bundle: Loose) => void, number, string, readonly string[]][] = [
  ['no type', (b) => delete b['type'], 422, 'value', ['Bundle.type']],
  ['a document', (b) => (b['type'] = 'document'), 422, 'value', ['Bundle.type']],
  ['a transaction', (b) => (b['type'] = 'transaction'), 422, 'value', ['Bundle.type']],
  ['no id', (b) => delete b['id'], 422, 'invalid', ['Bundle.id']],
  ['no timestamp', (b) => delete b['timestamp'], 422, 'invalid', ['Bundle.timestamp']],
  ['a timestamp without a zone', (b) => (b['timestamp'] = '2026-11-20T10:00:00'), 422, 'value', ['Bundle.timestamp']],
  ['a time that has not come', (b) => (b.meta['lastUpdated'] = '2199-01-01T00:00:00Z'), 422, 'value', ['Bundle.meta.lastUpdated']],
  ['no entries', (b) => delete (b as Json)['entry'], 422, 'invariant', ['Bundle.entry[0].resource']],
  ['entries that are no list', (b) => ((b as Json)['entry'] = 'x'), 422, 'structure', ['Bundle.entry']],
  ['an entry that is nothing', (b) => (b.entry[3] = null as never), 422, 'structure', ['Bundle.entry[3]']],
  ['an entry without a resource', (b) => delete (b.entry[5] as Json)['resource'], 422, 'required', ['Bundle.entry[5].resource']],
  ['a resource of no type', (b) => delete resource(b, 3)['resourceType'], 422, 'required', ['Bundle.entry[3].resource.resourceType']],
  [
    'a resource of a type that R4 has not',
    (b) => (resource(b, 3)['resourceType'] = 'Person2'),
    422,
    'not-supported',
    ['Bundle.entry[3].resource.resourceType'],
  ],
  ['no fullUrl', (b) => delete b.entry[1]?.fullUrl, 422, 'required', ['Bundle.entry[1].fullUrl']],
  [
    'a fullUrl that is no urn:uuid',
    (b) => Object.assign(b.entry[5] ?? {}, { fullUrl: 'https://sender.example/Organization/1' }),
    422,
    'value',
    ['Bundle.entry[5].fullUrl'],
  ],
  [
    'a fullUrl that stands twice',
    (b) => Object.assign(b.entry[5] ?? {}, { fullUrl: b.entry[4]?.fullUrl }),
    422,
    'invariant',
    ['Bundle.entry[5].fullUrl'],
  ],
  ['a header that is not first', (b) => b.entry.reverse(), 422, 'invariant', ['Bundle.entry[0].resource']],
  [
    'two headers',
    (b) => b.entry.push({ fullUrl: 'urn:uuid:1cbdfb97-5859-48a4-8301-d54eab818d99', resource: { ...resource(b, 0) } }),
    422,
    'invariant',
    ['Bundle.entry[6].resource'],
  ],
  ['no focus', (b) => delete resource(b, 0)['focus'], 422, 'invalid', ['Bundle.entry[0].resource.focus']],
  [
    'a focus that is elsewhere',
    (b) => (resource(b, 0)['focus'] = [{ reference: 'https://sender.example/ServiceRequest/1' }]),
    422,
    'value',
    ['Bundle.entry[0].resource.focus[0].reference'],
  ],
  [
    'a focus that is nowhere',
    (b) => (resource(b, 0)['focus'] = [{ reference: 'urn:uuid:1cbdfb97-5859-48a4-8301-d54eab818d98' }]),
    422,
    'not-found',
    ['Bundle.entry[0].resource.focus[0].reference'],
  ],
  [
    'a focus of another type',
    (b) => (resource(b, 0)['focus'] = [{ reference: b.entry[3]?.fullUrl }]),
    422,
    'value',
    ['Bundle.entry[0].resource.focus[0].reference'],
  ],
  [
    'two focuses',
    (b) => (resource(b, 0)['focus'] = [{ reference: b.entry[1]?.fullUrl }, { reference: b.entry[2]?.fullUrl }]),
    422,
    'not-supported',
    ['Bundle.entry[0].resource.focus[1]'],
  ],
  ['no event', (b) => delete resource(b, 0)['eventCoding'], 422, 'required', ['Bundle.entry[0].resource.event']],
  [
    'an event of BaRS that is for booking',
    (b) => (resource(b, 0)['eventCoding'] = { system: 'https://fhir.nhs.uk/CodeSystem/message-events-bars', code: 'booking-request' }),
    422,
    'not-supported',
    ['Bundle.entry[0].resource.event'],
  ],
  [
    'an event of another system',
    (b) => (resource(b, 0)['eventCoding'] = { system: 'http://snomed.info/sct', code: '306689006' }),
    422,
    'not-supported',
    ['Bundle.entry[0].resource.event'],
  ],
  [
    'an event that is a link',
    (b) => {
      delete resource(b, 0)['eventCoding'];
      resource(b, 0)['eventUri'] = 'urn:event:x';
    },
    422,
    'not-supported',
    ['Bundle.entry[0].resource.event'],
  ],
  [
    'an answer to nothing',
    (b) => (resource(b, 0)['response'] = { identifier: 'x', code: 'ok' }),
    404,
    'not-found',
    ['Bundle.entry[0].resource.response.identifier'],
  ],
  ['no reason', (b) => delete resource(b, 0)['reason'], 422, 'required', ['Bundle.entry[0].resource.reason']],
  [
    'a reason to delete',
    (b) => (resource(b, 0)['reason'] = { coding: [{ system: 'https://fhir.nhs.uk/CodeSystem/message-reason-bars', code: 'delete' }] }),
    422,
    'not-supported',
    ['Bundle.entry[0].resource.reason'],
  ],
  ['no source', (b) => delete resource(b, 0)['source'], 422, 'required', ['Bundle.entry[0].resource.source']],
  ['no sender', (b) => delete resource(b, 0)['sender'], 422, 'required', ['Bundle.entry[0].resource.sender']],
  ['a sender without an ODS code', (b) => delete resource(b, 4)['identifier'], 422, 'required', ['Bundle.entry[4].resource.identifier']],
  [
    'a sender by a number of another kind',
    (b) => (resource(b, 4)['identifier'] = [{ system: 'https://sender.example/org', value: 'ZZ3' }]),
    422,
    'required',
    ['Bundle.entry[4].resource.identifier'],
  ],
  [
    'a sender that cannot be read',
    (b) => (resource(b, 4)['identifier'] = [{ system: 5, value: 'ZZ3' }]),
    422,
    'structure',
    ['Bundle.entry[4].resource.identifier[0].system'],
  ],
  [
    'a request of another kind',
    (b) =>
      (resource(b, 1)['category'] = [
        { coding: [{ system: 'https://fhir.nhs.uk/CodeSystem/message-category-servicerequest', code: 'booking' }] },
      ]),
    422,
    'not-supported',
    ['Bundle.entry[1].resource.category'],
  ],
  ['a request without an Encounter', (b) => delete resource(b, 1)['encounter'], 422, 'required', ['Bundle.entry[1].resource.encounter']],
  [
    'a request whose Encounter is a Patient',
    (b) => (resource(b, 1)['encounter'] = { reference: b.entry[3]?.fullUrl }),
    422,
    'value',
    ['Bundle.entry[1].resource.encounter'],
  ],
  ['a request that R4 refuses', (b) => (resource(b, 1)['status'] = 'perhaps'), 422, 'code-invalid', ['Bundle.entry[1].resource.status']],
  [
    'a reference to nothing',
    (b) => (resource(b, 1)['requester'] = { reference: 'urn:uuid:1cbdfb97-5859-48a4-8301-d54eab818d97' }),
    422,
    'not-found',
    ['Bundle.entry[1].resource.requester.reference'],
  ],
  [
    'a reference without a base',
    (b) => (resource(b, 1)['requester'] = { reference: 'Practitioner/1' }),
    422,
    'not-found',
    ['Bundle.entry[1].resource.requester.reference'],
  ],
  ['an Encounter without a case', (b) => delete resource(b, 2)['identifier'], 422, 'required', ['Bundle.entry[2].resource.identifier']],
  [
    'an Encounter without a number of its case',
    (b) => (resource(b, 2)['identifier'] = [{ system: 'https://sender.example/case' }]),
    422,
    'required',
    ['Bundle.entry[2].resource.identifier[0].value'],
  ],
  ['an Encounter without a status', (b) => delete resource(b, 2)['status'], 422, 'required', ['Bundle.entry[2].resource.status']],
  ['an Encounter without a class', (b) => delete resource(b, 2)['class'], 422, 'required', ['Bundle.entry[2].resource.class']],
  [
    'an Encounter of a class that is no contact',
    (b) => (resource(b, 2)['class'] = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'NONSENSE' }),
    422,
    'code-invalid',
    ['Bundle.entry[2].resource.class'],
  ],
  [
    'an Encounter without a start',
    (b) => (resource(b, 2)['period'] = { end: '2026-11-20T11:00:00Z' }),
    422,
    'required',
    ['Bundle.entry[2].resource.period.start'],
  ],
  [
    'an Encounter that ends before it starts',
    (b) => (resource(b, 2)['period'] = { start: '2026-11-20T11:00:00Z', end: '2026-11-20T10:00:00Z' }),
    422,
    'invariant',
    ['Bundle.entry[2].resource.period'],
  ],
  [
    'an Encounter of an organisation',
    (b) => {
      resource(b, 2)['subject'] = { reference: b.entry[5]?.fullUrl };
    },
    422,
    'value',
    ['Bundle.entry[2].resource.subject'],
  ],
  ['a number as a status', (b) => (resource(b, 2)['status'] = 5), 422, 'structure', ['Bundle.entry[2].resource.status']],
];
