import { setTimeout as wait } from 'node:timers/promises';

/** Waits until `look` answers without throwing, up to `ms`; throws its last complaint. */
export async function eventually<T>(look: () => T | Promise<T>, ms = 10_000): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() > end) throw error;
      await wait(25);
    }
  }
}
