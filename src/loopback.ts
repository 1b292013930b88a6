import ipaddr from 'ipaddr.js';

/** Whether an address, or the name of one, is this machine's own and nobody else's. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || (ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback');
