import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fakeListener } from './fake-listener.ts';
import { headerRefusal, MHCP, type Pointer, pointerRefusal, type Refused, searchRefusal } from './nrl-rules.ts';

/** How it treats what comes next. */
export type NrlHow =
  | 'normal'
  | 'stall' // says nothing, does nothing
  | 'refuse' // 422, does nothing
  | 'forbid' // 403, does nothing
  | 'busy' // 503, does nothing
  | 'lie' // says that it did, and did not
  | 'lose-answer' // does it, then breaks the connection
  | 'answer-late' // does it, answers after `delayMs`
  | 'arrive-late' // breaks the connection, does it after `delayMs`
  | 'gone' // does it, and answers 404 NO_RECORD_FOUND: somebody's answer to a delete that came twice
  | 'of-another' // does nothing, and gives the answer to another request: its X-Request-ID says so
  | 'garbage'; // does it, and answers with bytes that are no answer

export interface NrlMood {
  readonly how: NrlHow;
  readonly on: 'search' | 'write';
  readonly times?: number;
  /** That many are taken as they are before it begins. */
  readonly after?: number;
  readonly delayMs?: number;
}

/** One request as it came in, whatever was done with it. */
export interface NrlReceived {
  readonly at: number;
  readonly does: 'search' | 'create' | 'supersede' | 'delete' | 'other';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: string;
  /** The number that it is about; of a delete the one of the pointer that it names, `-` where there is none. */
  readonly person: string;
  /** 0 where it was not answered. */
  status: number;
}

export interface FakeNrlOptions {
  readonly port?: number;
  /** Whether an Authorization header is good there; any, or none, is where it is left out. */
  readonly authorizes?: (header: string | undefined) => boolean;
  /** Pointer types by ODS code; every organisation has the crisis plan where it is left out. */
  readonly allowed?: Readonly<Record<string, readonly string[]>>;
}

/** A record locator with a store of its own, on a real socket. */
export interface FakeNrl {
  /** The base of its producer interface, as `Endpoint.address`. */
  readonly address: string;
  /** What stands there now, as a consumer would find it. */
  stands(): readonly (Pointer & { readonly id: string })[];
  received(): readonly NrlReceived[];
  behave(mood: NrlMood): void;
  /** Puts a pointer there behind everyone's back, and answers its id. */
  put(pointer: Pointer): string;
  /** Takes one away behind everyone's back. */
  drop(id: string): void;
  /** Once, when the next write comes and before it is looked at: what somebody else does at that moment. */
  meanwhile(does: () => void | Promise<void>): void;
  /**
   * From here on a search shows so many at once. By a link (R4), with the total of all; or by a token in `meta.tag`, with the total of the page, as NRLF had it
   * (`create_bundle_from_paginated_response`).
   */
  pagesOf(size: number, by: 'link' | 'token'): void;
  /** What its next searches answer instead of the truth. */
  searchesAs(answer: object | null): void;
  stop(): Promise<void>;
  start(): Promise<void>;
}

const BASE = '/record-locator/producer/FHIR/R4';
const JSON_TYPE = { 'content-type': 'application/fhir+json;version=1' };
const ERROR_SYSTEM = 'https://fhir.nhs.uk/CodeSystem/Spine-ErrorOrWarningCode';
const SUCCESS_SYSTEM = 'https://fhir.nhs.uk/ValueSet/NRL-ResponseCode';

const outcome = (severity: 'error' | 'information', code: string, issue: string, at: string): string =>
  JSON.stringify({
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity,
        code: issue,
        details: { coding: [{ system: severity === 'error' ? ERROR_SYSTEM : SUCCESS_SYSTEM, code }] },
        diagnostics: code,
        ...(at === '' ? {} : { expression: [at] }),
      },
    ],
  });

interface Said {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}
const refused = ([status, code, issue, at]: Refused): Said => ({ status, text: outcome('error', code, issue, at) });
const done = (status: number, code: string, headers = {}): Said => ({
  status,
  text: outcome('information', code, 'informational', ''),
  headers,
});

