import { mkdirSync, openSync, closeSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Attempt } from '../model/ledger.ts';
import type { ClaimedKey } from './claim.ts';
import type { StoredLook } from './ledger.ts';

/** One attempt as it stands outside the database: enough to say that a copy may lie there. Names nobody: the identifier is left out. */
export interface LoggedAttempt {
  readonly key: string;
  readonly id: string;
  readonly action: 'update' | 'recall';
  readonly epoch: number;
  readonly count: number;
  readonly digest: string | null;
  readonly headings: readonly string[];
  readonly document: string;
  readonly address: string;
  readonly begunAt: number;
  readonly sendBefore: number;
  /** The record of the person whose identifier it carried, and the version of it. */
  readonly patient: string;
}

/** An append-only file outside the database, written before the wire. */
export interface AttemptLog {
  write(claim: ClaimedKey, look: StoredLook, attempt: Attempt): void;
  close(): void;
}

/** Opens this process's own file in `folder`: processes never share one. */
export function openAttemptLog(folder: string): AttemptLog {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = openSync(join(folder, `${new Date().toISOString().replaceAll(':', '')}-${process.pid}.jsonl`), 'a', 0o600);
  return {
    write(claim, look, attempt) {
      const { action } = attempt;
      const line: LoggedAttempt = {
        key: claim.keyId,
        id: attempt.id,
        action: action.kind,
        epoch: attempt.sequence.epoch,
        count: attempt.sequence.count,
        digest: action.kind === 'update' ? action.effect : null,
        headings: action.kind === 'update' ? action.headings : [],
        document: attempt.documentId,
        address: action.place.address,
        begunAt: attempt.begunAt,
        sendBefore: attempt.sendBefore,
        patient: look.row.person_id,
      };
      writeSync(file, `${JSON.stringify(line)}\n`);
    },
    close: () => closeSync(file),
  };
}

/** Every attempt that is on file, oldest first. A last line that a crash cut off is no attempt: it never reached the wire. */
export function readAttempts(folder: string): readonly LoggedAttempt[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .flatMap((name) => {
      const text = readFileSync(join(folder, name), 'utf8');
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      return whole.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as LoggedAttempt);
    });
}
