import type pg from 'pg';
import type { Config } from './config.ts';
import { CannotStart } from './model/cannot-start.ts';
import { isReasonForTrail, REASON_FOR_TRAIL } from './model/reason-for-trail.ts';
import { erase } from './store/erase.ts';
import { noteErased } from './store/erased-list.ts';
import { rewrapKeys } from './store/keys/rewrap.ts';
import { inspect } from './store/signed-version.ts';

/** What the command line says. */
export interface KeyOptions {
  readonly key?: string | undefined;
  readonly patient?: string | undefined;
  readonly reason?: string | undefined;
  readonly yes?: boolean | undefined;
}

/** A reason is kept in the trail, which holds no person (I8). */
const reasonOf = ({ reason = '' }: KeyOptions): string => {
  if (!isReasonForTrail(reason)) throw new CannotStart(`--reason ${REASON_FOR_TRAIL}`);
  return reason;
};

const needed = (value: string | undefined, name: string): string => {
  if (value === undefined || value === '') throw new CannotStart(`--${name} is missing`);
  return value;
};

/** `keys rewrap`, `erase` and `inspect`. Throws CannotStart, or CannotErase, with one line why not. */
export const keyCommand = async (
  pool: pg.Pool,
  { operatorOds: operator, dataDir }: Config,
  name: string,
  options: KeyOptions,
): Promise<void> => {
  const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
  if (name === 'keys rewrap') return print({ rewrapped: await rewrapKeys(pool) });
  if (name === 'erase') {
    const { yes = false } = options;
    const asked = { patientId: needed(options.patient, 'patient'), reason: reasonOf(options), operator, isRehearsal: !yes };
    const told = await erase(pool, asked);
    if (told.erased) noteErased(dataDir, { patient: asked.patientId, reason: asked.reason, at: new Date().toISOString() });
    print(told);
    if (!yes) process.stderr.write('nothing was erased: --yes destroys the key, and nobody can bring it back\n');
    return;
  }
  const bytes = await inspect(pool, { operator, reason: reasonOf(options), id: needed(options.key, 'key') });
  if (bytes === null) throw new CannotStart('there is nothing to be shown: no such version or delivery, or its person was erased');
  process.stdout.write(bytes);
};