/** The NRL as a producer meets it: search, create, supersede and delete, by its rules. */
export const startFakeNrl = async (options: FakeNrlOptions = {}): Promise<FakeNrl> => {
  const store = new Map<string, Pointer>();
  const received: NrlReceived[] = [];
  const moods: Record<'search' | 'write', { mood: NrlMood; left: number; spared: number }> = {
    search: { mood: { how: 'normal', on: 'search' }, left: 0, spared: 0 },
    write: { mood: { how: 'normal', on: 'write' }, left: 0, spared: 0 },
  };
  let meanwhile: () => void | Promise<void> = () => undefined;
  let instead: object | null = null;
  const numberOf = (pointer: Pointer | undefined): string => pointer?.subject?.identifier?.value ?? '-';

  let paged: { readonly size: number; readonly by: 'link' | 'token' } | null = null;
  /** What is asked for by a link: nobody else knows what it means. */
  const cursors = new Map<string, { readonly bytes: string; readonly token: string }>();

  const pageOf = (entry: readonly object[], bytes: string, token: string): object => {
    const whole = { resourceType: 'Bundle', type: 'searchset', total: entry.length, entry };
    if (paged === null) return whole;
    const { size, by } = paged;
    const from = token === '' ? 0 : Number(token);
    const page = entry.slice(from, from + size);
    const next = String(from + size);
    const more = from + size < entry.length;
    if (by === 'token')
      return {
        ...whole,
        total: page.length,
        entry: page,
        ...(more ? { meta: { tag: [{ code: next, display: 'next_page_token' }] } } : {}),
      };
    const cursor = randomUUID();
    cursors.set(cursor, { bytes, token: next });
    const link = { relation: 'next', url: `http://127.0.0.1:${listener.port()}${BASE}/DocumentReference?cursor=${cursor}` };
    return { ...whole, entry: page, ...(more ? { link: [link] } : {}) };
  };

  const search = (ods: string, given: string): Said => {
    const linked = cursors.get(given);
    const bytes = linked?.bytes ?? given;
    const asked: Readonly<Record<string, unknown>> = JSON.parse(bytes);
    const why = searchRefusal(asked);
    if (why !== null) return refused(why);
    if (instead !== null) return { status: 200, text: JSON.stringify(instead) };
    const number = String(asked['subject:identifier']).split('|')[1];
    const found = [...store].filter(([, each]) => numberOf(each) === number && each.custodian?.identifier?.value === ods);
    const entry = found.map(([id, each]) => ({ resource: { ...each, id } }));
    return { status: 200, text: JSON.stringify(pageOf(entry, bytes, linked?.token ?? String(asked['next-page-token'] ?? ''))) };
  };

  const create = (ods: string, bytes: string): Said => {
    const pointer: Pointer = JSON.parse(bytes);
    const why = pointerRefusal(pointer, ods, options.allowed?.[ods] ?? (options.allowed === undefined ? [MHCP] : []));
    if (why !== null) return refused(why);
    const replaced: string[] = [];
    for (const [index, { code, target }] of (pointer.relatesTo ?? []).entries()) {
      const at = `relatesTo[${index}].target.identifier.value`;
      const old = store.get(target?.identifier?.value ?? '');
      if (old === undefined || numberOf(old) !== numberOf(pointer)) return refused([400, 'BAD_REQUEST', 'invalid', at]);
      if (code === 'replaces') replaced.push(target?.identifier?.value ?? '');
    }
    for (const id of replaced) store.delete(id);
    const id = `${ods}-${randomUUID()}`;
    const now = new Date().toISOString();
    // The date of the payload is kept by a permission only.
    store.set(id, { ...pointer, date: now, meta: { lastUpdated: now } });
    return done(201, replaced.length > 0 ? 'RESOURCE_SUPERSEDED' : 'RESOURCE_CREATED', { location: `${BASE}/DocumentReference/${id}` });
  };

  const remove = (ods: string, id: string): Said => {
    if (id.split('-')[0] !== ods) return refused([403, 'AUTHOR_CREDENTIALS_ERROR', 'forbidden', 'id']);
    if (!store.delete(id)) return refused([404, 'NO_RECORD_FOUND', 'not-found', 'id']);
    return done(200, 'RESOURCE_DELETED');
  };

  const moodFor = (on: 'search' | 'write'): NrlMood => {
    const it = moods[on];
    if (it.spared > 0) {
      it.spared -= 1;
      return { how: 'normal', on };
    }
    if (it.left <= 0) return { how: 'normal', on };
    it.left -= 1;
    return it.mood;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks).toString('utf8');
    const path = new URL(request.url ?? '', 'http://127.0.0.1').pathname;
    const id = decodeURIComponent(/\/DocumentReference\/([^/_][^/]*)$/.exec(path)?.[1] ?? '');
    const cursor = new URL(request.url ?? '', 'http://127.0.0.1').searchParams.get('cursor') ?? '';
    const isLinked = request.method === 'GET' && path === `${BASE}/DocumentReference` && cursors.has(cursor);
    const isSearch = isLinked || (request.method === 'POST' && path === `${BASE}/DocumentReference/_search`);
    const isCreate = request.method === 'POST' && path === `${BASE}/DocumentReference`;
    const isDelete = request.method === 'DELETE' && id !== '';
    const does = isSearch ? 'search' : isDelete ? 'delete' : isCreate ? (bytes.includes('"relatesTo"') ? 'supersede' : 'create') : 'other';
    const note: NrlReceived = {
      at: Date.now(),
      does,
      url: request.url ?? '',
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
      bytes,
      person: isDelete ? numberOf(store.get(id)) : (/\b\d{10}\b/.exec(bytes)?.[0] ?? '-'),
      status: 0,
    };
    received.push(note);
    const say = ({ status, text, headers = {} }: Said): void => {
      note.status = status;
      const mirrored = { 'x-request-id': note.headers['x-request-id'] ?? '', 'x-correlation-id': note.headers['x-correlation-id'] ?? '' };
      response.writeHead(status, { ...JSON_TYPE, ...mirrored, ...headers }).end(text);
    };
    if (!isSearch) {
      const happens = meanwhile;
      meanwhile = () => undefined;
      await happens();
    }
    const act = (): Said => {
      const why = headerRefusal(request.headers);
      if (options.authorizes?.(request.headers.authorization) === false) return refused([401, 'ACCESS_DENIED', 'forbidden', '']);
      if (why !== null) return refused(why);
      const ods = String(request.headers['nhsd-end-user-organisation-ods']);
      if (options.allowed !== undefined && options.allowed[ods] === undefined) return refused([403, 'ACCESS_DENIED', 'forbidden', '']);
      if (isSearch) return search(ods, isLinked ? cursor : bytes);
      if (isCreate) return create(ods, bytes);
      if (isDelete) return remove(ods, id);
      return refused([404, 'RESOURCE_NOT_FOUND', 'not-found', '']);
    };
    const { how, delayMs = 0 } = moodFor(isSearch ? 'search' : 'write');
    switch (how) {
      case 'normal':
        return say(act());
      case 'stall':
        return;
      case 'refuse':
        return say(refused([422, 'UNPROCESSABLE_ENTITY', 'invalid', '']));
      case 'forbid':
        return say(refused([403, 'ACCESS_DENIED', 'forbidden', '']));
      case 'busy':
        return say(refused([503, 'INTERNAL_SERVER_ERROR', 'exception', '']));
      case 'lie':
        return say(isCreate ? done(201, 'RESOURCE_CREATED') : done(200, 'RESOURCE_DELETED'));
      case 'lose-answer':
        act();
        response.destroy();
        return;
      case 'answer-late': {
        const said = act();
        await sleep(delayMs);
        return say(said);
      }
      case 'arrive-late':
        response.destroy();
        await sleep(delayMs);
        act();
        return;
      case 'gone':
        act();
        return say(refused([404, 'NO_RECORD_FOUND', 'not-found', 'id']));
      case 'of-another':
        return say({
          status: 200,
          text: JSON.stringify({ resourceType: 'Bundle', type: 'searchset', total: 0 }),
          headers: { 'x-request-id': randomUUID() },
        });
      case 'garbage':
        act();
        note.status = 500;
        response.writeHead(500, { 'content-type': 'text/html' }).end('<html>done, or so</html>');
        return;
      default:
        how satisfies never;
    }
  };

  const listener = await fakeListener(
    () =>
      createServer((request, response) => {
        answer(request, response).catch(() => {
          if (!response.headersSent) response.writeHead(400, JSON_TYPE).end(outcome('error', 'MESSAGE_NOT_WELL_FORMED', 'invalid', ''));
        });
      }),
    options.port,
  );
  return {
    address: `http://127.0.0.1:${listener.port()}${BASE}`,
    stands: () => [...store].map(([id, pointer]) => ({ ...pointer, id })),
    received: () => [...received],
    behave: (mood) => {
      moods[mood.on] = { mood, left: mood.times ?? Number.POSITIVE_INFINITY, spared: mood.after ?? 0 };
    },
    put: (pointer) => {
      const id = `${pointer.custodian?.identifier?.value ?? ''}-${randomUUID()}`;
      store.set(id, pointer);
      return id;
    },
    drop: (id) => void store.delete(id),
    meanwhile: (next) => {
      meanwhile = next;
    },
    pagesOf: (size, by) => {
      paged = { size, by };
    },
    searchesAs: (answer) => {
      instead = answer;
    },
    stop: listener.stop,
    start: listener.start,
  };
};
