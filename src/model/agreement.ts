import type { Heading } from './heading.ts';
import type { Purpose } from './kind.ts';
import type { Period } from './period.ts';

/** A data-sharing agreement between one publisher and one recipient: a Contract, expanded to pairs. */
export interface Agreement {
  readonly id: string;
  readonly executed: boolean;
  readonly period: Period;
  readonly purposes: readonly Purpose[];
  readonly headings: readonly Heading[];
}
