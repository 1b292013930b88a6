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
  readonly document: string;
  readonly address: string;
  readonly begunAt: number;
  readonly sendBefore: number;
  /** The broker's own id of the person whose identifier it carried. */
  readonly person: string;
  /** The number of its notification: a restored database must not give it to another. Left out on roads that count none. */
  readonly eventNumber?: number;
}

/** An append-only file outside the database, written before the wire. */
export interface AttemptLog {
  /** `eventNumber` is 0 on roads that count none. */
  write(claim: ClaimedKey, look: StoredLook, attempt: Attempt, eventNumber: number): void;
  close(): void;
}

/** Opens this process's own file in `folder`: processes never share one. */
export function openAttemptLog(folder: string): AttemptLog {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = openSync(join(folder, `${new Date().toISOString().replaceAll(':', '')}-${process.pid}.jsonl`), 'a', 0o600);
  return {
    write(claim, look, attempt, eventNumber) {
      const { action } = attempt;
      const line: LoggedAttempt = {
        key: claim.keyId,
        id: attempt.id,
        action: action.kind,
        epoch: attempt.sequence.epoch,
        count: attempt.sequence.count,
        digest: action.kind === 'update' ? action.effect : null,
        document: attempt.documentId,
        address: action.place.address,
        begunAt: attempt.begunAt,
        sendBefore: attempt.sendBefore,
        person: look.row.person_id,
        ...(eventNumber === 0 ? {} : { eventNumber }),
      };
      writeSync(file, `${JSON.stringify(line)}\n`);
    },
    close: () => closeSync(file),
  };
}

/** The lines of one file. A last line that a crash cut off is no attempt: it never reached the wire. */
function linesOf(folder: string, name: string): readonly string[] {
  const text = readFileSync(join(folder, name), 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '');
}

const filesOf = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort();
const parse = (line: string): LoggedAttempt => JSON.parse(line) as LoggedAttempt;

/** Every attempt that is on file, oldest first. */
export const readAttempts = (folder: string): readonly LoggedAttempt[] =>
  filesOf(folder).flatMap((name) => linesOf(folder, name).map(parse));

/** What a restored database has forgotten first: several are begun at once, and stand in only about the order of their commits. */
const LAST = 1_000;

/** The last attempts of each file. */
export const lastAttempts = (folder: string): readonly LoggedAttempt[] =>
  filesOf(folder).flatMap((name) => linesOf(folder, name).slice(-LAST).map(parse));
