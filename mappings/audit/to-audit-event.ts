import type { AuditEvent, AuditEventAgent, AuditEventEntity, Coding, Reference } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { ConsentCounted, DecidedBy, TrailEntry } from '../../src/model/trail.ts';
import { toFhirInstant } from '../time.ts';
import { EVENT_SHAPES } from './event-shapes.ts';

const organization = (ods: string): Reference<never> => ({
  type: 'Organization',
  identifier: { system: System.odsOrganization, value: ods },
});

/** Pushed and asked back by the broker itself; everything else was asked for. */
const isOfItself = ({ event }: TrailEntry): boolean => event === 'disclose' || event === 'recall';

const agentsOf = (entry: TrailEntry, operator: string): AuditEventAgent[] => [
  {
    type: { coding: [{ system: System.dicom, code: '110153', display: 'Source Role ID' }] },
    who: organization(operator),
    requestor: isOfItself(entry),
  },
  {
    type: { coding: [{ system: System.dicom, code: '110152', display: 'Destination Role ID' }] },
    role: [{ coding: [{ system: System.kind, code: entry.kind }] }],
    who: organization(entry.organization),
    requestor: !isOfItself(entry) && entry.caller === null,
  },
  ...(entry.caller === null
    ? []
    : [
        {
          type: { coding: [{ system: System.participationType, code: 'IRCP', display: 'information recipient' }] },
          altId: entry.caller,
          requestor: !isOfItself(entry),
        },
      ]),
];

const detail = (type: string, valueString: string) => ({ type, valueString });
const coding = (system: string, code: string, display: string): Coding => ({ system, code, display });

/** IHE BALP says a consent that was decided by as an entity of its own, by the type of its resource. */
const consentCounted = ({ reference, hash, says, provision }: ConsentCounted): AuditEventEntity => ({
  what: { reference },
  type: coding(System.resourceTypes, 'Consent', 'Consent'),
  detail: [
    detail('says', says),
    ...(provision === null ? [] : [detail('provision', `Consent.provision.provision[${provision}]`)]),
    ...(hash === null ? [] : [detail('digest', hash)]),
  ],
});

const decisionOf = ({ gate, withheld }: DecidedBy): readonly ReturnType<typeof detail>[] => [
  ...(gate === null ? [] : [detail('gate', gate)]),
  ...Object.entries(withheld).map(([heading, by]) => detail(`withheld-by-${by}`, heading)),
];

const entitiesOf = ({ patientId, plan, digest, headings, about, decidedBy }: TrailEntry): AuditEventEntity[] => [
  ...(patientId === null
    ? []
    : [
        {
          what: { reference: `Patient/${patientId}` },
          type: coding(System.auditEntityType, '1', 'Person'),
          role: coding(System.objectRole, '1', 'Patient'),
        },
      ]),
  ...(plan === null
    ? []
    : [
        {
          what: { reference: `CarePlan/${plan.carePlanId}` },
          type: coding(System.auditEntityType, '2', 'System Object'),
          role: coding(System.objectRole, '3', 'Report'),
          detail: [
            detail('version', String(plan.version)),
            ...(digest === null || about !== null ? [] : [detail('digest', digest)]),
            ...headings.map((heading) => detail('heading', heading)),
            ...(decidedBy === undefined ? [] : decisionOf(decidedBy)),
          ],
        },
      ]),
  ...(about === null
    ? []
    : [
        {
          what: { reference: about },
          type: coding(System.auditEntityType, '2', 'System Object'),
          role: coding(System.objectRole, '4', 'Domain Resource'),
          ...(digest === null ? {} : { detail: [detail('digest', digest)] }),
        },
      ]),
  ...(decidedBy?.consents ?? []).map(consentCounted),
];

/** One row of the trail as an R4 AuditEvent, in the manner of IHE BALP. `operator` is the ODS code of who runs the broker. */
export const toAuditEvent = (entry: TrailEntry, operator: string): AuditEvent => {
  const shape = EVENT_SHAPES.find(({ event, refused }) => event === entry.event && refused === entry.refused);
  if (shape === undefined) throw new Error('the trail holds an event that has no shape');
  const entity = entitiesOf(entry);
  const purposes = [
    ...(entry.purpose === null
      ? []
      : [{ system: entry.purpose === 'crisis-response' ? System.purpose : System.actReason, code: entry.purpose }]),
    ...(entry.reason === null ? [] : [{ system: entry.event === 'reuse' ? System.reuse : System.emergencyReason, code: entry.reason }]),
  ];
  return {
    resourceType: 'AuditEvent',
    id: entry.id,
    meta: { versionId: '1', lastUpdated: toFhirInstant(entry.at) },
    type: shape.type,
    subtype: [...shape.subtype],
    action: shape.action,
    recorded: toFhirInstant(entry.at),
    outcome: shape.outcome,
    ...(entry.because === null ? {} : { outcomeDesc: entry.because }),
    ...(purposes.length === 0 ? {} : { purposeOfEvent: purposes.map((each) => ({ coding: [each] })) }),
    agent: agentsOf(entry, operator),
    source: { observer: organization(operator), type: [coding(System.securitySource, '4', 'Application Server')] },
    ...(entity.length === 0 ? {} : { entity }),
  };
};
