import type { Dispatcher } from 'undici';
import type { Outcome } from '../model/ledger.ts';
import { openAccessTokens } from './access-tokens.ts';
import type { AddressGuard } from './address-guard.ts';
import { CERTIFICATE_EXPIRED } from './channel.ts';
import type { Limits, Target } from './channel.ts';
import { openCredentialAgents } from './credential-agents.ts';

/** One exchange over HTTP: by this dispatcher and with these headers more. */
export type Exchange = (by: Dispatcher, headers: Readonly<Record<string, string>>) => Promise<Outcome>;

/** Makes exchanges with the credential of their target, over connections and with tokens that are that credential's alone. */
export interface WithCredential {
  /** Never throws. What there is no token for was not written: refused. */
  exchange(target: Target, limits: Limits, work: Exchange): Promise<Outcome>;
  /** Agents of their own that are open. */
  agents(): number;
  close(): Promise<void>;
}

const isUnauthorized = (outcome: Outcome): boolean => outcome.kind === 'refused' && outcome.because === 'http-401';

/** Opens it behind the guard; `shared` is the agent of targets that have no certificate and no authorities of their own. */
export const openWithCredential = (guard: AddressGuard, shared: Dispatcher): WithCredential => {
  const tokens = openAccessTokens(guard);
  const agents = openCredentialAgents(guard);
  return {
    exchange: async ({ credential = null }, limits, work) => {
      if (credential === null) return work(shared, {});
      const { signedJwt, certificate, ca } = credential;
      if (certificate !== null && certificate.notAfter <= Date.now()) return CERTIFICATE_EXPIRED;
      const lease = certificate === null && ca === null ? null : agents.lease(credential);
      const by = lease?.agent ?? shared;
      try {
        if (signedJwt === null) return await work(by, {});
        // A 401 proves that nothing was stored, and may mean no more than that the token was taken back: it is asked for once more.
        for (let isFirst = true; ; isFirst = false) {
          const got = await tokens.of(credential, signedJwt, limits);
          if ('kind' in got) return got;
          const outcome = await work(by, { authorization: `Bearer ${got.token}` });
          if (!isUnauthorized(outcome)) return outcome;
          tokens.drop(credential, got.token);
          if (!isFirst) return outcome;
        }
      } finally {
        lease?.done();
      }
    },
    agents: agents.count,
    close: async () => {
      tokens.close();
      await agents.close();
    },
  };
};
