import type { Kind } from './kind.ts';

/** Who wrote a resource. */
export interface Writer {
  /** ODS code of the organisation. */
  readonly owner: string;
  /** Its kind of service; null where that is not known, and then the organisation alone decides. */
  readonly service: string | null;
}

/** Whether a resource is a caller's own: its organisation's, and of its kind of service. */
export const isOwn = ({ owner, service }: Writer, { organization, kind }: Pick<Principal, 'organization' | 'kind'>): boolean =>
  owner === organization && (service === null || service === kind);

/** The caller, as every decision sees it. */
export interface Principal {
  /** ODS code of the organisation. */
  readonly organization: string;
  readonly kind: Kind;
  /** SMART v2 scopes: `system/CarePlan.rs`. */
  readonly scopes: readonly string[];
  /** The person behind the call, where one is known: registration or SDS id. */
  readonly user: string | null;
  /** The person whose plan it is, by the broker's own id, where they call themselves; only by an app of the kind `person`. */
  readonly personId?: string;
}
