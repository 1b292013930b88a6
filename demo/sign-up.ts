import { join } from 'node:path';
import type { Registered } from './caller.ts';
import type { Stage } from './stage.ts';

/** Everyone who calls the broker in the play. EPR and ED are only called. */
export type CallerName = 'operator' | 'trust' | 'dispatch' | 'controlRoom';

interface Place {
  readonly ods: string;
  readonly kind: string;
  /** The least that it needs. */
  readonly scopes: readonly string[];
}

const cu = (...types: readonly string[]): readonly string[] => types.map((type) => `system/${type}.cu`);

const PLACES: Readonly<Record<CallerName, Place>> = {
  operator: { ods: 'BROKER', kind: 'operator', scopes: cu('Organization', 'HealthcareService', 'Endpoint', 'Contract') },
  trust: {
    ods: 'ZZ1',
    kind: 'publisher',
    scopes: [
      ...cu('Practitioner', 'Patient', 'RelatedPerson', 'CareTeam', 'Composition', 'CarePlan', 'Consent'),
      ...['system/Task.s', 'system/Encounter.r'],
    ],
  },
  dispatch: {
    ods: 'ZZ3',
    kind: 'ambulance',
    scopes: ['system/Flag.s', 'system/CarePlan.r', 'system/Composition.r', 'system/Task.us', 'system/Encounter.c'],
  },
  controlRoom: {
    ods: 'ZZ4',
    kind: 'police',
    scopes: ['system/Subscription.cr', 'system/Flag.s', 'system/CarePlan.r', 'system/Composition.r'],
  },
};

/** Makes the keys of every caller, each in a folder of its own, as whoever runs that system would. Needs no broker. */
export const makeKeys = async ({ folder, command }: Stage): Promise<void> => {
  await Promise.all(Object.keys(PLACES).map((name) => command(['client', 'new-key', '--out', join(folder, name)])));
};

/** Registers every caller with the running broker, by the same command as the operator would. Throws where the broker does not take one. */
export const signUp = async ({ folder, command }: Stage): Promise<Readonly<Record<CallerName, Registered>>> => {
  const register = async (name: CallerName): Promise<Registered> => {
    const { ods, kind, scopes } = PLACES[name];
    const who = ['--org', ods, '--kind', kind, '--scope', scopes.join(' ')];
    const { client_id: clientId } = JSON.parse(
      await command(['client', 'add', ...who, '--jwks', join(folder, name, 'client.jwks.json')]),
    ) as { readonly client_id: string };
    return { clientId, keyFile: join(folder, name, 'client.key.pem') };
  };
  const [operator, trust, dispatch, controlRoom] = await Promise.all([
    register('operator'),
    register('trust'),
    register('dispatch'),
    register('controlRoom'),
  ]);
  return { operator, trust, dispatch, controlRoom };
};
