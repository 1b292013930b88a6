import type { CredentialInUse } from '../model/credential.ts';
import type { Outcome } from '../model/ledger.ts';
import type { Acknowledgement, LaterAnswer } from '../model/recipient.ts';

/** Where a parcel goes, and how that place answers. */
export interface Target {
  /** `Destination.address`: `http(s)://…`, `mllp(s)://host:port` or `mesh://MAILBOX?workflow_id=…`. */
  readonly address: string;
  /** Request headers of the destination's own (BaRS headers, `Subscription.channel.header`); unused by MLLP. May be secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly acknowledgements: readonly Acknowledgement[];
  /** Told what each message of a parcel was answered by the time that the send ends, by its MSH-10: HL7 v2 in enhanced mode alone. */
  readonly heard?: (messageControlId: string, outcome: Outcome) => void;
  /** By what the broker proves itself there, and knows it; null where the address has none. */
  readonly credential?: CredentialInUse | null;
  /** FHIR REST: whether what was stored there may be read (`Destination.readsBack`). */
  readonly readsBack?: boolean;
  /** How it answers where it does so by a message of its own; `responseUrl` is where. Missing: in the same exchange. */
  readonly answersLater?: { readonly by: LaterAnswer['by']; readonly responseUrl: string };
  /** MESH: our own id of this attempt, and who writes down the one that MESH gives it. */
  readonly mailbox?: { readonly localId: string; taken(messageId: string, mailbox: string): Promise<void> };
}

/** What leaves: frozen before the wire, and the same on a retry. */
export interface Parcel {
  readonly kind: 'update' | 'recall';
  /** The exact text of the body; for MLLP the messages of `toParcel`. */
  readonly bytes: string;
  readonly contentType: string;
  /** `Envelope.messageId` and `bundleId`: an answer must name one of them. */
  readonly messageId: string;
  readonly bundleId: string;
  readonly requestId: string;
  readonly correlationId: string;
  /** The keyed digest of whom these bytes are for (src/store/keys/addressed.ts): written down before the wire, compared right before it. */
  readonly addressed?: string;
}

/** How long a send may take. */
export interface Limits {
  /** Milliseconds until `send_before`, on the monotonic clock; asked at the moment when the request is written to the socket. */
  readonly msLeft: () => number;
  /** Milliseconds for the whole exchange, answer included. */
  readonly timeoutMs: number;
}

/** A road out. `send` never throws: what it cannot prove is `unknown`. */
export interface Channel {
  send(target: Target, parcel: Parcel, limits: Limits): Promise<Outcome>;
  /** Ends every connection; what is in flight becomes `unknown`. */
  close(): Promise<void>;
}

/** `send_before` passed before a byte was written: nothing left, and it may be begun again. */
export const ABANDONED: Extract<Outcome, { kind: 'refused' }> = { kind: 'refused', because: 'abandoned', retry: true };

/** No connection came to be: nothing was written. */
export const NOT_CONNECTED: Extract<Outcome, { kind: 'refused' }> = { kind: 'refused', because: 'not-connected', retry: true };

/** The broker's own certificate has run out: nothing was written. */
export const CERTIFICATE_EXPIRED: Extract<Outcome, { kind: 'refused' }> = { kind: 'refused', because: 'certificate-expired', retry: true };

/** The address guard forbids the address: nothing was written. It may be resolved otherwise, or allowed, later. */
export const ADDRESS_FORBIDDEN: Extract<Outcome, { kind: 'refused' }> = { kind: 'refused', because: 'address-forbidden', retry: true };
