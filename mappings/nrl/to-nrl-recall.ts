import { toNrlParcel } from './parcel.ts';
import type { NrlPublished } from './to-nrl-update.ts';

/** The parcel that has none stand there, under the number that it was published with. */
export const toNrlRecall = ({
  disclosureId,
  publisher,
  nhsNumber,
}: Pick<NrlPublished, 'disclosureId' | 'publisher' | 'nhsNumber'>): string =>
  toNrlParcel({ does: 'delete', custodian: publisher, nhsNumber, pointer: disclosureId, body: '' });
