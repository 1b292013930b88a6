import type { Resource } from '@medplum/fhirtypes';

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
  /** POSTs to a path, a resource or a form. Answers whatever comes back. */
  post(path: string, body: Resource | Readonly<Record<string, string>>): Promise<Answer>;
  get(path: string): Promise<Answer>;
}

/** Calls as one service of one organisation. */
export const callAs = (base: string, ods: string, kind: string): Caller => {
  const ask = async (method: string, path: string, type?: string, body?: string): Promise<Answer> => {
    const headers = {
      'NHSD-End-User-Organisation-ODS': ods,
      'X-Service-Kind': kind,
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
    post: (path, body) =>
      'resourceType' in body
        ? ask('POST', path, 'application/fhir+json', JSON.stringify(body))
        : ask('POST', path, 'application/x-www-form-urlencoded', new URLSearchParams(body).toString()),
    get: (path) => ask('GET', path),
  };
};
