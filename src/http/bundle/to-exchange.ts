import type { IncomingHttpHeaders } from 'node:http';
import { Anomaly } from '../../model/anomaly.ts';
import type { Exchange } from '../exchange.ts';
import { readJson } from '../read/read-json.ts';
import type { Entry } from './entry.ts';

const PATCH = 'application/json-patch+json';

/** A JSON Patch stands in a Binary (R4 http, patch in a transaction). */
const patchIn = ({ resource }: Entry): unknown => {
  if (resource?.resourceType !== 'Binary' || resource.contentType !== PATCH || typeof resource.data !== 'string')
    throw new Anomaly('unsupported', { at: 'resourceType', help: `is a Binary with contentType ${PATCH}` });
  return readJson(Buffer.from(resource.data, 'base64').toString('utf8'));
};

/** One entry as the pipeline sees a request: with the caller, the ids and the preferences of the Bundle. `newId` is that of what it creates. */
export const toExchange = (whole: Exchange, entry: Entry, newId: string | null): Exchange => {
  const [path = '', ...query] = entry.url.split('?');
  const form = entry.method === 'POST' && path.endsWith('/_search');
  const { prefer } = whole.request.headers;
  const headers: IncomingHttpHeaders = {
    'content-type': entry.method === 'PATCH' ? PATCH : form ? 'application/x-www-form-urlencoded' : 'application/fhir+json',
    ...(prefer === undefined ? {} : { prefer }),
    ...(entry.ifMatch === null ? {} : { 'if-match': entry.ifMatch }),
    ...(entry.ifNoneMatch === null ? {} : { 'if-none-match': entry.ifNoneMatch }),
    ...(entry.ifNoneExist === null ? {} : { 'if-none-exist': entry.ifNoneExist }),
  };
  return {
    request: {
      method: entry.method,
      headers,
      httpVersion: whole.request.httpVersion,
      secure: whole.request.secure,
      localPort: whole.request.localPort,
      address: whole.request.address,
      text: async () => '',
      json: async () => (entry.method === 'PATCH' ? patchIn(entry) : entry.resource),
    },
    startedAt: whole.startedAt,
    requestId: whole.requestId,
    mirrored: whole.mirrored,
    base: whole.base,
    path: `/fhir/${path}`,
    query: query.join('?'),
    route: null,
    client: whole.client,
    tokenId: whole.tokenId,
    principal: whole.principal,
    user: whole.user,
    reach: null,
    form: null,
    resource: null,
    patch: null,
    newId,
    answer: null,
  };
};
