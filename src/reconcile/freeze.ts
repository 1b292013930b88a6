import { toHl7v2Recall } from '../../mappings/adt/to-hl7v2-recall.ts';
import { toHl7v2Update } from '../../mappings/adt/to-hl7v2-update.ts';
import { toDocumentBundle } from '../../mappings/disclosure/to-document-bundle.ts';
import { mdmRecallForm } from '../../mappings/mdm/take-back.ts';
import { toMessageBundle } from '../../mappings/message/to-message-bundle.ts';
import { toRecallMessage } from '../../mappings/message/to-recall-message.ts';
import { toResources as toDisclosed } from '../../mappings/notification/to-entries.ts';
import { toNrlRecall } from '../../mappings/nrl/to-nrl-recall.ts';
import { type NrlPublished, toNrlUpdate } from '../../mappings/nrl/to-nrl-update.ts';
import { toCloudEvent } from '../../mappings/signal/to-cloud-event.ts';
import { toFhirSignal } from '../../mappings/signal/to-fhir-signal.ts';
import { toRestRecall } from '../../mappings/rest/to-rest-recall.ts';
import { toRestUpdate } from '../../mappings/rest/to-rest-update.ts';
import type { Parcel } from '../channel/channel.ts';
import { recallRoad } from '../decide/recall-road.ts';
import type { Disclosure, Envelope } from '../model/disclosure.ts';
import { WAYS } from '../model/hl7v2-ways.ts';
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
  /** What a record locator or an event service is told beside the number; null for every other destination. */
  readonly pointing: Pointing | null;
}

/** Whose pointer is published, or of whose plan an event tells, since when it says so, and where that is read. */
export type Pointing = Pick<NrlPublished, 'publisher' | 'issuedAt' | 'practiceSetting' | 'origin'>;

/** The bytes of an attempt, in the shape that its destination takes. Of a notification those are the resources that it carries: it is shaped when its number is known. */
export function freeze(it: ToFreeze): Parcel {
  const { attempt, envelope } = it;
  const { kind } = attempt.action;
  const { messageId, bundleId, requestId, correlationId } = envelope;
  return { kind, ...shape(it), messageId, bundleId, requestId, correlationId };
}

function shape(it: ToFreeze): { readonly bytes: string; readonly contentType: string } {
  // What people, a Task or time take away crosses no channel.
  if (it.attempt.action.kind === 'recall' && recallRoad(it.destination) !== 'wire') return { bytes: '', contentType: 'text/plain' };
  switch (it.destination.channel) {
    case 'fhir-messaging':
    case 'mesh':
      return { bytes: toMessage(it), contentType: 'application/fhir+json' };
    case 'fhir-rest':
      return { bytes: toResources(it), contentType: 'application/fhir+json' };
    case 'nrl':
      return { bytes: toPointer(it), contentType: 'application/fhir+json' };
    case 'mns':
      return toEvent(it);
    case 'hl7v2-mllp':
      return { bytes: toHl7(it), contentType: 'x-application/hl7-v2+er7' };
    case 'subscription':
      return { bytes: it.disclosure === null ? '' : JSON.stringify(toDisclosed(it.disclosure)), contentType: 'application/fhir+json' };
    case 'pull':
      return { bytes: '', contentType: 'application/fhir+json' };
    default:
      return it.destination.channel satisfies never;
  }
}

function toMessage({ attempt: { action }, envelope, sender, recipient, destination, disclosureId, disclosure }: ToFreeze): string {
  // What lies at an address that was left is recalled there: the message names the one that it goes to.
  const ends = { envelope, sender, destination: { ods: recipient.ods, name: null, endpoint: action.place.address } };
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

function toResources({ attempt: { action }, envelope, disclosureId, disclosure }: ToFreeze): string {
  const { address, identity } = action.place;
  if (action.kind === 'recall') return toRestRecall({ envelope, disclosureId, identity, documents: action.documents });
  return toRestUpdate({ disclosure: present(disclosure), envelope, address, parent: action.parent, stale: action.stale });
}

function toPointer({ attempt: { action }, disclosureId, pointing }: ToFreeze): string {
  const { publisher, ...published } = present(pointing);
  const whose = { disclosureId, publisher, nhsNumber: action.place.identity };
  return action.kind === 'recall' ? toNrlRecall(whose) : toNrlUpdate({ ...whose, ...published });
}

/** Update and recall are the same event: look again. What it finds then is for the gates to say. */
function toEvent({ attempt: { action }, envelope, destination, pointing }: ToFreeze): ReturnType<typeof shape> {
  const { origin } = present(pointing);
  const { address, identity } = action.place;
  const signal = { id: envelope.messageId, at: envelope.sentAt, nhsNumber: identity, origin, service: address.replace(/\/+$/, '') };
  return destination.contentForm === 'fhir-signal'
    ? { bytes: JSON.stringify(toFhirSignal(signal)), contentType: 'application/fhir+json' }
    : { bytes: JSON.stringify(toCloudEvent(signal)), contentType: 'application/cloudevents+json' };
}

function toHl7({ attempt: { action }, envelope, sender, recipient, destination, disclosureId, disclosure }: ToFreeze): string {
  const { acknowledgementMode, messageForm, receivingApplication } = { ...WAYS, ...destination.hl7v2 };
  const frame = {
    envelope,
    sender: { application: 'CRISISPLANBROKER', facility: sender.ods },
    receiver: { application: receivingApplication, facility: recipient.ods },
    acknowledgementMode,
    messageForm,
    form: mdmRecallForm(destination.recallForm),
  };
  if (action.kind === 'recall')
    return toHl7v2Recall({ ...frame, disclosureId, identity: action.place.identity, documents: action.documents });
  const document = destination.contentForm === 'text' ? null : JSON.stringify(toDocumentBundle(present(disclosure), envelope));
  return toHl7v2Update({ ...frame, disclosure: present(disclosure), document, parent: action.parent, stale: action.stale });
}

function present<T>(said: T | null): T {
  if (said === null) throw new Error('what is sent says something');
  return said;
}
