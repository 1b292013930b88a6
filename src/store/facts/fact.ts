import type { Resource } from '@medplum/fhirtypes';
import type { Instant } from '../../model/instant.ts';
import type { Principal } from '../../model/principal.ts';
import type { LockScope } from '../policy-locks.ts';
import type { Sql } from '../pool.ts';

/** One write that says a fact. The resource already carries its id. */
export interface Fact<R extends Resource = Resource> {
  readonly resource: R & { readonly id: string };
  readonly owner: string;
  readonly principal: Principal;
  readonly now: Instant;
  /** Milliseconds: for recipients that declare none. */
  readonly defaultLifetime: number;
}

/** How one resource type becomes facts: which policy locks it needs, and what it writes under them. */
export interface FactRecorder<R extends Resource = Resource> {
  /** What nobody else may decide at the same time: taken before `scope` is asked. */
  conditions?(sql: Sql, fact: Fact<R>): Promise<readonly string[]>;
  /** Named again under the locks; if more is needed then, the write starts over. */
  scope(sql: Sql, fact: Fact<R>): Promise<LockScope>;
  record(sql: Sql, fact: Fact<R>): Promise<void>;
  /** Whether what is recorded needs no lock that `scope` did not name before it was: it is not asked again. */
  readonly isWhole?: true;
}
