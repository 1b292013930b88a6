import type { MessageHeader } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { Issue } from '../../src/model/anomaly.ts';
import { isOdsCode } from '../../src/model/ods-code.ts';
import type { Entry } from './entries.ts';
import { entryOf } from './entries.ts';
import { refuse } from './refuse.ts';

/** Who says that it sent a message. */
export interface Sender {
  /** ODS code, in capitals. */
  readonly ods: string;
  /** FHIRPath of the identifier that says so. */
  readonly at: string;
  readonly warnings: readonly Issue[];
}

/** The sender by its ODS code: of the Organization that the header names, or of a logical reference. Throws `incorrect` where there is none. */
export const senderOf = (header: Entry<MessageHeader>, entries: readonly Entry[]): Sender => {
  const { sender } = header.resource;
  const at = `${header.at}.sender`;
  if (sender === undefined) throw refuse(at, 'required', 'is required');
  const organization = entryOf(entries, sender.reference, 'Organization');
  const named = organization?.resource.identifier ?? (sender.identifier === undefined ? [] : [sender.identifier]);
  const place = (index: number): string => (organization === null ? `${at}.identifier` : `${organization.at}.identifier[${index}]`);
  for (const system of [System.odsOrganization, System.odsOrganizationMisspelt]) {
    const index = named.findIndex((each) => each.system === system && isOdsCode(each.value?.toUpperCase() ?? ''));
    const ods = named[index]?.value?.toUpperCase();
    if (ods === undefined) continue;
    const help = `is written ${System.odsOrganization}: systems are case-sensitive`;
    const isMisspelt = system === System.odsOrganizationMisspelt;
    return {
      ods,
      at: place(index),
      warnings: isMisspelt ? [{ at: `${place(index)}.system`, code: 'value', severity: 'warning', help }] : [],
    };
  }
  throw refuse(organization === null ? at : `${organization.at}.identifier`, 'required', 'names the sender by its ODS code');
};
