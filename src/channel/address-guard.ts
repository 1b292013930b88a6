import { lookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import ipaddr from 'ipaddr.js';

type Cidr = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** An IP address that a connection may be made to, for exactly one connection. */
export interface Pinned {
  readonly address: string;
  readonly family: 4 | 6;
}

/** The guard's refusal: it names the rule and never what was asked for. */
export class AddressForbidden extends Error {
  readonly code = 'ADDRESS_FORBIDDEN';
}

/** Decides which addresses the broker connects to. */
export interface AddressGuard {
  /** Whether an IP address may be reached; over plain text only where the allow list names it. */
  permits(address: string, secure: boolean): boolean;
  /** Resolves a host and answers the addresses that may be reached, in the resolver's order. Throws AddressForbidden where there is none. */
  resolveAllowed(host: string, secure: boolean): Promise<readonly [Pinned, ...Pinned[]]>;
}

/** The only block of IPv6 that public hosts live in (IANA, RFC 4291): `ipaddr.js` counts more as unicast, as `::7f00:1`, which is 127.0.0.1 written anew. */
const PUBLIC_V6: Cidr = ipaddr.parseCIDR('2000::/3');
/** Documentation (RFC 9637), which `ipaddr.js` does not know. */
const DOCUMENTATION_V6: Cidr = ipaddr.parseCIDR('3fff::/20');

// An IPv4 address mapped into IPv6 is judged as the IPv4 address that it reaches.
const isIn = (ip: ipaddr.IPv4 | ipaddr.IPv6, cidrs: readonly Cidr[]): boolean =>
  cidrs.some(([network, bits]) => network.kind() === ip.kind() && ip.match(network, bits));

const isPublic = (ip: ipaddr.IPv4 | ipaddr.IPv6): boolean =>
  ip.range() === 'unicast' && (ip.kind() === 'ipv4' || (isIn(ip, [PUBLIC_V6]) && !isIn(ip, [DOCUMENTATION_V6])));

/** Reads `OUTBOUND_ALLOW`: CIDRs between commas. Throws an Error that names the one that is none. */
const parseAllow = (allow: readonly string[]): readonly Cidr[] =>
  allow.map((text) => {
    if (!ipaddr.isValidCIDR(text)) throw new Error(`OUTBOUND_ALLOW: ${text} is no CIDR`);
    return ipaddr.parseCIDR(text);
  });

/** Asks for all addresses of a host, in the resolver's order. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

// `verbatim`: the resolver's own order. A literal is answered as itself, in whatever spelling the system reads.
const bySystem: Resolve = (host) => lookup(host, { all: true, verbatim: true });

/**
 * The guard for an allow list of CIDRs; without one nothing but public addresses over TLS. `resolve` is the system's own. Throws where an
 * entry is no CIDR.
 */
export const createAddressGuard = (allow: readonly string[], resolve: Resolve = bySystem): AddressGuard => {
  const allowed = parseAllow(allow);
  const permits = (address: string, secure: boolean): boolean => {
    if (!ipaddr.isValid(address)) return false;
    const ip = ipaddr.process(address);
    return isIn(ip, allowed) || (secure && isPublic(ip));
  };
  const resolveAllowed = async (host: string, secure: boolean): Promise<readonly [Pinned, ...Pinned[]]> => {
    const found = await resolve(host.replace(/^\[|\]$/g, ''));
    const [first, ...more] = found.flatMap(({ address, family }): Pinned[] =>
      permits(address, secure) ? [{ address, family: family === 6 ? 6 : 4 }] : [],
    );
    if (first === undefined)
      throw new AddressForbidden(secure ? 'the address is not public' : 'plain text goes only where OUTBOUND_ALLOW says');
    return [first, ...more];
  };
  return { permits, resolveAllowed };
};
