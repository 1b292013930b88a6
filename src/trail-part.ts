import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import type { Config } from './config.ts';
import { type HandedOver, openHandOver } from './hand-heads-over.ts';
import type { Part } from './lifecycle.ts';
import { Line, type Log } from './log.ts';
import { type SealApproval, sealsApprovals } from './store/trail/approval-signature.ts';
import { sealTrail } from './store/trail/seal-trail.ts';
import { noteTrailKey, signHeads } from './store/trail/sign-heads.ts';
import { openTrailKey } from './store/trail/trail-keys.ts';

/** How often rows that were committed are sealed. A second passes at most. */
const SEAL_EVERY_MS = 500;

/** Where the key and the heads of the trail lie, unless they are named. */
export const trailFiles = ({ dataDir, trailKeyFile, trailWitnessFile }: Config) => ({
  key: trailKeyFile ?? join(resolve(dataDir), 'trail-signing.key'),
  witness: trailWitnessFile ?? join(resolve(dataDir), 'trail-heads.jsonl'),
});

/** How long the last heads may take to the second owner when the broker stops: what is not accepted then goes at the next start. */
const LAST_HEADS_MS = 2_000;

/** The trail while it runs. `handedOver` is what metrics tell of: null where no second owner takes heads over HTTP. */
export interface Trail {
  readonly handedOver: Pick<HandedOver, 'waiting' | 'failed'> | null;
  /** Seals approvals, by the key of the trail: whoever was handed a head has it. */
  readonly seal: SealApproval;
}

/** Seals the trail for as long as the broker runs, and once more at its end. What fails is said, and tried again. */
export const startTrail = async (part: Part, config: Config, log: Log, pool: pg.Pool): Promise<Trail> => {
  const files = trailFiles(config);
  const key = await openTrailKey(files.key, config.trailKeyFile !== null);
  await noteTrailKey(pool, key);
  const handedOver = config.trailWitnessUrl === null ? null : openHandOver(config, config.trailWitnessUrl, log, pool);
  const stopping = new AbortController();
  let signAt = performance.now() + config.trailHeadMs;

  const sealAll = async (): Promise<void> => {
    // A full portion says that there is more.
    while ((await sealTrail(pool)) === 2_000);
  };
  const saying = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (fault) {
      log(Line.fault, { name: 'trail', fault });
    }
  };
  const round = async (): Promise<void> => {
    await saying(sealAll);
    if (performance.now() < signAt && !stopping.signal.aborted) return;
    // What cannot be written to the file now is tried again with the next heads, and holds up nobody who takes them elsewhere.
    signAt = performance.now() + config.trailHeadMs;
    await saying(() => signHeads(pool, key, files.witness, new Date()));
    handedOver?.begin();
  };
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await round();
      await wait(SEAL_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
    await round();
    // A second owner who does not answer keeps nobody from stopping.
    const late = new AbortController();
    await Promise.race([handedOver?.ended(false), wait(LAST_HEADS_MS, undefined, { signal: late.signal }).catch(() => {})]);
    late.abort();
    await handedOver?.ended(true);
  };
  await part(
    'trail',
    async () => ({ ended: run() }),
    async ({ ended }) => {
      stopping.abort();
      await ended;
    },
  );
  return { handedOver, seal: sealsApprovals(key, config.operatorOds) };
};
