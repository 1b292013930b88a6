import { setTimeout as delay } from 'node:timers/promises';
import type { Program } from './program.ts';

/** One answer of the broker; `body` is null where it had none. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Asks the broker as this organisation and kind; tries again for 20 s while it is away or answers 5xx, then throws. */
export type Ask = (method: 'GET' | 'POST' | 'PUT', path: string, content?: Content) => Promise<Answer>;

export interface Content {
  readonly type: 'application/fhir+json' | 'application/x-www-form-urlencoded';
  readonly text: string;
  readonly ifMatch?: string;
}

export const form = (fields: Readonly<Record<string, string>>): Content => ({
  type: 'application/x-www-form-urlencoded',
  text: new URLSearchParams(fields).toString(),
});

export const json = (resource: unknown, ifMatch?: string): Content => ({
  type: 'application/fhir+json',
  text: JSON.stringify(resource),
  ...(ifMatch === undefined ? {} : { ifMatch }),
});

const TRIES = 40;
const PAUSE = 500;

const once = async ({ broker, ods }: Program, kind: string, ...[method, path, content]: Parameters<Ask>): Promise<Answer | null> => {
  try {
    const response = await fetch(`${broker}/${path}`, {
      method,
      headers: {
        Accept: 'application/fhir+json',
        'NHSD-End-User-Organisation-ODS': ods,
        'X-Service-Kind': kind,
        ...(content === undefined ? {} : { 'Content-Type': content.type }),
        ...(content?.ifMatch === undefined ? {} : { 'If-Match': content.ifMatch }),
      },
      ...(content === undefined ? {} : { body: content.text }),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  } catch (error) {
    // No answer, or half of one: the broker is away.
    if (error instanceof TypeError || (error instanceof Error && error.name === 'TimeoutError')) return null;
    throw error;
  }
};

export const askBroker =
  (program: Program, kind: string): Ask =>
  async (...request) => {
    for (let tried = 1; ; tried += 1) {
      const answer = await once(program, kind, ...request);
      if (answer !== null && answer.status < 500) return answer;
      if (tried === TRIES) throw new Error(`the broker does not answer: ${answer?.status ?? 'no connection'}`);
      await delay(PAUSE);
    }
  };
