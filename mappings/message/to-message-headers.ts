import { System } from '../../profiles/canonicals.ts';
import type { BarsService } from '../../src/model/recipient.ts';
import type { Party } from './party.ts';

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value), 'utf8').toString('base64');

/** A service that takes BaRS messages, and the reason of the message that goes there. */
export interface ToBars extends BarsService {
  readonly reason: 'new' | 'update' | 'delete';
}

/** What a message carries when it goes by BaRS: the version of its core that is spoken, and what for, in the order of its example. */
const ofBars = ({ useCase, reason }: ToBars): Record<string, string> => ({
  accept: 'application/fhir+json; version=1.4.0',
  ...(useCase === null ? {} : { 'use-context': `${useCase}|notification|document-notification|${reason}` }),
});

/**
 * The BaRS request headers that name the parties: nhs.md section 3. They hold no person. The two ids of a request are the parcel's. A service that
 * declares how BaRS addresses it is named by its id in the Directory of Services, any other by its organisation.
 */
export const toMessageHeaders = (sender: Party, destination: Party, bars: ToBars | null = null): Record<string, string> => ({
  'NHSD-Target-Identifier': base64(
    bars === null ? { system: System.odsOrganization, value: destination.ods } : { system: System.dosService, value: bars.dosServiceId },
  ),
  'NHSD-End-User-Organisation': base64({
    resourceType: 'Organization',
    identifier: [{ system: System.odsOrganization, value: sender.ods }],
    ...(sender.name === null ? {} : { name: sender.name }),
  }),
  'NHSD-End-User-Organisation-ODS': sender.ods,
  'NHSD-Requesting-Software': base64({ resourceType: 'Device', deviceName: [{ name: 'crisis-plan-broker', type: 'model-name' }] }),
  ...(bars === null ? {} : ofBars(bars)),
});
