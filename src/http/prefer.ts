/** What a caller wants back from a write (`Prefer: return=`, R4 http, create). */
export type Return = 'minimal' | 'representation' | 'OperationOutcome';

/** Reads `Prefer`; anything that is not known asks for the representation. */
export const returnOf = (prefer: string | readonly string[] | undefined): Return => {
  const found = /(?:^|[,;\s])return\s*=\s*"?(minimal|representation|OperationOutcome)/.exec(typeof prefer === 'string' ? prefer : '')?.[1];
  return found === 'minimal' || found === 'OperationOutcome' ? found : 'representation';
};
