import type { BundleEntry } from '@medplum/fhirtypes';
import { toFhirInstant } from '../../../mappings/time.ts';
import type { Answer, Exchange } from '../exchange.ts';
import type { Entry } from './entry.ts';

/** An answer as an entry of the Bundle that answers. What was written is shown where the caller prefers it; what was read, always. */
export const toEntryAnswer = (whole: Exchange, method: Entry['method'], { status, headers, body }: Answer): BundleEntry => {
  const { prefer } = whole.request.headers;
  const isRead = method === 'GET' || (method === 'POST' && body !== null && 'resourceType' in body && body.resourceType === 'Bundle');
  const isShown = isRead || (typeof prefer === 'string' && /return\s*=\s*"?representation/.test(prefer));
  const resource = body !== null && 'resourceType' in body ? body : null;
  const isOutcome = resource?.resourceType === 'OperationOutcome';
  const modified = headers['Last-Modified'];
  return {
    ...(resource !== null && !isOutcome && isShown ? { resource } : {}),
    response: {
      status: String(status),
      ...(headers['Location'] === undefined ? {} : { location: headers['Location'] }),
      ...(headers['ETag'] === undefined ? {} : { etag: headers['ETag'] }),
      ...(modified === undefined ? {} : { lastModified: toFhirInstant(Date.parse(modified)) }),
      ...(isOutcome ? { outcome: resource } : {}),
    },
  };
};
