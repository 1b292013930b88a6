import type { IncomingHttpHeaders } from 'node:http';

/** Where the broker stands, as far as an address of its own depends on it. */
export interface Site {
  /** Origin under which callers reach it; null where none was set. */
  readonly publicUrl: string | null;
  /** Whether `X-Forwarded-Proto` and `X-Forwarded-Host` are a trusted proxy's. */
  readonly behindProxy: boolean;
  /** Name or address that it listens on, as it was set. */
  readonly host?: string;
}

/** A request, as far as it tells how the broker was reached. */
export interface Reached {
  readonly headers: IncomingHttpHeaders;
  readonly secure: boolean;
  readonly localPort: number;
}

const AUTHORITY = /^(?:[A-Za-z0-9.-]{1,255}|\[[0-9A-Fa-f:.]{2,64}\])(?::\d{1,5})?$/;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

const one = (header: string | readonly string[] | undefined): string | undefined => (typeof header === 'string' ? header : header?.[0]);

const portOf = ({ port, protocol }: URL): number => (port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port));

/**
 * The broker's own origin, as this caller reached it. What a stranger says in `Host` is believed of a loopback name with the broker's own port
 * alone: an assertion that was made for another server must not become one for this by a header (RFC 7523 section 3, `aud`).
 */
export const ownOrigin = ({ publicUrl, behindProxy, host: ownHost }: Site, { headers, secure, localPort }: Reached): string => {
  if (publicUrl !== null) return publicUrl;
  const scheme = secure ? 'https' : 'http';
  if (behindProxy) {
    const forwarded = one(headers['x-forwarded-proto']) === 'https' ? 'https' : scheme;
    const host = one(headers['x-forwarded-host']) ?? headers.host ?? '';
    if (AUTHORITY.test(host)) return new URL(`${forwarded}://${host}`).origin;
  }
  const host = headers.host ?? '';
  if (AUTHORITY.test(host)) {
    const url = new URL(`${scheme}://${host}`);
    if ((LOOPBACK.test(url.hostname) || url.hostname === ownHost) && portOf(url) === localPort) return url.origin;
  }
  return `${scheme}://127.0.0.1:${localPort}`;
};

/** Whether an origin in a token of this database's keys is this broker's: the set one, or, where none is set, any on this machine. */
export const isOwnOrigin = ({ publicUrl, behindProxy, host }: Site, origin: string): boolean => {
  if (publicUrl !== null) return origin === publicUrl;
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  return url.origin === origin && (behindProxy || LOOPBACK.test(url.hostname) || url.hostname === host);
};
