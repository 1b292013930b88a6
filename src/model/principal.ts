import type { Kind } from './kind.ts';

/** The caller, as every decision sees it. */
export interface Principal {
  /** ODS code of the organisation. */
  readonly organization: string;
  readonly kind: Kind;
  /** SMART v2 scopes: `system/CarePlan.rs`. */
  readonly scopes: readonly string[];
  /** The person behind the call, where one is known: registration or SDS id. */
  readonly user: string | null;
}
