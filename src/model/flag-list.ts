import { HOUR, type Instant } from './instant.ts';
import type { RecipientKind } from './kind.ts';

/** Kinds that may hold a list of whom there is a plan for; police hold a notice of each plan and read it, and get no list. */
export const FLAG_LIST_KINDS = ['epr', 'ed', 'ambulance', 'crisis-line'] as const satisfies readonly RecipientKind[];

/**
 * How an NHS number becomes an entry: scrypt (RFC 7914) over its ten digits under the salt of the list, cut to its first bytes. 16 MiB and some 50 ms a
 * guess (measured). Three bytes: of the 273 million numbers that may be in use 16 fit each entry by chance, so that nobody can be told from a list alone; a call about
 * somebody without a plan fits a list of a thousand once in 17,000. Decision 0065.
 */
export const FLAG_HASH = { cost: 16_384, blockSize: 8, parallelization: 1, length: 3 } as const;

/** How long a list may be used where nothing else is set: a shift. */
export const FLAG_LIST_LIFE: number = 12 * HOUR;

/** The persons of whom a recipient holds a plan flag, for matching without a connection: that there is a plan, and nothing of it. */
export interface FlagList {
  readonly id: string;
  /** Base64; of this list alone. */
  readonly salt: string;
  /** From then on it may not be used. */
  readonly until: Instant;
  /** In hex, each once, in the order of their own digits. */
  readonly hashes: readonly string[];
  /** Changes with its entries, and with nothing else. */
  readonly version: string;
}

/** The list, or that it is being built: milliseconds until it may be there. */
export type FlagListAnswer = { readonly list: FlagList } | { readonly buildsFor: number };
