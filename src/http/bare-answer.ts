import { STATUS_CODES } from 'node:http';
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { toOperationOutcome } from '../../mappings/outcome/to-operation-outcome.ts';
import type { Category } from '../model/anomaly.ts';

/** How long one who sent no HTTP has to read the answer, before the connection is cut: it may never close its own end. */
const LINGER_MS = 1_000;
/** Header lines of one request. A browser sends 20, a proxy adds 10. */
export const MAX_HEADERS = 100;
/** Headers of which Node keeps the first and says nothing of a second: two readers on the way would each see another request. */
const ONCE: ReadonlySet<string> = new Set(['host', 'authorization', 'content-type']);

const bodyOf = (system: string, status: number, category: Category, help: string, at: string | null = null): string =>
  JSON.stringify(toOperationOutcome({ category, issues: [{ at, help }] }, { system, status }));

/** What stands in the way of TLS itself: there is nobody yet who could read an answer. */
const isOfTls = ({ code = '', ...error }: NodeJS.ErrnoException): boolean => /^ERR_(?:SSL|TLS)_/.test(code) || 'library' in error;

/** Answers what is no HTTP at all, and never becomes a request: on the bare socket, which is cut off soon after. */
export const answerGarbage =
  (system: string) =>
  (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (!socket.writable || error.code === 'ECONNRESET' || isOfTls(error)) {
      socket.destroy();
      return;
    }
    const [status, category] =
      error.code === 'HPE_HEADER_OVERFLOW'
        ? ([431, 'too-large'] as const)
        : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
          ? ([408, 'malformed'] as const)
          : ([400, 'malformed'] as const);
    const body = bodyOf(system, status, category, 'this is no HTTP request that can be read');
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/fhir+json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  };

const refusing =
  (status: number, body: string): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'Content-Type': 'application/fhir+json; charset=utf-8', Connection: 'close' }).end(body);
  };

/** Refuses an expectation: only `100-continue` is known, and Node answers it itself (RFC 9110 section 10.1.1). */
export const refuseExpectation = (system: string): RequestListener =>
  refusing(417, bodyOf(system, 417, 'unsupported', 'is 100-continue, or left out', 'http.Expect'));

/** Answers what is no address of the door, where it is not the pipeline that listens. */
export const answerNotFound = (system: string): RequestListener =>
  refusing(404, bodyOf(system, 404, 'not-found', 'there is no such resource here'));

/** Refuses a request with more header lines than anybody needs (431), and one with two of what there is one of (400). */
export const checkHeaders = (system: string, listener: RequestListener): RequestListener => {
  const tooMany = refusing(431, bodyOf(system, 431, 'too-large', `a request has at most ${MAX_HEADERS} header lines`, 'http'));
  const twice = refusing(400, bodyOf(system, 400, 'malformed', 'Host, Authorization and Content-Type stand once', 'http'));
  return (request, response) => {
    const { rawHeaders } = request;
    if (rawHeaders.length > 2 * MAX_HEADERS) {
      tooMany(request, response);
      return;
    }
    const seen = new Set<string>();
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const name = (rawHeaders[at] ?? '').toLowerCase();
      if (!ONCE.has(name)) continue;
      if (seen.has(name)) {
        twice(request, response);
        return;
      }
      seen.add(name);
    }
    listener(request, response);
  };
};
