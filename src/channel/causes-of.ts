/** One link of a chain of errors. */
export interface Cause {
  readonly name: unknown;
  readonly code: unknown;
  readonly message: unknown;
}

/** The error and what caused it, at most five deep; by shape, for errors of the platform need not be of this realm. */
export const causesOf = (error: unknown): readonly Cause[] => {
  const chain: Cause[] = [];
  for (let each = error; typeof each === 'object' && each !== null && chain.length < 5; each = 'cause' in each ? each.cause : null) {
    chain.push({
      name: 'name' in each ? each.name : null,
      code: 'code' in each ? each.code : null,
      message: 'message' in each ? each.message : null,
    });
  }
  return chain;
};
