import { pino } from 'pino';

/** What a log line may carry. No key here can hold a person: no name, NHS number, plan text, message body or search value. */
export interface Keys {
  readonly address: string;
  readonly attemptId: string;
  readonly because: string;
  readonly count: number;
  readonly destinationId: string;
  readonly fault: unknown;
  readonly host: string;
  readonly interaction: string;
  readonly keyId: string;
  readonly millis: number;
  readonly name: string;
  readonly outcome: string;
  readonly pid: number;
  readonly port: number;
  readonly recipientId: string;
  readonly requestId: string;
  readonly resourceType: string;
  readonly signal: string;
  readonly status: number;
  readonly url: string;
}
type Key = keyof Keys;
export type Level = 'debug' | 'info' | 'warn' | 'error';

/** One kind of line: a constant message, its level, and the keys that it must be given. */
export interface LineKind<K extends Key = never> {
  readonly level: Level;
  readonly message: string;
  readonly keys: readonly K[];
}

const line = <K extends Key = never>(level: Level, message: string, ...keys: readonly K[]): LineKind<K> => ({ level, message, keys });

/** Every line that the broker can log. Add a row rather than a sentence with a value in it. */
export const Line = {
  databaseCreated: line('info', 'database created', 'millis'),
  databaseElsewhere: line('warn', 'the user that runs PostgreSQL cannot enter DATA_DIR: the database lies in', 'name'),
  databaseStarted: line('info', 'database started', 'port', 'millis'),
  databaseAdopted: line('warn', 'database of an earlier broker was still running and is used on', 'port', 'pid'),
  databaseStopped: line('info', 'database stopped', 'millis'),
  connectionLost: line('warn', 'an idle database connection was lost', 'fault'),
  migrated: line('info', 'database migrated', 'count'),
  sealed: line('info', 'rows that an older version left open are sealed', 'count'),
  erasedAndBack: line('error', 'records that were erased by law are back from a backup: erase them again (erased.jsonl)', 'count'),
  searchIndexed: line('info', 'search index made anew', 'count'),
  strayAnswer: line('warn', 'an answer came that no message waits for; it is never credited'),
  meshFailed: line('error', 'MESH does not do what it is asked: our mailbox is looked into again later', 'because'),
  meshAnswers: line('info', 'MESH answers again'),
  lettersForgotten: line(
    'warn',
    'messages in our mailbox that could not be read were kept for their days, and what they said is gone',
    'count',
  ),
  misaddressed: line(
    'error',
    'an attempt was stopped before a byte left: endpoint, recipient, address and credential do not belong together',
    'keyId',
  ),
  answerRefused: line('warn', 'an answer to a message was refused: nothing of the kind was sent to its sender', 'requestId', 'because'),
  answersDiffer: line('warn', 'a recipient has answered the same message twice, and not the same', 'requestId'),
  resyncFound: line('error', 'a resync found keys that a fan-out had missed', 'count'),
  ledgerRestored: line('warn', 'the database was restored: attempts on file were replayed as uncertain', 'count'),
  ledgerLost: line('error', 'attempts on file are at plans that the restored database never had', 'count'),
  issuerSilent: line('warn', 'the keys of an issuer of identities cannot be had', 'url', 'because'),
  runsAsOwner: line('warn', 'connections are those of the owner of the database: no grant keeps them from changing the trail', 'because'),
  witnessRefuses: line('error', 'the second owner of the trail does not take its heads: tried again at each interval', 'because'),
  witnessTakes: line('info', 'the second owner of the trail takes its heads again'),
  collectorRefuses: line('warn', 'the collector of traces does not take them: they are dropped'),
  collectorTakes: line('info', 'the collector of traces takes them again'),
  listening: line('info', 'listening', 'host', 'port'),
  listeningHl7: line('info', 'listening for HL7 v2', 'host', 'port'),
  certificateChanged: line('info', 'the certificate of the door was changed for a new one'),
  certificateKept: line('error', 'the files of the certificate cannot be used: what was read before stays in use', 'because'),
  limiterFailed: line('warn', 'requests are not counted: the rate limit cannot be asked', 'fault'),
  stopping: line('info', 'stopping', 'signal'),
  stopped: line('info', 'stopped', 'millis'),
  stopFailed: line('error', 'a part did not stop cleanly', 'name', 'fault'),
  fault: line('error', 'the broker failed', 'name', 'fault'),
  requestFailed: line('error', 'a request failed by our fault', 'requestId', 'name', 'interaction', 'fault'),
} as const;

/** Writes one line; the values are exactly the keys that its kind names. */
export type Log = <K extends Key>(kind: LineKind<K>, ...values: [K] extends [never] ? [] : [Pick<Keys, K>]) => void;

/** An error without its message, which may quote a person's data: class, code, SQLSTATE constraint and the stack's places. */
const withoutWords = (fault: unknown): Record<string, unknown> => {
  if (!(fault instanceof Error)) return { type: typeof fault };
  const { code, constraint, syscall } = fault as { code?: unknown; constraint?: unknown; syscall?: unknown };
  const at = (fault.stack ?? '')
    .replace(fault.message, '')
    .split('\n')
    .filter((row) => /^\s+at /.test(row))
    .slice(0, 12)
    .map((row) => row.trim());
  return { type: fault.name, code, constraint, syscall, at, cause: fault.cause === undefined ? undefined : withoutWords(fault.cause) };
};

/** A log to standard error, or to `write` in tests: JSON lines of `level` and above. */
export const createLog = (level: Level | 'silent', write?: (text: string) => void): Log => {
  const options = { level, base: null, serializers: { fault: withoutWords }, timestamp: pino.stdTimeFunctions.isoTime };
  const logger = pino(options, write === undefined ? pino.destination({ dest: 2, sync: true }) : { write });
  return (kind, ...values) => {
    logger[kind.level](values[0] ?? {}, kind.message);
  };
};
