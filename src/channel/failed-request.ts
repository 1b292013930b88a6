import type { Outcome } from '../model/ledger.ts';
import { ABANDONED, ADDRESS_FORBIDDEN, NOT_CONNECTED } from './channel.ts';
import type { WriteGate } from './write-gate.ts';

/** What a request that ended without an answer proves. Where nothing was written it is refused; everything else is unknown. */
export const failedRequest = (gate: WriteGate, error: unknown): Outcome => {
  const chain = causes(error);
  if (!gate.written) {
    if (gate.overdue) return ABANDONED;
    return chain.some((each) => codeOf(each) === 'ADDRESS_FORBIDDEN') ? ADDRESS_FORBIDDEN : NOT_CONNECTED;
  }
  if (chain.some((each) => each instanceof DOMException && each.name === 'TimeoutError')) return { kind: 'unknown', because: 'timeout' };
  if (chain.some((each) => codeOf(each) === 'UND_ERR_RES_EXCEEDED_MAX_SIZE')) return { kind: 'unknown', because: 'answer-too-large' };
  if (chain.some((each) => each instanceof Error && each.message === 'unexpected redirect')) return { kind: 'unknown', because: 'redirected' };
  return { kind: 'unknown', because: 'connection-lost' };
};

/** The error and what caused it, at most five deep. */
const causes = (error: unknown): readonly unknown[] => {
  const chain: unknown[] = [];
  for (let each = error; each !== undefined && each !== null && chain.length < 5; each = each instanceof Error ? each.cause : null) chain.push(each);
  return chain;
};

const codeOf = (error: unknown): unknown => (typeof error === 'object' && error !== null && 'code' in error ? error.code : null);
