import type { Outcome } from '../../src/model/ledger.ts';

/** MESH proved that it gave the message to nobody: unregistered recipient, workflow not registered, not there, malformed (nhs.md section 5). */
const GIVEN_TO_NOBODY: ReadonlySet<string> = new Set(['12', '17', '20', '06']);

/**
 * What a REPORT says of the message that it names. Code 14, nobody acknowledged it for five days, proves less than it seems: it may have been
 * downloaded and never acknowledged, and what cannot be disproved, they hold.
 */
export const fromReport = (statusCode: string): Exclude<Outcome, { kind: 'accepted' }> => {
  const because = `mesh-${statusCode === '' ? 'report' : statusCode}`;
  return GIVEN_TO_NOBODY.has(statusCode) ? { kind: 'refused', because, retry: true } : { kind: 'unknown', because };
};
