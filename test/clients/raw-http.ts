import type { Response, Test } from 'supertest';
import { type Caller, type OpenDoor, TRUST } from '../http/open-door.ts';

export type Body = Record<string, unknown>;
export const STAFF = 'https://example.invalid/staff';
export const PATH = '/fhir/Practitioner';
/** As HTTP writes a date (RFC 9110, IMF-fixdate). */
export const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;

/** A Practitioner with an identifier by which a condition finds it. */
export const practitioner = (value: string, rest: Body = {}): Body => ({
  resourceType: 'Practitioner',
  identifier: [{ system: STAFF, value }],
  name: [{ family: 'Plainly-Invented' }],
  ...rest,
});

/** Plain requests of a trust to a door. */
export const rawHttp = (door: OpenDoor) => {
  const send = (method: 'post' | 'put' | 'patch' | 'delete' | 'get' | 'head', path: string, caller: Caller = TRUST): Test =>
    door.as(door.agent[method](path), caller);
  return {
    send,
    putAt: (path: string, body: Body): Test => send('put', path).set('Content-Type', 'application/fhir+json').send(JSON.stringify(body)),
    make: async (value: string, rest: Body = {}): Promise<Response> => {
      const made = await door.post(TRUST, PATH, practitioner(value, rest));
      if (made.status !== 201) throw new Error(`it is created: ${made.status} ${made.text}`);
      return made;
    },
  };
};

export type RawHttp = ReturnType<typeof rawHttp>;
