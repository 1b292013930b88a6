import type { Cluster } from '../ground/cluster.ts';
import type { Verdict } from '../measure/verdict.ts';

/** What each part is handed. */
export interface Bench {
  readonly cluster: Cluster;
  /** Tells how far it is, on standard error. */
  readonly say: (line: string) => void;
}

/** One part of the benchmark: sets its own ground and clears it away. */
export type Part = (bench: Bench) => Promise<readonly Verdict[]>;
