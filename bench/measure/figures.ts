/** The value below which `share` of the figures lie; NaN without any. */
export const quantile = (figures: readonly number[], share: number): number => {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};

export const median = (figures: readonly number[]): number => quantile(figures, 0.5);

/** Three digits that matter. */
export const short = (figure: number): string => (Math.abs(figure) >= 100 ? String(Math.round(figure)) : figure.toPrecision(3));

/** Median with the least and the most of the rounds. */
export const spread = (figures: readonly number[], unit = ''): string =>
  `${short(median(figures))}${unit} (${short(Math.min(...figures))} to ${short(Math.max(...figures))})`;
