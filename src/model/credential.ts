import type { Instant } from './instant.ts';

/** Algorithms of an assertion: the NHS API platform takes RS512 alone, SMART's own are the other two (nhs.md section 4). */
export const SIGNING = ['RS512', 'RS384', 'ES384'] as const;

/** How the broker gets an access token for an address: client credentials with a signed JWT (RFC 7523). */
export interface SignedJwt {
  /** Where tokens are asked for; `aud` of the assertion where no other is set. */
  readonly tokenUrl: string;
  readonly clientId: string;
  /** PKCS 8 as PEM. Secret. */
  readonly key: string;
  readonly kid: string;
  readonly alg: (typeof SIGNING)[number];
  readonly scope: string | null;
  readonly audience: string | null;
  /** PEM of the authorities of the token endpoint; null: those of the system. */
  readonly ca: string | null;
}

/** The certificate that the broker shows at an address. */
export interface ClientCertificate {
  /** PEM: its own first, those between it and its root after it. */
  readonly cert: string;
  /** PEM. Secret. */
  readonly key: string;
  readonly notAfter: Instant;
}

/** By what the broker proves itself, and knows who it speaks to. At least one of the three is there. */
export interface Credential {
  readonly signedJwt: SignedJwt | null;
  readonly certificate: ClientCertificate | null;
  /** PEM of the authorities of the address; null: those of the system. */
  readonly ca: string | null;
}

/** A credential as an attempt uses it: its version is another after each rotation. */
export interface CredentialInUse extends Credential {
  readonly version: string;
  /** The Endpoint and the address that it is for. */
  readonly endpointId: string;
  readonly address: string;
}
