import type { Instant } from './instant.ts';
import type { RecipientKind } from './kind.ts';

/** A system that may send HL7 v2 over MLLP/TLS: one client certificate, for one facility, as one kind of service. */
export interface Hl7Sender {
  readonly id: string;
  /** ODS code: what MSH-4 must say. */
  readonly organization: string;
  readonly kind: RecipientKind;
  /** What MSH-3 must say; null lets it say anything. */
  readonly application: string | null;
  /** SHA-256 of the certificate in DER, in hexadecimal, lower case. */
  readonly fingerprint: string;
  readonly createdAt: Instant;
  /** Since when it is shut out; null while it is not. */
  readonly suspendedAt: Instant | null;
}
