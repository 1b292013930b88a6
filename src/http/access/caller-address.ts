import type { IncomingHttpHeaders } from 'node:http';
import ipaddr from 'ipaddr.js';

const PORT = /^(?:(\d+\.\d+\.\d+\.\d+):\d{1,5}|\[([^\]]+)\](?::\d{1,5})?)$/;

/**
 * The address that a request is counted under: of the socket, or behind a proxy the last of `X-Forwarded-For`, for that one the proxy itself
 * has written; those before it are the caller's own words. Of IPv6 the network of 64 bits, which is one customer's. Null where it cannot be known.
 */
export const callerAddress = (headers: IncomingHttpHeaders, remote: string | undefined, behindProxy: boolean): string | null => {
  const forwarded = headers['x-forwarded-for'];
  const last = (typeof forwarded === 'string' ? forwarded : (forwarded?.at(-1) ?? '')).split(',').at(-1)?.trim() ?? '';
  const [, v4, v6] = PORT.exec(last) ?? [];
  const text = behindProxy ? (v4 ?? v6 ?? last) : (remote ?? '');
  // ipaddr.js would take `7` or `0x7f.1` for an address.
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !ipaddr.IPv6.isValid(text)) return null;
  const ip = ipaddr.process(text);
  // Whoever is on this machine could be anybody on it: to turn all of them away would be to be turned off by one.
  if (ip.range() === 'loopback') return null;
  if (ip instanceof ipaddr.IPv4) return ip.toString();
  return `${ip.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
};
