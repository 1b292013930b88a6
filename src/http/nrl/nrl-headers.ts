import type { IncomingHttpHeaders } from 'node:http';
import { ORGANISATION_HEADER } from '../principal.ts';
import { NrlRefusal } from './nrl-refusal.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The headers that each request of a consumer has (nhs.md section 1). Throws 400: the organisation, and the id of the request, a UUID. */
export const checkNrlHeaders = (headers: IncomingHttpHeaders): void => {
  const organisation = headers['nhsd-end-user-organisation-ods'];
  if (typeof organisation !== 'string' || organisation.trim() === '')
    throw new NrlRefusal(400, 'PRECONDITION_FAILED', 'required', `http.${ORGANISATION_HEADER}`, 'is required: the ODS code');
  const requestId = headers['x-request-id'];
  if (typeof requestId !== 'string' || !UUID.test(requestId))
    throw new NrlRefusal(400, 'MISSING_OR_INVALID_HEADER', 'invalid', 'http.X-Request-ID', 'is required: a UUID');
};
