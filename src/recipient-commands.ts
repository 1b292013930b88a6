import type pg from 'pg';
import type { Config } from './config.ts';
import { Anomaly } from './model/anomaly.ts';
import { CannotStart } from './model/cannot-start.ts';
import type { PauseState } from './model/pause.ts';
import { isReasonForTrail, REASON_FOR_TRAIL } from './model/reason-for-trail.ts';
import { pauseRecipient, resumeRecipient } from './store/pace/pause.ts';

/** What the command line says. */
export interface RecipientOptions {
  readonly reason?: string | undefined;
  readonly all?: boolean | undefined;
}

const print = ({ recipientId, paused, recallsOwed }: PauseState): void =>
  void process.stdout.write(
    `${JSON.stringify({
      recipient: `HealthcareService/${recipientId}`,
      paused: paused === null ? null : { ...paused, since: new Date(paused.since).toISOString() },
      recallsOwed,
    })}\n`,
  );

/** `recipient pause` and `recipient resume`. Throws CannotStart with one line why not. */
export async function recipientCommand(
  pool: pg.Pool,
  { operatorOds: operator }: Config,
  { name, recipientId }: { readonly name: 'recipient pause' | 'recipient resume'; readonly recipientId: string },
  { reason = '', all = false }: RecipientOptions,
): Promise<void> {
  const who = { operator, caller: 'command line' };
  try {
    if (name === 'recipient resume') return print(await resumeRecipient(pool, recipientId, who));
    if (!isReasonForTrail(reason)) throw new CannotStart(`--reason ${REASON_FOR_TRAIL}`);
    return print(await pauseRecipient(pool, { recipientId, reason, recalls: all }, who));
  } catch (fault) {
    if (fault instanceof Anomaly && fault.category === 'not-found')
      throw new CannotStart(`there is no recipient HealthcareService/${recipientId}`);
    throw fault;
  }
}
