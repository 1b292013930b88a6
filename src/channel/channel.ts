import type { Outcome } from '../model/ledger.ts';
import type { Acknowledgement, LaterAnswer } from '../model/recipient.ts';

/** Where a parcel goes, and how that place answers. */
export interface Target {
  /** `Destination.address`: `http(s)://…` or `mllp(s)://host:port`. */
  readonly address: string;
  /** Request headers of the destination's own (BaRS headers, `Subscription.channel.header`); unused by MLLP. May be secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly acknowledgements: readonly Acknowledgement[];
  /** How it answers where it does so by a message of its own; `responseUrl` is where. Missing: in the same exchange. */
  readonly answersLater?: { readonly by: LaterAnswer['by']; readonly responseUrl: string };
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
export const ABANDONED: Outcome = { kind: 'refused', because: 'abandoned', retry: true };

/** No connection came to be: nothing was written. */
export const NOT_CONNECTED: Outcome = { kind: 'refused', because: 'not-connected', retry: true };

/** The address guard forbids the address: nothing was written. It may be resolved otherwise, or allowed, later. */
export const ADDRESS_FORBIDDEN: Outcome = { kind: 'refused', because: 'address-forbidden', retry: true };
