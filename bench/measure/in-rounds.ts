/** Rates of several targets, round by round and one after another, by their names; a first round warms them up and does not count. */
export const inRounds = async (
  rounds: number,
  targets: readonly (readonly [string, () => Promise<number>])[],
  say: (name: string, rate: number) => void,
): Promise<ReadonlyMap<string, readonly number[]>> => {
  const rates = new Map<string, readonly number[]>();
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, run] of targets) {
      const rate = await run();
      if (round >= 0) rates.set(name, [...(rates.get(name) ?? []), rate]);
      say(name, rate);
    }
  }
  return rates;
};
