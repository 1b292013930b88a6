import { randomUUID } from 'node:crypto';
import type { Parameters } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import { RESOURCE_TYPES } from '../../profiles/resource-types.ts';
import { NRL_BASE, NRL_CONTENT } from '../../src/http/nrl/nrl-routes.ts';
import { ROUTES } from '../../src/http/routes.ts';
import { byNumber } from '../http/match-ground.ts';
import { encounterMessage, incident } from '../inbound/incident.ts';
import type { Caller } from '../support/access.ts';
import * as body from '../support/bodies.ts';

/** One request, by the road that it is of. */
export interface Try {
  readonly road: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly sent?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What is asked about: the person's number, the id under which the caller's kind knows the plan, and its consent. */
export interface About {
  readonly number: string;
  readonly own: string;
  readonly consent: object;
}

const TYPES = RESOURCE_TYPES.map(({ type }) => type).filter((type) =>
  ['Patient', 'CarePlan', 'Composition', 'Flag', 'Consent', 'Provenance', 'Task', 'AuditEvent', 'Encounter', 'DocumentReference'].includes(
    type,
  ),
);
const OWN_IDS: Readonly<Record<string, readonly string[]>> = {
  Patient: ['amber'],
  CarePlan: ['plan-amber', 'plan-next'],
  Composition: ['words-amber', 'words-next'],
  Consent: ['cons-amber'],
  Contract: ['con-all'],
};
const parameters = (parameter: Parameters['parameter']): Parameters => ({
  resourceType: 'Parameters',
  ...(parameter === undefined ? {} : { parameter }),
});

const bodyOf = (path: string, { number, consent }: About): unknown => {
  const end = path.split('/').at(-1);
  if (path === 'Patient/$match' || path === 'Patient/$emergency-access')
    return parameters([{ name: 'resource', resource: byNumber(number) }]);
  switch (end) {
    case '$emergency-access':
      return parameters([
        { name: 'reason', valueCode: 'danger-to-life' },
        { name: 'text', valueString: 'Cannot wait for anybody' },
      ]);
    case '$evaluate':
      return parameters([{ name: 'actor', valueReference: { reference: 'HealthcareService/svc-ed' } }]);
    case '$approve':
      return parameters([
        { name: 'version', valueString: '1' },
        { name: 'provenance', resource: body.approval('plan-amber') },
      ]);
    case '$preview-release':
      return parameters([{ name: 'consent', resource: consent as never }]);
    case '$comment':
      return parameters([
        { name: 'kind', valueCode: 'comment' },
        { name: 'text', valueString: 'A made-up comment' },
      ]);
    case '$raise-concern':
      return parameters([
        { name: 'concern', valueCode: 'correction' },
        { name: 'text', valueString: 'A made-up concern about what is written' },
      ]);
    case '$replay':
      return parameters([
        { name: 'key', valueString: 'plan-amber' },
        { name: 'reason', valueString: 'A made-up reason' },
      ]);
    case '$report-reuse':
      return parameters([
        { name: 'reuse', valueCode: 'investigation' },
        { name: 'text', valueString: 'A made-up report of a reuse' },
      ]);
    case '$pause':
      return parameters([{ name: 'reason', valueString: 'A made-up reason' }]);
    default:
      return parameters(undefined);
  }
};

/** Every route of the door that reads or works on something, by the publisher's ids and by the caller's own. */
const byRoute = (about: About): readonly Try[] =>
  ROUTES.filter(({ open, path }) => !open && path !== '/fhir' && !path.endsWith('$process-message')).flatMap(({ method, path }) => {
    const [, , first = ''] = path.split('/');
    const types = first === ':type' ? TYPES : [first];
    if (method !== 'GET' && !path.includes('$')) return [];
    return types.flatMap((type) =>
      [...(OWN_IDS[type] ?? ['none']), about.own].map((id): Try => {
        const to = path.slice('/fhir/'.length).replace(':type', type).replace(':id', id).replace(':version', '1');
        const road = `${method} ${path}`;
        if (method === 'GET') return { road, method, path: to.endsWith('$explain') ? `${to}?recipient=HealthcareService/svc-ed` : to };
        // What is to be validated is the caller's own words about somebody else's resource.
        return { road, method, path: to, sent: to.endsWith('$validate') ? { resourceType: type, id } : bodyOf(to, about) };
      }),
    );
  });

const SEARCHES: readonly string[] = [
  'Patient?identifier=NUMBER&_revinclude=CarePlan:subject&_revinclude=Composition:subject',
  'Patient?family=Testperson-amber',
  'Patient?_has:CarePlan:subject:status=active',
  'CarePlan?subject=Patient/amber&_include=CarePlan:subject',
  'CarePlan?patient.identifier=NUMBER&_include=*',
  'CarePlan?patient:identifier=NUMBER',
  'CarePlan?_id=plan-amber,OWN&_elements=activity',
  'Composition?patient.identifier=NUMBER&_include=Composition:subject',
  'Composition?_id=words-amber,OWN&_summary=text',
  'Composition?title=crisis',
  'Composition?_content=humming&_text=humming',
  'Flag?patient.identifier=NUMBER&_include=Flag:detail&_include:iterate=CarePlan:subject&_include:iterate=CarePlan:supporting-info',
  'Flag?detail=CarePlan/OWN',
  'Consent?patient=Patient/amber&_include=Consent:patient',
  'Provenance?target=CarePlan/plan-amber&_include=Provenance:target',
  'AuditEvent?entity=CarePlan/plan-amber&_include=*',
  'Task?focus=CarePlan/OWN&_include=Task:focus',
  'Task?focus=CarePlan/plan-next&_include=Task:focus',
  'Task?_include=Task:focus',
  'Encounter?subject=Patient/amber&_include=*',
];
/** Each by GET and, as whoever names a person must, by a form. */
const bySearch = ({ number, own }: About): readonly Try[] =>
  SEARCHES.flatMap((search): readonly Try[] => {
    const [type = '', query = ''] = search.replaceAll('OWN', own).split('?');
    const form = new URLSearchParams(query.replace('NUMBER', encodeURIComponent(`${System.nhsNumber}|${number}`)));
    const [, included = 'search'] = /_(include|revinclude|has|content)/.exec(query) ?? [];
    return [
      { road: `${included} by GET`, method: 'GET', path: `${type}?${form}` },
      { road: `${included} by form`, method: 'POST', path: `${type}/_search`, sent: form },
    ];
  });

/** Writes over what is another's: what is there must not come back in the refusal. */
const byWrite = ({ number, own }: About): readonly Try[] =>
  ['Patient', 'CarePlan', 'Composition', 'Consent'].flatMap((type) =>
    [...(OWN_IDS[type] ?? []), own].flatMap((id): readonly Try[] => {
      const resource = { resourceType: type, id };
      const patch = [{ op: 'test', path: type === 'Composition' ? '/section/1/text/div' : '/subject', value: 'no such words' }];
      const byNhsNumber = `identifier=${encodeURIComponent(`${System.nhsNumber}|${number}`)}`;
      return [
        { road: 'update', method: 'PUT', path: `${type}/${id}`, sent: resource },
        { road: 'update with a version', method: 'PUT', path: `${type}/${id}`, sent: resource, headers: { 'If-Match': 'W/"1"' } },
        { road: 'conditional update', method: 'PUT', path: `${type}?_id=${id}`, sent: resource },
        { road: 'conditional create', method: 'POST', path: type, sent: { resourceType: type }, headers: { 'If-None-Exist': byNhsNumber } },
        { road: 'patch', method: 'PATCH', path: `${type}/${id}`, sent: patch },
        { road: 'delete', method: 'DELETE', path: `${type}/${id}` },
      ];
    }),
  );

/** Messages about the person: what is answered is never about them. */
const byMessage = ({ number }: About, { ods }: Caller): readonly Try[] =>
  [incident, encounterMessage].map((message, index) => ({
    road: 'message',
    method: 'POST',
    path: '$process-message',
    sent: message({ second: 1, caseNumber: `${ods}-${index}`, number, sender: ods, status: 'finished' }),
  }));

/** The doors beside FHIR's own: the card, and pointers as at the NRL with what they point to. Their addresses begin at the root. */
const byOtherDoors = ({ number, own }: About, { ods }: Pick<Caller, 'ods'>): readonly Try[] => {
  const headers = { 'NHSD-End-User-Organisation-ODS': ods, 'X-Request-ID': randomUUID() };
  const subject = new URLSearchParams({ 'subject:identifier': `${System.nhsNumber}|${number}` });
  const call = { hook: 'crisis-call', hookInstance: randomUUID(), context: { nhsNumber: number } };
  return [
    { road: 'card', method: 'POST', path: '/cds-services/crisis-plan', sent: call, headers: { 'Content-Type': 'application/json' } },
    { road: 'pointers by form', method: 'POST', path: `${NRL_BASE}/DocumentReference/_search`, sent: subject, headers },
    { road: 'pointers by GET', method: 'GET', path: `${NRL_BASE}/DocumentReference?${subject}`, headers },
    ...[own, 'plan-amber'].flatMap((id): readonly Try[] => [
      { road: 'pointer', method: 'GET', path: `${NRL_BASE}/DocumentReference/${id}`, headers },
      { road: 'contents of a pointer', method: 'GET', path: `${NRL_CONTENT}/${id}/plan`, headers },
      { road: 'contact page of a pointer', method: 'GET', path: `${NRL_CONTENT}/${id}/contact`, headers },
    ]),
  ];
};

/** The same reads and searches as entries of one batch; and in a transaction, which fails as a whole, the one that is most likely to be let through. */
const byBundle = (tries: readonly Try[], { own }: About): readonly Try[] => {
  const bundle = (type: 'batch' | 'transaction', paths: readonly string[]): Try => ({
    road: type,
    method: 'POST',
    path: '',
    sent: { resourceType: 'Bundle', type, entry: paths.map((url) => ({ request: { method: 'GET', url } })) },
  });
  const paths = tries.flatMap(({ method, path }) => (method === 'GET' ? [path] : []));
  return [bundle('batch', paths.slice(0, 40)), bundle('transaction', paths.slice(0, 40)), bundle('transaction', [`Composition/${own}`])];
};

/** Roads that other servers have, and this one has not: they answer that there is nothing at that address. */
export const notOffered = ({ own }: Pick<About, 'own'>): readonly Try[] =>
  [
    '$export',
    'Patient/$export',
    'Group/none/$export',
    '_history',
    '?_type=CarePlan,Composition',
    '$graphql?query={CarePlanList{id}}',
    `CarePlan/${own}/$graphql?query={id}`,
    `Patient/${own}/CarePlan`,
    `Patient/${own}/$summary`,
    'Composition/$lastn',
    `CarePlan/${own}/$apply`,
    `CarePlan/${own}/$meta`,
    `Composition/${own}/$translate`,
    'Subscription/hook/$replay',
    'DocumentReference/$docref',
    `Binary/${own}`,
    `Bundle/${own}`,
    'ledger',
    'trail',
  ].map((path) => ({ road: `GET ${path.replace(own, ':id').replace(/\?.*/, '?')}`, method: 'GET', path }));

/** Every way to ask that there is. */
export const roadsOf = (about: About, caller: Caller): readonly Try[] => {
  const asked = [...bySearch(about), ...byRoute(about)];
  return [
    ...asked,
    ...byOtherDoors(about, caller),
    ...byBundle(asked, about),
    ...byWrite(about),
    ...byMessage(about, caller),
    ...notOffered(about),
  ];
};
