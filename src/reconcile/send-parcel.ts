import { toMessageHeaders } from '../../mappings/message/to-message-headers.ts';
import type { Limits, Parcel, Target } from '../channel/channel.ts';
import type { Outcome } from '../model/ledger.ts';
import type { Destination, Recipient } from '../model/recipient.ts';
import type { World } from './ports-on.ts';

/** Whom a parcel goes to: all of it read at once, so that an address never meets another's headers. `address` is where the copy lies. */
export interface Addressee {
  readonly recipient: Recipient;
  readonly destination: Destination & { readonly channel: Pushed };
  readonly address: string;
  readonly credential?: Target['credential'];
  /** BaRS: what the message does. */
  readonly reason: 'new' | 'update' | 'delete';
  /** Told of each message of the parcel that its application has answered; of HL7 v2. */
  readonly heard?: Target['heard'];
  /** Of MESH. */
  readonly mailbox?: Target['mailbox'];
}

/** The channels over which content is pushed. */
export type Pushed = Exclude<Destination['channel'], 'pull' | 'subscription'>;

/** Whether content is pushed to a destination. */
export const isPushedTo = (destination: Destination): destination is Addressee['destination'] =>
  destination.channel !== 'pull' && destination.channel !== 'subscription';

/** Sends a parcel over the channel of its addressee. Never throws. */
export const sendParcel = (
  { channels, sender, responseUrl }: Pick<World, 'channels' | 'sender' | 'responseUrl'>,
  { recipient, destination, address, credential, reason, heard, mailbox }: Addressee,
  parcel: Parcel,
  limits: Limits,
): Promise<Outcome> => {
  const target: Omit<Target, 'headers'> = {
    address,
    ...(credential === undefined ? {} : { credential }),
    acknowledgements: destination.acknowledgements,
  };
  switch (destination.channel) {
    case 'fhir-messaging': {
      const bars = destination.bars === undefined ? null : { ...destination.bars, reason };
      const headers = toMessageHeaders(sender, { ods: recipient.ods, name: null, endpoint: address }, bars);
      const later = destination.answersLater;
      const answersLater =
        later === undefined ? {} : { answersLater: { by: later.by, responseUrl: responseUrl ?? `${sender.endpoint}/$process-message` } };
      return channels['fhir-messaging'].send({ ...target, headers, ...answersLater }, parcel, limits);
    }
    case 'fhir-rest':
      return channels['fhir-rest'].send({ ...target, headers: {}, readsBack: destination.readsBack ?? false }, parcel, limits);
    case 'nrl':
      // Whose pointer it is stands in the parcel, and the headers are made of it.
      return channels.nrl.send({ ...target, headers: {} }, parcel, limits);
    case 'mns':
      return channels.mns.send({ ...target, headers: {} }, parcel, limits);
    case 'hl7v2-mllp':
      return channels['hl7v2-mllp'].send({ ...target, headers: {}, ...(heard === undefined ? {} : { heard }) }, parcel, limits);
    case 'mesh':
      return channels.mesh.send({ ...target, headers: {}, ...(mailbox === undefined ? {} : { mailbox }) }, parcel, limits);
    default:
      return destination.channel satisfies never;
  }
};
