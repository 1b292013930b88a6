import type { Bundle, BundleEntry, CarePlan, Resource } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import * as body from '../../test/support/bodies.ts';
import { ONE, NUMBER } from '../load/load.ts';

/** The length of the CarePlan that Medplum's figures were taken with, in bytes. */
const SIX_KB = 6_045;

const ACTION = 'If I am pacing and do not answer: one person speaks, slowly, and waits a full minute before the next question is asked.';

/** A draft plan of 6 KB, as a publisher writes it: team, reach and actions, each with its heading. */
export const sixKilobytes = (): CarePlan => {
  const plan: CarePlan = {
    ...body.carePlan('plan', 'template', 'words', { reach: ['svc-amb'], identifier: `plan-${ONE}` }),
    title: 'My crisis plan',
    created: '2026-11-01',
    contributor: [{ reference: 'Patient/template' }],
    activity: [],
  };
  const headings = ['crisis-steps', 'coping', 'after-crisis'];
  while (JSON.stringify(plan).length < SIX_KB) {
    const code = headings[(plan.activity ?? []).length % headings.length];
    const detail = { code: { coding: [{ system: System.heading, code }] }, status: 'not-started' as const, description: ACTION };
    plan.activity = [...(plan.activity ?? []), { detail }];
  }
  const { id: _chosen, ...sent } = plan;
  return sent;
};

const urn = (at: number): string => `urn:uuid:0b0f8a6e-0000-4000-8000-${String(at).padStart(12, '0')}`;
const PATIENT = urn(0);
const MEMBERS = [0, 1, 2, 3, 4];
const practitioner = (at: number): string => urn(10 + at);
const role = (at: number): string => urn(20 + at);
const relative = (at: number): string => urn(30 + at);
const TEAM = urn(40);
const WORDS = urn(41);

const named = (fullUrl: string, { id: _chosen, ...resource }: Resource): BundleEntry => ({
  fullUrl,
  resource: resource as Resource,
  request: { method: 'POST', url: resource.resourceType },
});

/** A person who is new to a trust, as its system would send them: who they are, who treats them, who is near them, their draft plan, its words and their consent. */
export const twentyEntries = (): Bundle => {
  const trust = { reference: 'Organization/org-trust' };
  const patient = { reference: PATIENT };
  const words = body.composition('', 'template', {
    'please-do': 'Please tell me your name.',
    communication: 'Give me one question at a time.',
    coping: ACTION,
  });
  const { supportingInfo: _words, ...plan } = body.carePlan('', 'template', 'words', { reach: ['svc-amb'], identifier: `plan-${ONE}` });
  const entry = [
    named(PATIENT, body.patient('', NUMBER)),
    ...MEMBERS.map((at) => named(practitioner(at), { resourceType: 'Practitioner', name: [{ family: `Testclinician-${at}` }] })),
    ...MEMBERS.map((at) =>
      named(role(at), { resourceType: 'PractitionerRole', practitioner: { reference: practitioner(at) }, organization: trust }),
    ),
    ...[0, 1].map((at) =>
      named(relative(at), {
        resourceType: 'RelatedPerson',
        active: true,
        patient,
        relationship: [{ text: 'sister' }],
        name: [{ family: `Testperson-${at}` }],
        telecom: [{ system: 'phone', value: '01632 960001' }],
      }),
    ),
    named(TEAM, {
      resourceType: 'CareTeam',
      status: 'active',
      subject: patient,
      participant: [patient, ...MEMBERS.map((at) => ({ reference: practitioner(at) }))].map((member) => ({ member })),
      managingOrganization: [trust],
    }),
    named(WORDS, { ...words, subject: patient, author: [{ reference: practitioner(0) }] }),
    named(urn(42), {
      ...plan,
      subject: patient,
      author: { reference: practitioner(0) },
      careTeam: [{ reference: TEAM }],
      supportingInfo: [{ reference: WORDS }],
      activity: [
        {
          detail: { code: { coding: [{ system: System.heading, code: 'crisis-steps' }] }, status: 'not-started', description: ACTION },
        },
      ],
    }),
    named(urn(43), { ...body.consent('', 'template', 'org-trust', { kinds: ['epr', 'ed', 'ambulance'] }), patient }),
    named(urn(44), { resourceType: 'EpisodeOfCare', status: 'active', patient, managingOrganization: trust }),
    named(urn(45), { resourceType: 'Communication', status: 'completed', subject: patient, sender: { reference: practitioner(0) } }),
    named(urn(46), {
      resourceType: 'DocumentReference',
      status: 'current',
      subject: patient,
      content: [{ attachment: { contentType: 'application/pdf', url: `https://publisher.example/plan/${ONE}` } }],
    }),
  ];
  return { resourceType: 'Bundle', type: 'transaction', entry };
};
