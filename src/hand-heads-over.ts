import type pg from 'pg';
import { AddressForbidden, createAddressGuard } from './channel/address-guard.ts';
import { createGuardedFetch, FetchFailed } from './channel/guarded-fetch.ts';
import type { Config } from './config.ts';
import { Line, type Log } from './log.ts';
import { openWitness } from './store/trail/hand-over.ts';

/** Bytes of an answer: nothing of it is read. */
const MAX_ANSWER = 65_536;

/** The heads on their way to the second owner over HTTP, as they are told of in metrics. */
export interface HandedOver {
  /** Begins to hand over what waits, unless that is still going on. Never fails: what was not accepted is tried again the next time. */
  begin(): void;
  /** Once what was begun has ended. `stop` cuts it short. */
  ended(stop: boolean): Promise<void>;
  waiting(): Promise<number>;
  failed(): number;
}

class NotAccepted extends Error {}

/** Why, in a word that holds no address. */
const reasonOf = (fault: unknown): string | null => {
  if (fault instanceof NotAccepted) return fault.message;
  if (fault instanceof FetchFailed) return fault.because;
  return fault instanceof AddressForbidden ? 'address-forbidden' : null;
};

/** Hands heads over to `TRAIL_WITNESS_URL` through the guard of the channels. That it does not take them is logged once, until it does again. */
export const openHandOver = (config: Pick<Config, 'outboundAllow' | 'sendTimeoutMs'>, url: string, log: Log, pool: pg.Pool): HandedOver => {
  const send = createGuardedFetch(createAddressGuard(config.outboundAllow), {
    timeoutMs: config.sendTimeoutMs,
    maxBytes: MAX_ANSWER,
  });
  const stopping = new AbortController();
  const witness = openWitness(pool, url, async (body) => {
    const headers = { 'content-type': 'application/json' };
    const { ok, status } = await send(url, { method: 'POST', headers, body, signal: stopping.signal });
    if (!ok) throw new NotAccepted(`status-${status}`);
  });
  let failures = 0;
  let isRefused = false;
  let running: Promise<void> | null = null;

  const once = async (): Promise<void> => {
    try {
      await witness.handOver();
      if (isRefused) log(Line.witnessTakes);
      isRefused = false;
    } catch (fault) {
      if (stopping.signal.aborted) return;
      failures += 1;
      const because = reasonOf(fault);
      if (because === null) log(Line.fault, { name: 'trail witness', fault });
      else if (!isRefused) log(Line.witnessRefuses, { because });
      isRefused ||= because !== null;
    }
  };
  return {
    begin: () => {
      running ??= once().finally(() => {
        running = null;
      });
    },
    ended: async (stop) => {
      if (stop) stopping.abort();
      await running;
    },
    waiting: () => witness.waiting(),
    failed: () => failures,
  };
};
