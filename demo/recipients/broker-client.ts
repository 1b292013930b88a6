import { setTimeout as delay } from 'node:timers/promises';
import { type AccessTokens, accessTokens, BrokerAway } from './access-token.ts';

/** One answer of the broker; `body` is null where it had none. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Asks the broker as the client that this program is; tries again for 20 s while it is away or answers 5xx, then throws. */
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

/** The program's own name with the broker, and its key: CLIENT_ID, CLIENT_KEY. */
const fromEnvironment = (broker: string): AccessTokens => {
  const [clientId, keyFile] = [process.env['CLIENT_ID'], process.env['CLIENT_KEY']];
  if (clientId === undefined || keyFile === undefined) throw new Error('CLIENT_ID and CLIENT_KEY say who calls the broker');
  return accessTokens(broker, clientId, keyFile);
};

const once = async (broker: string, token: string, ...[method, path, content]: Parameters<Ask>): Promise<Answer | null> => {
  try {
    const response = await fetch(`${broker}/${path}`, {
      method,
      headers: {
        Accept: 'application/fhir+json',
        Authorization: `Bearer ${token}`,
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

const currentToken = async (tokens: AccessTokens): Promise<string | null> => {
  try {
    return await tokens.current();
  } catch (error) {
    if (error instanceof BrokerAway) return null;
    throw error;
  }
};

/** Asks the broker of a program with tokens of its own. A token that is not taken (401) is given up, and the next try has a new one: twice, then 401 is the answer. */
export const askBroker = ({ broker }: { readonly broker: string }): Ask => {
  const tokens = fromEnvironment(broker);
  return async (...request) => {
    for (let [tried, refused] = [1, 0]; ; tried += 1) {
      const token = await currentToken(tokens);
      const answer = token === null ? null : await once(broker, token, ...request);
      if (token !== null && answer?.status === 401 && refused < 2) {
        tokens.refused(token);
        refused += 1;
        continue;
      }
      if (answer !== null && answer.status < 500) return answer;
      if (tried >= TRIES) throw new Error(`the broker does not answer: ${answer?.status ?? 'no connection'}`);
      await delay(PAUSE);
    }
  };
};
