import type { Bundle, BundleEntry } from '@medplum/fhirtypes';
import { toFhirInstant } from '../../../mappings/time.ts';
import { etagOf } from '../etag.ts';
import { routeOf } from '../exchange.ts';
import { shown } from '../redact-header.ts';
import { askedOf } from '../search/asked.ts';
import type { Act } from './act.ts';
import { readOwn } from './read.ts';

/** History of one resource (R4 http, history): newest first, `_count` of them at most. */
export const history: Act = async (exchange, door) => {
  const { type, id } = routeOf(exchange);
  const { count } = askedOf(exchange);
  await readOwn(exchange, door);
  const versions = await door.store.history(type, id);
  const entry = versions.slice(0, count).map(
    ({ version, updatedAt, body }): BundleEntry => ({
      fullUrl: `${exchange.base}/${type}/${id}`,
      resource: shown(body),
      request: version === 1 ? { method: 'POST', url: type } : { method: 'PUT', url: `${type}/${id}` },
      response: { status: version === 1 ? '201' : '200', etag: etagOf(version), lastModified: toFhirInstant(updatedAt) },
    }),
  );
  const body: Bundle = {
    resourceType: 'Bundle',
    type: 'history',
    total: versions.length,
    link: [{ relation: 'self', url: `${exchange.base}/${type}/${id}/_history` }],
    ...(entry.length === 0 ? {} : { entry }),
  };
  return { status: 200, headers: {}, body };
};
