/** Work at a moment, by key, in this process only: what a crash loses here the sweep finds. */
export interface Later {
  /** Runs once after `delayMs`; of two delays for one key the earlier wins. */
  at(key: string, delayMs: number, run: () => void): void;
  clear(): void;
}

/**
 * Delays stay out of the queue. There a delayed nudge that arrives while its recipient is active takes the place of an immediate
 * one that came before it (measured: nudge-table.test.ts), so a recall would sleep until somebody else's retry.
 */
export const openLater = (): Later => {
  const waiting = new Map<string, { readonly due: number; readonly timer: NodeJS.Timeout }>();
  return {
    at(key, delayMs, run) {
      const due = performance.now() + delayMs;
      const before = waiting.get(key);
      if (before && before.due <= due) return;
      if (before) clearTimeout(before.timer);
      const timer = setTimeout(() => {
        waiting.delete(key);
        run();
      }, delayMs);
      timer.unref();
      waiting.set(key, { due, timer });
    },
    clear() {
      for (const { timer } of waiting.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
};
