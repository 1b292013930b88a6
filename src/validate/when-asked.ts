import { getAllDataTypes } from '@medplum/core';

/**
 * Puts a reading in the place of types that the library is to know: whoever first asks for one of them has it done, and `read` registers them all.
 * R4 has 148 types of resources and the broker some forty profiles, and a process meets a few of them: to read them all takes 0.3 s of each start.
 */
export const whenAsked = (names: readonly string[], read: () => void): void => {
  const known = getAllDataTypes();
  for (const name of names)
    Object.defineProperty(known, name, {
      configurable: true,
      enumerable: true,
      get: () => {
        for (const each of names) delete known[each];
        read();
        return known[name];
      },
    });
};
