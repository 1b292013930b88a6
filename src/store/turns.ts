/** A key's turn: `work` runs when all that came before it under the same key is done. */
export interface Turns {
  /** True while somebody has the turn of this key, or waits for it. */
  readonly isTaken: (key: string) => boolean;
  readonly take: <T>(key: string, work: () => Promise<T>) => Promise<T>;
}

/** Turns of one process, first come, first served. A key that nobody waits for is not remembered. */
export const openTurns = (): Turns => {
  const last = new Map<string, Promise<unknown>>();
  return {
    isTaken: (key) => last.has(key),
    take: (key, work) => {
      const mine = (last.get(key) ?? Promise.resolve()).then(work, work);
      last.set(key, mine);
      const leave = (): void => {
        if (last.get(key) === mine) last.delete(key);
      };
      mine.then(leave, leave);
      return mine;
    },
  };
};
