import { lookup } from 'node:dns/promises';
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

/** Ranges that `ipaddr.js` counts as unicast, and that are no public host: site-local (RFC 3879), local NAT64 (RFC 8215), SRv6 (RFC 9602). */
const NOT_PUBLIC: readonly Cidr[] = ['fec0::/10', '64:ff9b:1::/48', '5f00::/16'].map((text) => ipaddr.parseCIDR(text));

/** Reads `OUTBOUND_ALLOW`: CIDRs between commas. Throws an Error that names the one that is none. */
const parseAllow = (allow: readonly string[]): readonly Cidr[] =>
  allow.map((text) => {
    if (!ipaddr.isValidCIDR(text)) throw new Error(`OUTBOUND_ALLOW: ${text} is no CIDR`);
    return ipaddr.parseCIDR(text);
  });

// An IPv4 address mapped into IPv6 is judged as the IPv4 address that it reaches.
const isIn = (ip: ipaddr.IPv4 | ipaddr.IPv6, cidrs: readonly Cidr[]): boolean =>
  cidrs.some(([network, bits]) => network.kind() === ip.kind() && ip.match(network, bits));

/** The guard for an allow list of CIDRs; without one nothing but public addresses over TLS. Throws where an entry is no CIDR. */
export const createAddressGuard = (allow: readonly string[]): AddressGuard => {
  const allowed = parseAllow(allow);
  const permits = (address: string, secure: boolean): boolean => {
    if (!ipaddr.isValid(address)) return false;
    const ip = ipaddr.process(address);
    return isIn(ip, allowed) || (secure && ip.range() === 'unicast' && !isIn(ip, NOT_PUBLIC));
  };
  const resolveAllowed = async (host: string, secure: boolean): Promise<readonly [Pinned, ...Pinned[]]> => {
    // `verbatim`: the resolver's own order. A literal is answered as itself, in whatever spelling the system reads.
    const found = await lookup(host.replace(/^\[|\]$/g, ''), { all: true, verbatim: true });
    const [first, ...more] = found.flatMap(({ address, family }): Pinned[] =>
      permits(address, secure) ? [{ address, family: family === 6 ? 6 : 4 }] : [],
    );
    if (first === undefined)
      throw new AddressForbidden(secure ? 'the address is not public' : 'plain text goes only where OUTBOUND_ALLOW says');
    return [first, ...more];
  };
  return { permits, resolveAllowed };
};
