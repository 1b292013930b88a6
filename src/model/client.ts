import type { Instant } from './instant.ts';
import type { Kind } from './kind.ts';
import type { Scope } from './scope.ts';

/** A system that may ask for access tokens (SMART Backend Services): one organisation, as one kind of service. */
export interface Client {
  readonly id: string;
  /** ODS code. */
  readonly organization: string;
  readonly kind: Kind;
  readonly scopes: readonly Scope[];
  /** Where its public keys are: in a JSON Web Key Set kept here, or at an address of its own. */
  readonly keys: { readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] } } | { readonly jwksUri: string };
  /** Further audiences that an id token of its users may name: the client's own id at the issuer. */
  readonly userAudiences: readonly string[];
  readonly createdAt: Instant;
  /** Since when it is shut out; null while it is not. */
  readonly suspendedAt: Instant | null;
}
