import type { IncomingHttpHeaders } from 'node:http';
import type { Issue } from '../../model/anomaly.ts';
import { Anomaly } from '../../model/anomaly.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The ids of a request, as its sender gave them; null where it gave none. */
export interface MessageIds {
  readonly requestId: string | null;
  readonly correlationId: string | null;
}

/** Reads the ids of a request. BaRS requires both, as UUIDs: throws `malformed` (400 REC_BAD_REQUEST) where one is missing. */
export const messageIds = (headers: IncomingHttpHeaders, isRequired: boolean): MessageIds => {
  const missing: Issue[] = [];
  const read = (name: string): string | null => {
    const value = headers[name.toLowerCase()];
    if (typeof value === 'string' && UUID.test(value)) return value.toLowerCase();
    missing.push({ at: `http.${name}`, code: 'required', help: 'is a UUID, and required of a BaRS message' });
    return null;
  };
  const ids = { requestId: read('X-Request-ID'), correlationId: read('X-Correlation-ID') };
  if (isRequired && missing.length > 0) throw new Anomaly('malformed', missing);
  return ids;
};
