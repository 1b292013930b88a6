import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import { BASE } from '../profiles/canonicals.ts';
import { judge } from '../mappings/check/judge.ts';
import { openChannels } from './channel/open-channels.ts';
import type { Config } from './config.ts';
import { CannotStart } from './model/cannot-start.ts';
import { SCENARIOS } from './model/recipient-check.ts';
import type { CheckWorld } from './reconcile/check/try-scenario.ts';
import { runCheck } from './reconcile/check/run-check.ts';
import { addressesToCheck, askForCheck, checkOf } from './store/recipient-checks.ts';

/** What the command line says. */
export interface RecipientCheckOptions {
  readonly endpoint?: string | undefined;
  readonly again?: boolean | undefined;
}

const LOOK_AGAIN_MS = 250;
const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

/**
 * `recipient check`: holds the conversation with each address of a service, or goes on with one that was cut short, and prints a line for each scenario
 * as it is done. A running broker may go on with the same one: then its lines are printed as they come. Exits with 1 where anything contradicts, or nobody
 * answered. Throws CannotStart where there is no such address.
 */
export const recipientCheck = async (pool: pg.Pool, config: Config, service: string, options: RecipientCheckOptions): Promise<void> => {
  const all = await addressesToCheck(pool, service);
  const chosen = options.endpoint === undefined ? all : all.filter((id) => id === options.endpoint);
  if (chosen.length === 0)
    throw new CannotStart('there is no such service, or no Endpoint of it to which anything is pushed (a MESH mailbox is not checked)');
  const channels = openChannels(config.outboundAllow);
  const sender = { ods: config.operatorOds, name: 'Crisis-plan broker', endpoint: BASE };
  const world: CheckWorld = { pool, channels, sender, sendTimeout: config.sendTimeoutMs };
  try {
    for (const id of chosen) await checkAddress(world, service, id, config, options.again === true);
  } finally {
    await channels.close();
  }
};

async function checkAddress(world: CheckWorld, service: string, id: string, { operatorOds }: Config, again: boolean): Promise<void> {
  const asked = await askForCheck(world.pool, id, operatorOds, again);
  let printed = 0;
  for (;;) {
    const checked = await checkOf(world.pool, id);
    if (asked === null || checked === null) throw new CannotStart('the Endpoint is gone');
    const { check, destination } = checked;
    const { contradictions, proposals, unanswered } = judge(check.tried, destination);
    const done = SCENARIOS.filter((scenario) => check.tried[scenario] !== undefined);
    for (const scenario of done.slice(printed)) {
      const state = contradictions.some((one) => one.scenario === scenario)
        ? 'contradicts'
        : unanswered.includes(scenario)
          ? 'unanswered'
          : 'as-declared';
      print({ endpoint: id, tried: ++printed, of: SCENARIOS.length, scenario, state, ...check.tried[scenario] });
    }
    if (check.endedAt !== null) {
      const ok = contradictions.length === 0 && unanswered.length === 0 && done.length === SCENARIOS.length;
      print({ ok, endpoint: id, check: check.id, contradictions, proposals, unanswered });
      if (!ok) process.exitCode = 1;
      return;
    }
    if ((await runCheck(world, service, check.id)) === null) await wait(LOOK_AGAIN_MS);
  }
}
