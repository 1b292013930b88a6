/** How well a clock tells two samples apart: the chance that one of the first is longer than one of the second. 0.5 is not at all. */
export const tellByClock = (first: readonly number[], second: readonly number[]): number => {
  const wins = first.flatMap((one) => second.map((other): number => (one > other ? 1 : one === other ? 0.5 : 0)));
  return wins.reduce((sum, win) => sum + win, 0) / wins.length;
};
