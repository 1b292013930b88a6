import { randomUUID } from 'node:crypto';
import type { Test } from 'supertest';
import type { Caller, OpenDoor } from '../open-door.ts';

export const BASE = '/nrl/consumer/FHIR/R4/DocumentReference';
export const SUBJECT = 'https://fhir.nhs.uk/Id/nhs-number|';

/** A consumer of the NRL: each request with its headers, unless a test says another or `null` for none. */
export const consumerAt = (door: OpenDoor) => {
  const dressed = (test: Test, caller: Caller, headers: Readonly<Record<string, string | null>>): Test => {
    const all = {
      'NHSD-End-User-Organisation-ODS': caller.ods,
      'X-Request-ID': randomUUID(),
      Accept: 'application/fhir+json;version=1',
      ...headers,
    };
    for (const [name, value] of Object.entries(all)) if (value !== null) test.set(name, value);
    return door.as(test, caller);
  };
  return {
    get: (caller: Caller, path: string, headers: Readonly<Record<string, string | null>> = {}): Test =>
      dressed(door.agent.get(path), caller, headers),
    find: (caller: Caller, parameters: Readonly<Record<string, string>>, headers: Readonly<Record<string, string | null>> = {}): Test =>
      dressed(door.agent.get(`${BASE}?${new URLSearchParams(parameters)}`), caller, headers),
    post: (caller: Caller, form: Readonly<Record<string, string>>, headers: Readonly<Record<string, string | null>> = {}): Test =>
      dressed(door.agent.post(`${BASE}/_search`), caller, headers)
        .set('Content-Type', 'application/x-www-form-urlencoded')
        .send(new URLSearchParams(form).toString()),
  };
};
