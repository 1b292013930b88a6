import { Extension } from '../../profiles/canonicals.ts';
import * as body from '../support/bodies.ts';
import type { Caller } from '../support/access.ts';
import type { DoorClient } from '../support/door-client.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import { startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import type { FakeRecipient } from '../support/fake-recipient.ts';
import { policeSubscription, startPolice } from '../support/police-program.ts';
import type { PoliceProgram } from '../support/police-program.ts';
import { TRUST } from './person.ts';

export const OPERATOR: Caller = { ods: 'BROKER', kind: 'operator' };
export const POLICE: Caller = { ods: 'POL1', kind: 'police' };

/** Five recipients, each a real program with a store of its own: four that may be given consent for, and one that never is. */
export interface Town {
  readonly epr: FakeRecipient;
  readonly ed: FakeRecipient;
  readonly ambulance: FakeRecipient;
  readonly crisisLine: FakeRecipient;
  readonly police: PoliceProgram;
  /** HealthcareService ids: everyone's reach. */
  readonly reach: readonly string[];
  stop(): Promise<void>;
}

const ORGANISATIONS = [
  ['trust', 'TRUST1', 'publisher'],
  ['epr', 'EPR1', 'epr'],
  ['ed', 'ED1', 'ed'],
  ['ambulance', 'AMB1', 'ambulance'],
  ['police', 'POL1', 'police'],
  ['crisis-line', 'LINE1', 'crisis-line'],
] as const;

/** Starts the recipients and registers them, their agreement and their addresses over the public API. The EPR refuses lower sequences. */
export const openTown = async (client: DoorClient): Promise<Town> => {
  const epr = await startFakeFhirRecipient({ refusesLowerSequence: true });
  const ed = await startFakeMllpRecipient();
  const ambulance = await startFakeFhirRecipient();
  const crisisLine = await startFakeFhirRecipient();
  const services: string[] = [];
  for (const [name, ods, kind] of ORGANISATIONS) {
    await client.put(OPERATOR, body.organization(`org-${name}`, ods, kind));
    if (kind === 'publisher') continue;
    const declares = kind === 'epr' ? [{ url: Extension.refusesLowerSequence, valueBoolean: true }] : [];
    await client.put(OPERATOR, body.service(`svc-${name}`, `org-${name}`, kind, declares));
    services.push(`svc-${name}`);
  }
  for (const [name, { address }] of Object.entries({ epr, ed, ambulance, 'crisis-line': crisisLine })) {
    await client.put(OPERATOR, body.endpoint(`end-${name}`, `svc-${name}`, `org-${name}`, address));
  }
  await client.put(OPERATOR, { ...body.agreement('org-trust', services), id: 'agreement' });
  for (const id of ['author', 'approver']) await client.put(TRUST, body.practitioner(id));
  const police = await startPolice(client, POLICE);
  await client.put(POLICE, policeSubscription('police-sub', police.hook));
  return {
    epr,
    ed,
    ambulance,
    crisisLine,
    police,
    reach: services,
    stop: async () => {
      await police.stop();
      for (const each of [epr, ed, ambulance, crisisLine]) await each.stop();
    },
  };
};
