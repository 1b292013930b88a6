import { setTimeout as sleep } from 'node:timers/promises';
import type { CarePlan, Resource } from '@medplum/fhirtypes';
import type { Caller, Tokens } from './access.ts';
import { approval } from './bodies.ts';

/** One answer of the door. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A caller of the public API over HTTP, who tries again while the broker is away: what it was told to do is done in the end. */
export interface DoorClient {
  /** Asks until there is an answer below 500 that is not "busy" (429), or any answer with `once`. Throws after a minute without one. */
  ask(caller: Caller, method: string, path: string, body?: unknown, once?: boolean): Promise<Answered>;
  /** Writes a resource; throws when it is refused. */
  put(caller: Caller, resource: Resource): Promise<void>;
  /** Approves a draft; true also where an answer was lost and the plan is active already. */
  approve(caller: Caller, id: string): Promise<void>;
  withdraw(caller: Caller, id: string): Promise<void>;
  /** Answers of 500 and above that are not "away for now" (503): there should be none. */
  readonly faults: Answered[];
  /** How often it had to try again. */
  retries(): number;
}

const PATIENCE = 60_000;

/** `base` is asked anew for each request: a broker that comes back may have another port. */
export const doorClient = (base: () => string, tokens: Pick<Tokens, 'headersOf'>): DoorClient => {
  const faults: Answered[] = [];
  let retries = 0;
  const tryOnce = async (caller: Caller, method: string, path: string, body: unknown): Promise<Answered | null> => {
    try {
      const response = await fetch(`${base()}${path}`, {
        method,
        headers: {
          ...(await tokens.headersOf(caller, path)),
          ...(body === undefined
            ? {}
            : { 'Content-Type': typeof body === 'string' ? 'application/x-www-form-urlencoded' : 'application/fhir+json' }),
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (error) {
      // The connection was refused or broke: the broker is away. By name, for under Jest fetch's own classes are another realm's.
      const name = error !== null && typeof error === 'object' && 'name' in error ? error.name : null;
      if (name === 'TypeError' || name === 'TokenUnavailable') return null;
      throw error;
    }
  };
  const ask: DoorClient['ask'] = async (caller, method, path, body, once = false) => {
    const end = performance.now() + PATIENCE;
    for (;;) {
      const answer = await tryOnce(caller, method, path, body);
      if (answer !== null && ((answer.status < 500 && answer.status !== 429) || once)) return answer;
      if (answer !== null && answer.status !== 503 && answer.status !== 429) faults.push(answer);
      if (performance.now() > end) throw new Error(`no answer to ${method} ${path} for a minute: ${answer?.status ?? 'no connection'}`);
      retries += 1;
      await sleep(100);
    }
  };
  const must = (answer: Answered, what: string, ...statuses: readonly number[]): void => {
    if (!statuses.includes(answer.status)) throw new Error(`${what}: ${answer.status} ${answer.text}`);
  };
  const statusOf = async (caller: Caller, id: string): Promise<CarePlan['status']> => {
    const answer = await ask(caller, 'GET', `/CarePlan/${id}`);
    must(answer, `read CarePlan/${id}`, 200);
    return (JSON.parse(answer.text) as CarePlan).status;
  };
  /** An operation whose first answer may have been lost: `done` is the status that it leads to. */
  const operate = async (caller: Caller, id: string, name: string, parameters: unknown, done: CarePlan['status']): Promise<void> => {
    const answer = await ask(caller, 'POST', `/CarePlan/${id}/${name}`, parameters);
    if (answer.status === 409 && (await statusOf(caller, id)) === done) return;
    must(answer, name, 200);
  };
  return {
    ask,
    faults,
    retries: () => retries,
    put: async (caller, resource) =>
      must(
        await ask(caller, 'PUT', `/${resource.resourceType}/${resource.id}`, resource),
        `${resource.resourceType}/${resource.id}`,
        200,
        201,
      ),
    approve: async (caller, id) => {
      const parameter = [
        { name: 'version', valueString: await versionOf(ask, caller, id) },
        { name: 'provenance', resource: approval(id) },
      ];
      await operate(caller, id, '$approve', { resourceType: 'Parameters', parameter }, 'active');
    },
    withdraw: (caller, id) =>
      operate(
        caller,
        id,
        '$withdraw',
        { resourceType: 'Parameters', parameter: [{ name: 'reason', valueString: 'asked for' }] },
        'revoked',
      ),
  };
};

const versionOf = async (ask: DoorClient['ask'], caller: Caller, id: string): Promise<string> => {
  const { text } = await ask(caller, 'GET', `/CarePlan/${id}`);
  return String((JSON.parse(text) as CarePlan).meta?.versionId);
};
