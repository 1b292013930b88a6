import { createHash } from 'node:crypto';

/**
 * `X-Request-ID` of the write at `index` of a parcel, or of the request of that name, as a UUID (version 8, RFC 9562): the same for a retry, and never that of another write,
 * for a server that knows requests again by it would take the second for the first.
 */
export const restRequestId = (requestId: string, index: number | string): string => {
  const hex = createHash('sha256').update(`${requestId}#${index}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};
