import { System } from '../../profiles/canonicals.ts';
import type { Party } from './party.ts';

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value), 'utf8').toString('base64');

/** The BaRS request headers that name the parties: nhs.md section 3. They hold no person. The two ids of a request are the parcel's. */
export const toMessageHeaders = (sender: Party, destination: Party): Record<string, string> => ({
  'NHSD-Target-Identifier': base64({ system: System.odsOrganization, value: destination.ods }),
  'NHSD-End-User-Organisation': base64({
    resourceType: 'Organization',
    identifier: [{ system: System.odsOrganization, value: sender.ods }],
    ...(sender.name === null ? {} : { name: sender.name }),
  }),
  'NHSD-End-User-Organisation-ODS': sender.ods,
  'NHSD-Requesting-Software': base64({ resourceType: 'Device', deviceName: [{ name: 'crisis-plan-broker', type: 'model-name' }] }),
});
