import type { Coding } from '@medplum/fhirtypes';
import { planIdentifier } from '../disclosure/references.ts';
import type { Instant } from '../../src/model/instant.ts';
import { toNrlParcel } from './parcel.ts';
import { pointedUrl } from './pointed-url.ts';
import { toNrlPointer } from './to-nrl-pointer.ts';

/** A pointer to be published. Nothing of the plan's words is here, and nothing of the person but the number. */
export interface NrlPublished {
  /** The id under which this locator, and nobody else, knows the plan. */
  readonly disclosureId: string;
  /** ODS code of the trust. */
  readonly publisher: string;
  readonly nhsNumber: string;
  readonly practiceSetting: Coding;
  /** When what the locator is told first became so, never the plan's own date (I4, I5). */
  readonly issuedAt: Instant;
  /** Where the broker is reached. */
  readonly origin: string;
}

/** The parcel that has one pointer stand at a record locator: to the plan as the asker may see it, and to whom to ring. */
export const toNrlUpdate = ({ disclosureId, publisher, nhsNumber, practiceSetting, issuedAt, origin }: NrlPublished): string => {
  const pointer = toNrlPointer({
    id: null,
    identifier: planIdentifier(disclosureId),
    publisher: { ods: publisher, name: '' },
    nhsNumber,
    practiceSetting,
    issuedAt,
    version: null,
    contents: [
      { form: 'unstructured', url: pointedUrl(origin, disclosureId, 'plan'), retrieval: 'Direct', stability: 'dynamic' },
      { form: 'record-contact', url: pointedUrl(origin, disclosureId, 'contact'), retrieval: 'Direct', stability: 'dynamic' },
    ],
    asid: null,
    replaces: [],
  });
  return toNrlParcel({ does: 'publish', custodian: publisher, nhsNumber, pointer: disclosureId, body: JSON.stringify(pointer) });
};
