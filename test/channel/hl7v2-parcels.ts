import { toHl7v2Recall } from '../../mappings/adt/to-hl7v2-recall.ts';
import { toHl7v2Update } from '../../mappings/adt/to-hl7v2-update.ts';
import { fromParcel } from '../../mappings/mdm/parcel.ts';
import { fieldOf, readHl7 } from '../../mappings/mdm/read-hl7.ts';
import type { MdmRecallForm } from '../../mappings/mdm/take-back.ts';
import type { Parcel } from '../../src/channel/channel.ts';
import type { Envelope } from '../../src/model/disclosure.ts';
import type { Hl7v2Ways } from '../../src/model/hl7v2-ways.ts';
import { WAYS } from '../../src/model/hl7v2-ways.ts';
import { disclosure, NHS_NUMBER } from './samples.ts';

/** How a parcel differs from a first document in original mode. */
export interface Shape extends Partial<Hl7v2Ways> {
  readonly form?: MdmRecallForm;
  readonly parent?: string | null;
  readonly stale?: readonly string[];
  readonly words?: string;
  /** The FHIR document that goes in base64. */
  readonly document?: string;
}

const parcel = (kind: Parcel['kind'], bytes: string, { messageId, bundleId, requestId, correlationId }: Envelope): Parcel => ({
  kind,
  bytes,
  contentType: 'x-application/hl7-v2+er7',
  messageId,
  bundleId,
  requestId,
  correlationId,
});

const frame = (of: Envelope, { acknowledgementMode, messageForm, receivingApplication, form = 'mdm-t11' }: Shape) => ({
  envelope: of,
  sender: { application: 'CRISISPLANBROKER', facility: 'BROKER' },
  receiver: { application: receivingApplication ?? WAYS.receivingApplication, facility: 'ZZD01' },
  acknowledgementMode: acknowledgementMode ?? WAYS.acknowledgementMode,
  messageForm: messageForm ?? WAYS.messageForm,
  form,
});

/** The parcel of an update as the broker freezes it. */
export const updateOf = (of: Envelope, shape: Shape = {}): Parcel => {
  const { words, document = '{}', parent = null, stale = [] } = shape;
  return parcel('update', toHl7v2Update({ ...frame(of, shape), disclosure: disclosure(words), document, parent, stale }), of);
};

/** The parcel of a recall as the broker freezes it. */
export const recallOf = (of: Envelope, documents: readonly string[], shape: Shape = {}): Parcel =>
  parcel('recall', toHl7v2Recall({ ...frame(of, shape), disclosureId: disclosure().id, identity: NHS_NUMBER, documents }), of);

/** MSH-10 of each message of a parcel. */
export const controlIdsOf = ({ bytes }: Parcel): readonly string[] =>
  fromParcel(bytes).map((message) => fieldOf(readHl7(message) ?? [], 'MSH', 10));
