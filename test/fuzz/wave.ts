import { isKind } from '../../src/model/kind.ts';
import type { Tokens } from '../support/access.ts';
import { personFor } from '../support/sign-in.ts';
import type pg from 'pg';
import { Pool } from 'undici';
import { isOfDoor, KNOWN_PLAN } from './odd-door.ts';
import { MESSENGER } from './odd-message.ts';
import type { Sent } from './sent.ts';

/** The longest that any answer may take. */
const SLOWEST_MS = 2_000;

/** What came back. */
export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly ms: number;
}

/** Sends many at once over connections that are kept. */
export interface Sender {
  send(sent: Sent): Promise<Answered>;
  close(): Promise<void>;
}

/** A caller, as `headersOf` writes it; what else stands there is odd, and sent as it is. */
const CALLER = /^([A-Z0-9]+) ([a-z-]+)$/;
/** Who is signed in to a person's app, by their number. */
const PERSON = /^person (\d{10})$/;

/** `knownPlan` is asked for the id that stands for `KNOWN_PLAN`. */
export const openSender = (origin: string, connections: number, tokens: Pick<Tokens, 'of'>, knownPlan: () => string): Sender => {
  const pool = new Pool(origin, { connections, pipelining: 1, headersTimeout: 30_000, bodyTimeout: 30_000 });
  return {
    send: async ({ method, path: said, headers, body }) => {
      const path = said.replace(KNOWN_PLAN, knownPlan());
      const [, ods, kind = ''] = CALLER.exec(headers['authorization'] ?? '') ?? [];
      const authorization = ods === undefined || !isKind(kind) ? headers['authorization'] : `Bearer ${await tokens.of({ ods, kind })}`;
      const [, signedIn] = PERSON.exec(headers['x-user-identity'] ?? '') ?? [];
      const identity = signedIn === undefined ? {} : { 'x-user-identity': await personFor(signedIn, `${origin}/fhir`) };
      const startedAt = performance.now();
      const answer = await pool.request({ method, path, headers: { ...headers, authorization, ...identity }, body });
      const text = await answer.body.text();
      return { status: answer.statusCode, headers: answer.headers, text, ms: performance.now() - startedAt };
    },
    close: () => pool.close(),
  };
};

interface Told {
  readonly resourceType?: string;
  readonly type?: string;
  readonly issue?: readonly { readonly severity?: string; readonly code?: string }[];
  readonly parameter?: readonly { readonly name?: string; readonly valueReference?: { readonly reference?: string } }[];
  readonly entry?: readonly { readonly response?: { readonly status?: string; readonly location?: string } }[];
}

const isOutcome = (told: Told): boolean =>
  told.resourceType === 'OperationOutcome' &&
  Array.isArray(told.issue) &&
  told.issue.length > 0 &&
  told.issue.every(({ severity, code }) => severity !== undefined && code !== undefined);

const readTold = (text: string): Told | null => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Told) : null;
  } catch {
    return null;
  }
};

/** What is wrong with one answer; null where nothing is. */
export const faultOf = ({ method, path }: Sent, { status, text, ms }: Answered): string | null => {
  if (status >= 500) return `${status} to ${method} ${path}: ${text.slice(0, 400)}`;
  if (ms > SLOWEST_MS) return `${Math.round(ms)} ms for ${method} ${path}`;
  if (method === 'HEAD' || status === 304) return text === '' ? null : `a body to ${method} ${path}`;
  if (status >= 300) {
    const told = readTold(text);
    return told !== null && isOutcome(told) ? null : `${status} to ${method} ${path} is no OperationOutcome: ${text.slice(0, 200)}`;
  }
  if (!isOfDoor(path, text)) return `${status} to ${method} ${path} is not what that door answers: ${text.slice(0, 200)}`;
  if (text === '' || !path.startsWith('/fhir')) return null;
  const told = readTold(text);
  if (told === null || typeof told.resourceType !== 'string') return `${status} to ${method} ${path} is no resource: ${text.slice(0, 200)}`;
  for (const { response } of told.type === 'batch-response' || told.type === 'transaction-response' ? (told.entry ?? []) : [])
    if (Number(response?.status) >= 500 || !/^[1-4]\d\d/.test(response?.status ?? ''))
      return `an entry of ${path} has status ${response?.status}: ${text.slice(0, 400)}`;
  return null;
};

const VERSION = /\/([A-Za-z]+\/[A-Za-z0-9\-.]+\/_history\/\d+)$/;

