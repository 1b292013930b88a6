import type { Endpoint, HealthcareService } from '@medplum/fhirtypes';
import { openChannels } from '../../src/channel/open-channels.ts';
import type { RecipientCheck } from '../../src/model/recipient-check.ts';
import type { Destination } from '../../src/model/recipient.ts';
import { runCheck } from '../../src/reconcile/check/run-check.ts';
import type { CheckWorld } from '../../src/reconcile/check/try-scenario.ts';
import { checkOf } from '../../src/store/recipient-checks.ts';
import type { Ground } from '../store/ground.ts';
import { layGround, operator } from '../store/ground.ts';
import * as body from '../support/bodies.ts';

/** A ground on which addresses are registered switched off, and checked. */
export interface CheckGround {
  readonly ground: Ground;
  readonly world: CheckWorld;
  /** Registers an ED and its address, which declares what is given; answers the id of its Endpoint. */
  register(name: string, address: string, declares?: Endpoint['extension'], service?: Partial<HealthcareService>): Promise<string>;
  /** The same address, active. */
  activate(name: string, address: string, declares?: Endpoint['extension']): Promise<unknown>;
  /** Asks for a check and holds it to its end. */
  check(name: string): Promise<{ readonly check: RecipientCheck; readonly destination: Destination }>;
  ask(name: string, again?: boolean): Promise<unknown>;
  close(): Promise<void>;
}

export const openCheckGround = async (sendTimeout = 500): Promise<CheckGround> => {
  const ground = await layGround();
  const channels = openChannels(['127.0.0.0/8'], { onUnexpected: () => {} });
  const sender = { ods: 'BROKER', name: 'Crisis-plan broker', endpoint: 'https://broker.example/fhir' };
  const world: CheckWorld = { pool: ground.database.pool, channels, sender, sendTimeout };
  const endpoint = (name: string, address: string, declares: Endpoint['extension'], status: Endpoint['status']): Endpoint => {
    const made = body.endpoint(`end-${name}`, `svc-${name}`, `org-${name}`, address);
    return { ...made, status, extension: [...(made.extension ?? []), ...(declares ?? [])] };
  };
  const ask = (name: string, again = false) => ground.store.checkEndpoint(operator, `end-${name}`, again);
  return {
    ground,
    world,
    ask,
    register: async (name, address, declares = [], service = {}) => {
      await ground.put(operator, body.organization(`org-${name}`, `X${name.toUpperCase()}`, 'ed'));
      await ground.put(operator, { ...body.service(`svc-${name}`, `org-${name}`, 'ed'), ...service });
      return ground.put(operator, endpoint(name, address, declares, 'off'));
    },
    activate: (name, address, declares = []) => ground.put(operator, endpoint(name, address, declares, 'active')),
    check: async (name) => {
      await ask(name);
      for (let turn = 0; turn < 20; turn++) {
        const done = await runCheck(world, `svc-${name}`);
        if (done === null || done.endedAt !== null) break;
      }
      const checked = await checkOf(ground.database.pool, `end-${name}`);
      if (checked === null) throw new Error('no check was asked for');
      return checked;
    },
    close: async () => {
      await channels.close();
      await ground.close();
    },
  };
};
