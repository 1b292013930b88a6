import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import type { AddressGuard } from './address-guard.ts';
import { AddressForbidden } from './address-guard.ts';

/** 5 MB: no answer to a message is longer. */
const MAX_RESPONSE = 5_000_000;
/** The abort signal of each request is the limit; these only end what no signal ends. */
const NO_LONGER_THAN = 120_000;

// The address is judged where it is connected to, so that a name cannot change between the look and the connection.
const lookupThrough =
  (guard: AddressGuard, secure: boolean): LookupFunction =>
  (host, { all }, callback) => {
    guard.resolveAllowed(host, secure).then(
      (pinned) => (all === true ? callback(null, [...pinned]) : callback(null, pinned[0].address, pinned[0].family)),
      (error: Error) => callback(error, '', 0),
    );
  };

/** What TLS connections show and trust, in PEM: null is nothing to show, and the authorities of the system. */
export interface AgentTls {
  readonly ca: string | null;
  readonly cert?: string | null;
  readonly key?: string | null;
}

/** How an agent differs from the one of the channels. */
export interface AgentOptions {
  /** Bytes of an answer, as they come over the wire. */
  readonly maxResponse?: number;
  /** Whether connections are kept for the next request. */
  readonly keepAlive?: boolean;
  readonly tls?: AgentTls;
}

// The environment cannot switch off that the far side is known (NODE_TLS_REJECT_UNAUTHORIZED).
const tlsOptions = ({ ca, cert = null, key = null }: AgentTls) => ({
  minVersion: 'TLSv1.2' as const,
  rejectUnauthorized: true,
  ...(ca === null ? {} : { ca }),
  ...(cert === null || key === null ? {} : { cert, key }),
});

/** An HTTP agent: each connection goes to an address that the guard permits; answers are cut at 5 MB unless told otherwise; no proxy. */
export const createGuardedAgent = (
  guard: AddressGuard,
  { maxResponse = MAX_RESPONSE, keepAlive = true, tls = { ca: null } }: AgentOptions = {},
): Agent => {
  const plain = buildConnector({ lookup: lookupThrough(guard, false), timeout: NO_LONGER_THAN });
  const secure = buildConnector({ lookup: lookupThrough(guard, true), timeout: NO_LONGER_THAN, allowH2: false, ...tlsOptions(tls) });
  return new Agent({
    connect: (options, callback) => {
      const overTls = options.protocol === 'https:';
      const host = options.hostname.replace(/^\[|\]$/g, '');
      // A literal never reaches the lookup.
      if (isIP(host) !== 0 && !guard.permits(host, overTls)) {
        callback(new AddressForbidden('the address is not public, or the road to it is plain'), null);
        return;
      }
      (overTls ? secure : plain)(options, callback);
    },
    maxResponseSize: maxResponse,
    headersTimeout: NO_LONGER_THAN,
    bodyTimeout: NO_LONGER_THAN,
    pipelining: keepAlive ? 1 : 0,
    connections: 128,
  });
};
