import type { RecipientKind } from './kind.ts';
import type { UserIdentity } from './user-identity.ts';

/** The approver as their issuer signed it, without a name. */
export type ApproverClaim = Omit<UserIdentity, 'name'>;

/** What the broker seals of an approval. Hashes are SHA-256 in hex. */
export interface ApprovalSeal {
  /** Counted from 1 within the plan. */
  readonly number: number;
  /** Instant, ISO 8601. */
  readonly sealedAt: string;
  /** Of the canonical bytes that were signed. */
  readonly bytes: string;
  /** Version of the mapping that showed the words. */
  readonly mapping: number;
  readonly projections: Readonly<Partial<Record<RecipientKind, string>>>;
  readonly approver: ApproverClaim;
}
