/** Asks for each element after the one before: a connection answers one question at a time. */
export async function inTurn<T, R>(list: readonly T[], ask: (element: T, index: number) => Promise<R>): Promise<readonly R[]> {
  const answers: R[] = [];
  for (const [index, element] of list.entries()) answers.push(await ask(element, index));
  return answers;
}
