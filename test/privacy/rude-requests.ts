import { once } from 'node:events';
import { connect } from 'node:net';
import * as body from '../support/bodies.ts';

/** A request that names a person where it should not, or in a way that is refused. */
export interface Rude {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Requests that carry a person's number, name and words in every part that an error, a log line or a link might repeat. */
export const rudeRequests = (number: string, family: string, words: string): readonly Rude[] => {
  const patient = body.patient('rude', number, family);
  const json = { 'Content-Type': 'application/fhir+json' };
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const put = (resource: object): Rude => ({ method: 'PUT', path: '/Patient/rude', headers: json, body: JSON.stringify(resource) });
  const identifier = encodeURIComponent(`https://fhir.nhs.uk/Id/nhs-number|${number}`);
  return [
    { method: 'PUT', path: '/Patient/rude', headers: json, body: `{"resourceType":"Patient","name":[{"family":"${family}"}` },
    { method: 'PUT', path: '/Patient/rude', headers: json, body: `${family} ${number} ${words}` },
    put({ ...patient, [number]: family, [family]: number, [words]: 1 }),
    put({ ...patient, birthDate: `${family} ${number}` }),
    put({ ...patient, gender: number }),
    put({ ...patient, extension: [{ url: family, valueString: number }] }),
    put({ ...patient, identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: `${number}0` }] }),
    put({ ...patient, text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml"><script>${words}</script></div>` } }),
    put({ ...patient, resourceType: family }),
    put({ ...patient, id: number }),
    { method: 'PUT', path: `/Patient/${number}`, headers: json, body: JSON.stringify({ ...patient, id: number }) },
    { method: 'GET', path: `/Patient/${number}` },
    { method: 'GET', path: `/${family}/${number}` },
    { method: 'GET', path: `/Patient/${number}/_history/${number}` },
    { method: 'GET', path: `/Patient?identifier=${identifier}&name=${encodeURIComponent(family)}` },
    { method: 'GET', path: `/Patient?${encodeURIComponent(family)}=${number}` },
    { method: 'GET', path: `/Patient?identifier:${number}=${number}` },
    { method: 'GET', path: `/Patient?identifier=%E0%A4%A&x=${number}` },
    { method: 'GET', path: `/Patient?_count=${number}` },
    { method: 'GET', path: `/Patient?_page=${number}` },
    { method: 'GET', path: `/Patient/rude%E0%A4%A${number}` },
    { method: 'POST', path: '/Patient/_search', headers: form, body: `identifier=${identifier}&${encodeURIComponent(words)}=1` },
    { method: 'POST', path: '/Consent/_search', headers: form, body: `patient.identifier=${identifier}` },
    { method: 'POST', path: '/Patient/_search', headers: form, body: `_lastUpdated=${family}&identifier=${identifier}` },
    {
      method: 'GET',
      path: '/Patient/rude',
      headers: { 'If-Match': number, 'If-None-Match': family, 'X-Request-ID': number, 'X-Correlation-ID': family },
    },
    { method: 'GET', path: '/Patient/rude', headers: { Accept: `application/${family}; x=${number}`, Prefer: `return=${family}` } },
    {
      method: 'PUT',
      path: '/Patient/rude',
      headers: { ...json, 'If-Match': `W/"${number}"` },
      body: JSON.stringify({ ...patient, id: 'rude' }),
    },
    { method: 'PUT', path: '/Patient/rude', headers: { 'Content-Type': `application/${family}` }, body: number },
    { method: 'GET', path: '/Patient/rude', headers: { 'NHSD-End-User-Organisation-ODS': family, 'X-Service-Kind': number } },
    { method: 'GET', path: '/Patient/rude', headers: { Authorization: `Bearer ${number}`, 'X-User-Identity': number } },
    {
      method: 'POST',
      path: `/CarePlan/${number}/$approve`,
      headers: json,
      body: JSON.stringify({ resourceType: 'Parameters', parameter: [{ name: family, valueString: words }] }),
    },
    {
      method: 'POST',
      path: '/CarePlan/p-v1/$withdraw',
      headers: json,
      body: JSON.stringify({ resourceType: 'Parameters', parameter: [{ name: 'reason', valueString: `${words} `.repeat(200) }] }),
    },
    { method: 'DELETE', path: `/Subscription/${number}` },
    { method: 'PATCH', path: `/Patient/${number}`, headers: json, body: words },
  ];
};

/** Bytes that are no HTTP, with a person in them; answers what came back. */
export const garbage = async (origin: string, text: string): Promise<string> => {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('utf8');
  });
  socket.end(`${text} HTTP/9.9\r\nX: ${text}\r\n\r\n`);
  await once(socket, 'close');
  return answer;
};
