import type { Agent } from 'undici';
import type { CredentialInUse } from '../model/credential.ts';
import type { AddressGuard } from './address-guard.ts';
import { createGuardedAgent } from './guarded-agent.ts';

/** Agents that show a certificate, or trust authorities of their own: one a version of a credential, so that no connection is ever another's. */
export interface CredentialAgents {
  /** The agent of a credential, for one exchange, which ends with `done`. */
  lease(credential: CredentialInUse): { readonly agent: Agent; done(): void };
  /** How many are open. */
  count(): number;
  close(): Promise<void>;
}

/** Milliseconds without an exchange after which an agent is closed. */
const IDLE = 600_000;

interface Held {
  readonly agent: Agent;
  /** Endpoint and address. */
  readonly road: string;
  users: number;
  usedAt: number;
}

/** Opens them. An agent is closed once another version for its Endpoint and address is asked for and nothing is in flight over it. */
export const openCredentialAgents = (guard: AddressGuard): CredentialAgents => {
  const agents = new Map<string, Held>();
  const newest = new Map<string, string>();
  const end = (version: string, held: Held): void => {
    agents.delete(version);
    if (newest.get(held.road) === version) newest.delete(held.road);
    held.agent.close().catch(() => undefined); // destroyed before: it is closed
  };
  const tidy = (now: number): void => {
    for (const [version, held] of agents) {
      if (held.users > 0) continue;
      if (newest.get(held.road) !== version || now - held.usedAt > IDLE) end(version, held);
    }
  };
  return {
    lease: ({ version, endpointId, address, certificate, ca }) => {
      const road = `${endpointId} ${address}`;
      const known = agents.get(version);
      const held = known ?? {
        agent: createGuardedAgent(guard, { tls: { ca, cert: certificate?.cert ?? null, key: certificate?.key ?? null } }),
        road,
        users: 0,
        usedAt: 0,
      };
      agents.set(version, held);
      newest.set(road, version);
      held.users += 1;
      tidy(performance.now());
      let isDone = false;
      return {
        agent: held.agent,
        done: () => {
          if (isDone) return;
          isDone = true;
          held.users -= 1;
          held.usedAt = performance.now();
          tidy(held.usedAt);
        },
      };
    },
    count: () => agents.size,
    close: async () => {
      const open = [...agents.values()];
      agents.clear();
      newest.clear();
      await Promise.all(open.map(({ agent }) => agent.destroy()));
    },
  };
};
