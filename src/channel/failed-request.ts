import type { Outcome } from '../model/ledger.ts';
import { causesOf } from './causes-of.ts';
import { ABANDONED, ADDRESS_FORBIDDEN, NOT_CONNECTED } from './channel.ts';
import type { WriteGate } from './write-gate.ts';

/** What a request that ended without an answer proves. Where nothing was written it is refused; everything else is unknown. */
export const failedRequest = (gate: WriteGate, error: unknown): Exclude<Outcome, { kind: 'accepted' }> => {
  // What the dispatcher said is closer to the cause than what fetch made of it.
  const chain = [...causesOf(gate.failure), ...causesOf(error)];
  if (!gate.written) {
    if (gate.overdue) return ABANDONED;
    return chain.some(({ code }) => code === 'ADDRESS_FORBIDDEN') ? ADDRESS_FORBIDDEN : NOT_CONNECTED;
  }
  const says = (key: 'name' | 'code' | 'message', value: string): boolean => chain.some((each) => each[key] === value);
  if (says('name', 'TimeoutError')) return { kind: 'unknown', because: 'timeout' };
  if (says('code', 'UND_ERR_RES_EXCEEDED_MAX_SIZE')) return { kind: 'unknown', because: 'answer-too-large' };
  if (says('message', 'unexpected redirect')) return { kind: 'unknown', because: 'redirected' };
  return { kind: 'unknown', because: 'connection-lost' };
};
