import { toDocumentBundle } from '../../mappings/disclosure/to-document-bundle.ts';
import { toMdmRecall } from '../../mappings/mdm/to-mdm-recall.ts';
import { toMdmUpdate } from '../../mappings/mdm/to-mdm-update.ts';
import { toMessageBundle } from '../../mappings/message/to-message-bundle.ts';
import { toRecallMessage } from '../../mappings/message/to-recall-message.ts';
import type { Parcel } from '../channel/channel.ts';
import type { Disclosure, Envelope } from '../model/disclosure.ts';
import type { Attempt } from '../model/ledger.ts';
import type { Destination, Recipient } from '../model/recipient.ts';

/** Who sends: an ODS code, and the address under which the broker is known. */
export interface Sender {
  readonly ods: string;
  readonly name: string;
  readonly endpoint: string;
}

export interface ToFreeze {
  readonly attempt: Attempt;
  readonly envelope: Envelope;
  readonly recipient: Recipient;
  readonly destination: Destination;
  readonly disclosureId: string;
  /** What is disclosed; null for a recall, and for a notice, which carries no content. */
  readonly disclosure: Disclosure | null;
  readonly sender: Sender;
}

/** The bytes of an attempt, in the shape that its destination takes. A notification is shaped when its number is known. */
export function freeze(it: ToFreeze): Parcel {
  const { attempt, envelope } = it;
  const { kind } = attempt.action;
  const { messageId, bundleId, requestId, correlationId } = envelope;
  return { kind, ...shape(it), messageId, bundleId, requestId, correlationId };
}

function shape(it: ToFreeze): { readonly bytes: string; readonly contentType: string } {
  switch (it.destination.channel) {
    case 'fhir-messaging':
      return { bytes: toMessage(it), contentType: 'application/fhir+json' };
    case 'hl7v2-mllp':
      return { bytes: toHl7(it), contentType: 'x-application/hl7-v2+er7' };
    case 'subscription':
    case 'pull':
      return { bytes: '', contentType: 'application/fhir+json' };
    default:
      return it.destination.channel satisfies never;
  }
}

function toMessage({ attempt: { action }, envelope, sender, recipient, destination, disclosureId, disclosure }: ToFreeze): string {
  const ends = { envelope, sender, destination: { ods: recipient.ods, name: null, endpoint: destination.address } };
  if (action.kind === 'recall')
    return toRecallMessage({
      ...ends,
      disclosureId,
      identity: action.place.identity,
      documents: action.documents,
      reason: destination.answersLater?.by === 'new-message' ? 'update' : 'delete',
    });
  const shown = present(disclosure);
  return toMessageBundle({ ...ends, document: toDocumentBundle(shown, envelope), parent: action.parent, responsible: shown.publisher });
}

function toHl7({ attempt: { action }, envelope, sender, recipient, destination, disclosureId, disclosure }: ToFreeze): string {
  const frame = {
    envelope,
    sender: { application: 'CRISISPLANBROKER', facility: sender.ods },
    receiver: { application: 'EPR', facility: recipient.ods },
  };
  if (action.kind === 'recall') {
    const form = destination.recallForm === 'mdm-t10-notice' ? 'mdm-t10-notice' : 'mdm-t11';
    return toMdmRecall({ ...frame, form, disclosureId, identity: action.place.identity, documents: action.documents });
  }
  const document = JSON.stringify(toDocumentBundle(present(disclosure), envelope));
  return toMdmUpdate({ ...frame, disclosure: present(disclosure), document, parent: action.parent, stale: action.stale });
}

function present(disclosure: Disclosure | null): Disclosure {
  if (disclosure === null) throw new Error('an update discloses something');
  return disclosure;
}
