import { setTimeout as sleep } from 'node:timers/promises';
import { suspendClient } from '../../../../src/store/access/clients.ts';
import type { Scope } from '../../../../src/model/scope.ts';
import { type Caller, giveBack, tokensAt } from '../../../support/access.ts';
import { identityFor, personFor } from '../../../support/sign-in.ts';
import type { OpenDoor } from '../../open-door.ts';
import { openForge } from '../forge.ts';

/** What may be wrong with a token. `replayed` is one that was given back, and is presented again. */
export const STATES = ['none', 'expired', 'wrong audience', 'wrong key', 'replayed', 'suspended'] as const;
export type State = (typeof STATES)[number];

export type Headers = Readonly<Record<string, string>>;

const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });

/** Headers of callers whose tokens are right, and of those whose are not. */
export const openTokens = async ({ origin, pool, tokens }: Pick<OpenDoor, 'origin' | 'pool' | 'tokens'>) => {
  const forge = await openForge(pool);
  const bad = new Map<string, Promise<Headers>>();
  // Clients of their own: the broker remembers a token that it has seen for some seconds.
  const ofOthers = (): ReturnType<typeof tokensAt> => tokensAt(() => origin, pool);
  const make = async (state: State, caller: Caller): Promise<Headers> => {
    const now = Math.floor(Date.now() / 1000);
    const token = await ofOthers().of(caller);
    switch (state) {
      case 'none':
        return {};
      case 'expired':
        return bearer(await forge.again(token, { iat: now - 600, exp: now - 300 }));
      case 'wrong audience':
        return bearer(await forge.again(token, { aud: 'https://another.example/fhir' }));
      case 'wrong key':
        return bearer(await forge.byAnother(token));
      case 'replayed':
        await giveBack(origin, token);
        // What was good is remembered for four seconds.
        await sleep(4_100);
        return bearer(token);
      case 'suspended': {
        const others = ofOthers();
        const good = await others.of(caller);
        await suspendClient(pool, await others.clientIdOf(caller));
        return bearer(good);
      }
      default:
        return state satisfies never;
    }
  };
  return {
    right: async (caller: Caller, ...scopes: readonly Scope[]): Promise<Headers> => bearer(await tokens.of({ ...caller, scopes })),
    /** A registered clinician of the caller's organisation. */
    person: async ({ ods }: Caller): Promise<Headers> => ({ 'x-user-identity': await identityFor({ ods }, `${origin}/fhir`) }),
    /** The person with that NHS number, who calls by their own app. */
    self: async (nhsNumber: string): Promise<Headers> => ({ 'x-user-identity': await personFor(nhsNumber, `${origin}/fhir`) }),
    wrong: (state: State, { ods, kind }: Caller, scope: Scope): Promise<Headers> => {
      const name = `${state} ${ods} ${kind} ${scope}`;
      const known = bad.get(name) ?? make(state, { ods, kind, scopes: [scope] });
      bad.set(name, known);
      return known;
    },
  };
};

export type MatrixTokens = Awaited<ReturnType<typeof openTokens>>;
