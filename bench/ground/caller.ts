import type { Resource } from '@medplum/fhirtypes';
import { Pool } from 'undici';
import type { Kind } from '../../src/model/kind.ts';
import type { Broker } from './broker.ts';

/** Calls the public API as one organisation; throws when the answer is not 2xx. */
export interface Caller {
  post(path: string, body: Resource): Promise<void>;
  put(resource: Resource): Promise<void>;
  search(type: string, form: string): Promise<unknown>;
  close(): Promise<void>;
}

export const callerOf = ({ base, tokens }: Pick<Broker, 'base' | 'tokens'>, ods: string, kind: Kind): Caller => {
  const { origin, pathname } = new URL(base);
  const pool = new Pool(origin, { connections: 16 });
  const send = async (method: 'POST' | 'PUT', path: string, type: string, body: string): Promise<unknown> => {
    const answer = await pool.request({
      method,
      path: `${pathname}/${path}`,
      headers: { ...(await tokens.headersOf({ ods, kind }, path)), 'content-type': type },
      body,
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${method} ${path.split('/')[0]}: ${answer.statusCode} ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
  return {
    post: async (path, body) => void (await send('POST', path, 'application/fhir+json', JSON.stringify(body))),
    put: async (body) => void (await send('PUT', `${body.resourceType}/${body.id ?? ''}`, 'application/fhir+json', JSON.stringify(body))),
    search: (type, form) => send('POST', `${type}/_search`, 'application/x-www-form-urlencoded', form),
    close: () => pool.close(),
  };
};
