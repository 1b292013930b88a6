import { CATEGORY_TABLE } from '../../mappings/outcome/category-table.ts';
import { Anomaly } from '../model/anomaly.ts';
import type { Issue } from '../model/anomaly.ts';
import type { DoorStore } from '../store/door.ts';

/** What a check or a write is refused for, as issues. What says nothing of the request (a fault, a busy store) is thrown on. */
export const refusalsOf = async (work: () => unknown): Promise<readonly Issue[]> => {
  try {
    await work();
    return [];
  } catch (error) {
    if (!(error instanceof Anomaly)) throw error;
    const { issue: code, retry } = CATEGORY_TABLE[error.category];
    if (retry) throw error;
    return error.issues.map((issue) => ({ code, ...issue }));
  }
};

/** Does a write, judged by all that is stored and under its locks, and undoes it: what it would be refused for. */
export const rehearsed = async (store: DoorStore, write: (store: DoorStore) => Promise<unknown>): Promise<readonly Issue[]> => {
  const undo = new Error('undone');
  try {
    return await refusalsOf(() =>
      store.transaction([], async (within) => {
        await write(within);
        throw undo;
      }),
    );
  } catch (error) {
    if (error === undo) return [];
    throw error;
  }
};
