import type pg from 'pg';
import type { Config } from './config.ts';
import { Anomaly } from './model/anomaly.ts';
import { CannotStart } from './model/cannot-start.ts';
import { isReasonForTrail, REASON_FOR_TRAIL } from './model/reason-for-trail.ts';
import { replay, type Replayed } from './store/replay.ts';

/** `replay --key ID --reason TEXT`: beside a running broker, whose sweep finds the key. Throws CannotStart with one line why not. */
export const replayCommand = async (
  pool: pg.Pool,
  { operatorOds }: Config,
  { key = '', reason = '' }: { readonly key?: string | undefined; readonly reason?: string | undefined },
): Promise<Replayed> => {
  if (key === '')
    throw new CannotStart('--key is missing: a key of ledger show, the id under which the recipient knows the plan, or a CarePlan');
  if (!isReasonForTrail(reason)) throw new CannotStart(`--reason ${REASON_FOR_TRAIL}`);
  const by = { organization: operatorOds, kind: 'operator', user: 'command line' } as const;
  try {
    return await replay(pool, by, { key, destinationId: null, reason }, () => {});
  } catch (fault) {
    if (!(fault instanceof Anomaly)) throw fault;
    throw new CannotStart(fault.issues[0]?.help ?? fault.category);
  }
};
