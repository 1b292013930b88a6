import type { Resource } from '@medplum/fhirtypes';
import { accessTokens } from './recipients/access-token.ts';

/** What the broker answered. */
export interface Answer {
  readonly status: number;
  readonly location: string | null;
  /** The body as it stands; empty where there was none. */
  readonly text: string;
}

/** One who calls the broker over its public door. */
export interface Caller {
  /** PUTs a resource to its own id. Throws unless it is taken. */
  put(resource: Resource): Promise<Answer>;
  /** POSTs to a path, a resource or a form, on behalf of the user whom `identity` names, if any. Answers whatever comes back. */
  post(path: string, body: Resource | Readonly<Record<string, string>>, identity?: string): Promise<Answer>;
  get(path: string): Promise<Answer>;
}

/** A client of the broker: under which id it is registered, and the file of its private key. */
export interface Registered {
  readonly clientId: string;
  readonly keyFile: string;
}

/** Calls as one client. */
export const callAs = (base: string, { clientId, keyFile }: Registered): Caller => {
  const tokens = accessTokens(base, clientId, keyFile);
  const ask = async (method: string, path: string, type?: string, body?: string, identity?: string): Promise<Answer> => {
    const headers = {
      Authorization: `Bearer ${await tokens.current()}`,
      ...(identity === undefined ? {} : { 'X-User-Identity': identity }),
      ...(type === undefined ? {} : { 'Content-Type': type }),
    };
    const response = await fetch(`${base}/${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
    return { status: response.status, location: response.headers.get('location'), text: await response.text() };
  };
  return {
    put: async (resource) => {
      const answer = await ask('PUT', `${resource.resourceType}/${resource.id}`, 'application/fhir+json', JSON.stringify(resource));
      if (answer.status !== 200 && answer.status !== 201)
        throw new Error(`${resource.resourceType}/${resource.id}: ${answer.status} ${answer.text}`);
      return answer;
    },
    post: (path, body, identity) =>
      'resourceType' in body
        ? ask('POST', path, 'application/fhir+json', JSON.stringify(body), identity)
        : ask('POST', path, 'application/x-www-form-urlencoded', new URLSearchParams(body).toString(), identity),
    get: (path) => ask('GET', path),
  };
};
