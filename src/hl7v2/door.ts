import type { Issue } from '../model/anomaly.ts';
import type { Hl7Sender } from '../model/hl7-sender.ts';
import type { Instant } from '../model/instant.ts';
import type { RecipientKind } from '../model/kind.ts';
import type { Principal } from '../model/principal.ts';
import type { Log } from '../log.ts';
import type { ContactMessage } from '../store/messages.ts';
import type { Metered } from './metrics.ts';

/**
 * Takes the acknowledgement of a message that the broker sent, from the sender that it came from; `text` is the whole ACK. What answers nothing that was
 * sent there is its own to tell: nothing is answered to an acknowledgement.
 */
export type Acknowledged = (from: Principal, text: string) => Promise<void>;

/** What the door for HL7 v2 is made of. */
export interface Hl7Door {
  readonly receive: (message: ContactMessage) => Promise<string>;
  readonly findSender: (fingerprint: string, organization: string, application: string) => Promise<Hl7Sender | null>;
  /** Facilities that may send where there is no TLS, as what kind of service: on loopback alone. */
  readonly facilities: ReadonlyMap<string, RecipientKind>;
  /** Null where late application acknowledgements are not taken: they are answered AR. */
  readonly acknowledged: Acknowledged | null;
  readonly validate: (resource: unknown) => readonly Issue[];
  /** Whether messages with the processing id T or D are taken as if they were P. */
  readonly takesTests: boolean;
  readonly operatorOds: string;
  readonly newId: () => string;
  readonly now: () => Instant;
  readonly log: Log;
  readonly metered: Metered;
}

/** Who is at the other end of a connection: a client certificate that an authority of ours signed, or somebody on this machine. */
export type Peer = { readonly fingerprint: string; readonly until: Instant } | 'loopback';
