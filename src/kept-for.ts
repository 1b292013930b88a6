/** Asks at most once in `millis`, and answers what was answered last: however often somebody looks, the database is asked no oftener. */
export const keptFor = <T>(millis: number, ask: () => Promise<T>): (() => Promise<T>) => {
  let answer: Promise<T> | null = null;
  let askAgainAt = 0;
  return () => {
    const now = performance.now();
    if (answer === null || now >= askAgainAt) {
      askAgainAt = now + millis;
      const asked = ask();
      answer = asked;
      // What failed is asked again at the next look.
      asked.catch(() => {
        if (answer === asked) answer = null;
      });
    }
    return answer;
  };
};