/** The versions that an answer says are now stored: `Type/id/_history/1`. */
const versionsIn = ({ status, headers, text }: Answered): readonly string[] => {
  if (status < 200 || status > 299) return [];
  const told = readTold(text);
  const locations = [
    headers['location'],
    ...(told?.type === 'batch-response' || told?.type === 'transaction-response'
      ? (told.entry ?? []).map(({ response }) => response?.location)
      : []),
    // A person's refusal is a new Consent each time, which is told by reference.
    ...(told?.resourceType === 'Parameters' && Array.isArray(told.parameter) ? told.parameter : []).flatMap(({ name, valueReference }) =>
      name === 'consent' && valueReference?.reference !== undefined ? [`/${valueReference.reference}/_history/1`] : [],
    ),
  ];
  return locations.flatMap((each) => (typeof each === 'string' ? (VERSION.exec(each)?.[1] ?? []) : []));
};

/** How many resources an answer says were deleted. */
const deletionsIn = ({ method }: Sent, { status, text }: Answered): number => {
  if (method === 'DELETE') return status === 204 ? 1 : 0;
  return (readTold(text)?.entry ?? []).filter(({ response }) => response?.status === '204').length;
};

/** New versions, deletions, and messages that were taken. */
export interface Written {
  readonly versions: number;
  readonly deletions: number;
  readonly messages: number;
}

/** What the database holds, and what the answers said it would. */
export interface Books {
  /** Held against the database after each wave: what is wrong, or null. */
  balance(): Promise<string | null>;
  note(sent: Sent, answer: Answered): void;
  readonly written: Written;
}

/** The broker itself makes Tasks, and says of a Subscription whether it is active. */
const OF_CALLERS = `NOT deleted AND type NOT IN ('Task', 'Subscription') AND owner <> '${MESSENGER.ods}'`;
const isOfBroker = (version: string): boolean => /^(?:Task|Subscription)\//.test(version);
const COUNT = `SELECT count(*) FILTER (WHERE ${OF_CALLERS})::integer AS versions, count(*) FILTER (WHERE deleted)::integer AS deletions,
  count(*) FILTER (WHERE owner = '${MESSENGER.ods}')::integer AS messages FROM resource_version`;

/** Nothing is stored unless an answer says so, version by version, and what an answer says is stored. */
export const openBooks = async (pool: pg.Pool): Promise<Books> => {
  const { rows: ground } = await pool.query<Written>(COUNT);
  const before = ground[0] ?? { versions: 0, deletions: 0, messages: 0 };
  const there = await pool.query<{ version: string }>(
    `SELECT type || '/' || id || '/_history/' || version AS version FROM resource_version`,
  );
  const known = new Set(there.rows.map(({ version }) => version));
  const told = new Set<string>();
  let deletions = 0;
  let messages = 0;
  const missing = async (): Promise<string> => {
    const { rows } = await pool.query<{ version: string }>(
      `SELECT type || '/' || id || '/_history/' || version AS version FROM resource_version WHERE ${OF_CALLERS}`,
    );
    const stored = new Set(rows.map(({ version }) => version));
    const untold = [...stored].filter((each) => !told.has(each) && !known.has(each));
    const lost = [...told].filter((each) => !stored.has(each));
    return `stored and not told: ${untold.slice(0, 5).join(', ')}; told and not stored: ${lost.slice(0, 5).join(', ')}`;
  };
  return {
    note: (sent, answer) => {
      for (const version of versionsIn(answer)) if (!known.has(version) && !isOfBroker(version)) told.add(version);
      deletions += deletionsIn(sent, answer);
      if (sent.path.startsWith('/fhir/$process-message') && answer.status < 300) messages += 1;
    },
    balance: async () => {
      const { rows } = await pool.query<Written>(COUNT);
      const now = rows[0] ?? before;
      if (now.versions - before.versions !== told.size)
        return `${now.versions - before.versions} versions are new, and answers told of ${told.size}: ${await missing()}`;
      // A message that comes again is answered again, and tells of nothing new.
      if (now.messages - before.messages > messages)
        return `${now.messages - before.messages} contacts are new, and ${messages} messages were taken`;
      // A deletion of what is gone already, or never was, is told as one.
      return now.deletions - before.deletions > deletions
        ? `${now.deletions - before.deletions} are deleted, and answers told of ${deletions}`
        : null;
    },
    get written() {
      return { versions: told.size, deletions, messages };
    },
  };
};
