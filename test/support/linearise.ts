/** One write of a person's state, by one writer after another: it takes effect at some instant between its start and its end. */
export interface Written<S> {
  readonly from: number;
  readonly to: number;
  readonly state: S;
}

/** One read of it. */
export interface Seen<S> {
  readonly from: number;
  readonly to: number;
  readonly state: S;
}

/**
 * Reads that are right for no instant between their start and their end, or that show an older state than a read which had ended before they began. `first` is
 * the state before the first write. With one writer the states follow each other: each stands from the start of its write to the end of the next.
 */
export const notLinear = <S>(first: S, writes: readonly Written<S>[], reads: readonly Seen<S>[]): readonly Seen<S>[] => {
  const states = [
    { state: first, from: Number.NEGATIVE_INFINITY, to: writes[0]?.to ?? Number.POSITIVE_INFINITY },
    ...writes.map(({ state, from }, at) => ({ state, from, to: writes[at + 1]?.to ?? Number.POSITIVE_INFINITY })),
  ];
  const placed: { readonly to: number; readonly at: number }[] = [];
  return [...reads]
    .sort((a, b) => a.from - b.from)
    .filter((read) => {
      const least = Math.max(0, ...placed.filter(({ to }) => to < read.from).map(({ at }) => at));
      // The oldest that fits leaves most room for the reads after it.
      const at = states.findIndex(
        (each, index) => index >= least && each.state === read.state && each.from <= read.to && each.to >= read.from,
      );
      if (at >= 0) placed.push({ to: read.to, at });
      return at < 0;
    });
};
