/**
 * Work that comes one by one and is done together: an item goes at once while fewer than `atOnce` batches run, and otherwise waits for
 * the next, with all that came meanwhile, `most` at most. Nothing is delayed to fill a batch. `run` answers in the order of its items.
 */
export const inBatches = <In, Out>(
  run: (items: readonly In[]) => Promise<readonly Out[]>,
  { most, atOnce }: { readonly most: number; readonly atOnce: number },
): ((item: In) => Promise<Out>) => {
  interface Waiting {
    readonly item: In;
    readonly resolve: (out: Out) => void;
    readonly reject: (fault: unknown) => void;
  }
  let waiting: Waiting[] = [];
  let running = 0;
  const batch = async (taken: readonly Waiting[]): Promise<void> => {
    try {
      const answers = await run(taken.map(({ item }) => item));
      if (answers.length !== taken.length) throw new Error('a batch was not answered in full');
      taken.forEach(({ resolve }, at) => resolve(answers[at] as Out));
    } catch (fault) {
      for (const { reject } of taken) reject(fault);
    }
    running -= 1;
    next();
  };
  const next = (): void => {
    if (waiting.length === 0 || running >= atOnce) return;
    const taken = waiting.slice(0, most);
    waiting = waiting.slice(most);
    running += 1;
    void batch(taken);
  };
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      next();
    });
};
