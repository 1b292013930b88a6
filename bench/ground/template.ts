import type { Parameters } from '@medplum/fhirtypes';
import * as body from '../../test/support/bodies.ts';
import type { RecipientKind } from '../../src/model/kind.ts';
import type { Broker } from './broker.ts';
import { callerOf } from './caller.ts';
import { testNumbers } from './nhs-numbers.ts';

/** One recipient of the ground: its service is `svc-[name]`, its endpoint (where it has an address) `end-[name]`, its ODS code the name in capitals. */
export interface Named {
  readonly name: string;
  readonly kind: RecipientKind;
  readonly address: string | null;
}

/** The template person's number: the last but one that the fills take. */
export const [TEMPLATE_NUMBER = ''] = testNumbers(1, 909_000);
export const PUBLISHER = 'TRUST1';

/** About as long as people write, under the headings that they fill in most. */
const LINES =
  'Speak slowly and give me time. Tell me your name and why you are here. Loud rooms make it worse. Ring the crisis team, day and night: 01632 960001 first. ';
const WORDS = Object.fromEntries(
  [
    'who-i-am',
    'please-do',
    'communication',
    'support',
    'triggers',
    'early-warning-signs',
    'coping',
    'crisis-steps',
    'who-to-ring',
    'medicines',
    'refusals',
    'reasonable-adjustments',
  ].map((heading) => [heading, LINES.repeat(3)]),
);

/** Sets the ground through the public API, so that what is filled by SQL is copied from what the broker itself wrote: recipients, an agreement, one approved plan, sent to the services in its reach. */
export const setTemplate = async (broker: Broker, recipients: readonly Named[], reach: readonly string[] = []): Promise<void> => {
  const operator = callerOf(broker, 'BROKER', 'operator');
  const publisher = callerOf(broker, PUBLISHER, 'publisher');
  await operator.put(body.organization('org-trust', PUBLISHER, 'publisher'));
  for (const { name, kind, address } of recipients) {
    await operator.put(body.organization(`org-${name}`, name.toUpperCase(), kind));
    await operator.put(body.service(`svc-${name}`, `org-${name}`, kind));
    if (address !== null) await operator.put(body.endpoint(`end-${name}`, `svc-${name}`, `org-${name}`, address));
    await operator.put({ ...body.agreement('org-trust', [`svc-${name}`]), id: `agreement-${name}` });
  }
  for (const id of ['author', 'approver']) await publisher.put(body.practitioner(id));
  await publisher.put(body.patient('template', TEMPLATE_NUMBER));
  await publisher.put(body.composition('words', 'template', WORDS));
  await publisher.put(body.carePlan('plan', 'template', 'words', { reach }));
  await publisher.put(body.consent('consent', 'template', 'org-trust', { kinds: ['epr', 'ed', 'ambulance'] }));
  const approval = body.approval('plan');
  const parameters: Parameters = {
    resourceType: 'Parameters',
    parameter: [
      { name: 'version', valueString: '1' },
      {
        name: 'provenance',
        resource: {
          ...approval,
          agent: approval.agent.map((agent) => ({ ...agent, onBehalfOf: { reference: 'Organization/org-trust' } })),
        },
      },
    ],
  };
  await publisher.post('CarePlan/plan/$approve', parameters);
  for (const { name, kind } of recipients) {
    const caller = callerOf(broker, name.toUpperCase(), kind);
    // A first look-up, so that there is a key of a reader to copy.
    await caller.search('Flag', flagForm(TEMPLATE_NUMBER));
    await caller.close();
  }
  await Promise.all([operator.close(), publisher.close()]);
};

/** The form of a flag search. */
export const flagForm = (nhsNumber: string): string =>
  new URLSearchParams({ 'patient.identifier': `https://fhir.nhs.uk/Id/nhs-number|${nhsNumber}` }).toString();
