import { request } from 'undici';
import type { Dispatcher } from 'undici';
import type { Outcome } from '../model/ledger.ts';
import type { Limits } from './channel.ts';
import { failedRequest } from './failed-request.ts';
import { WriteGate } from './write-gate.ts';

/** One request to a FHIR server. */
export interface Asked {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** A whole answer; `body` is its JSON, null where it is none. */
export interface Answered {
  readonly status: number;
  readonly body: unknown;
  /** `X-Request-ID` as the answer mirrors it; null where it does not. */
  readonly requestId: string | null;
}

/** Asks once, and answers with what came back, or with what its absence proves. No redirect is followed; never throws. */
export const exchange = async (
  agent: Dispatcher,
  { method, url, body, headers, signal }: Asked,
  { msLeft }: Limits,
): Promise<Answered | Exclude<Outcome, { kind: 'accepted' }>> => {
  const gate = new WriteGate(agent, msLeft);
  try {
    const answer = await request(url, {
      dispatcher: gate,
      method,
      signal,
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body }),
    });
    const mirrored = answer.headers['x-request-id'];
    return {
      status: answer.statusCode,
      body: jsonOf(await answer.body.text()),
      requestId: typeof mirrored === 'string' ? mirrored : null,
    };
  } catch (error) {
    return failedRequest(gate, error);
  }
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // What is no JSON says nothing here.
    return null;
  }
};
