import type { Ledger } from '../../src/model/ledger.ts';
import type { Claim, Look, Ports } from '../../src/reconcile/ports.ts';

/** What a ledger believes of its one key, as the contract sees it. */
export interface Believed {
  readonly ledger: Ledger;
  readonly generation: number;
  readonly observed: number;
  /** Milliseconds from now; null when nothing is owed by time. */
  readonly lookIn: number | null;
  readonly isOpen: boolean;
}

/** A ledger with one key, that of a destination which should hold something; fresh for each test. */
export interface LedgerUnderTest<L extends Look> {
  readonly ports: Omit<Ports<L>, 'deliver'>;
  /** Milliseconds of its lease. */
  readonly lease: number;
  readonly backoffMax: number;
  claim(): Promise<Claim | null>;
  /** A fact that changes what is desired is committed, and its fan-out done. */
  revoke(): Promise<void>;
  permit(): Promise<void>;
  /** The same, permitted until so many milliseconds from now. */
  permitFor(ms: number): Promise<void>;
  /** The same fact, committed; its fan-out is still to come. */
  revokeUnseen(): Promise<void>;
  fanOut(): Promise<void>;
  /** The recipient reads, and stores what it read. */
  read(): Promise<void>;
  pass(ms: number): Promise<void>;
  believed(): Promise<Believed>;
}
