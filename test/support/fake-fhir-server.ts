import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fakeListener } from './fake-listener.ts';
import type { Behaviour, FakeRecipient, Held, How, Received } from './fake-recipient.ts';
import { FhirResources } from './fhir-resources.ts';
import type { Kept } from './fhir-resources.ts';

/** How it treats the writes that come next. `lie`: answers 200, and stores nothing. */
export type ServerHow = How | 'lie';

/** `after` writes are taken as they are before it begins. */
export type Mood = Omit<Behaviour, 'how'> & { readonly how: ServerHow; readonly after?: number };

export interface FhirServerOptions {
  readonly port?: number;
  /** False: searching is forbidden (403), as at a server that only takes. */
  readonly mayBeRead?: boolean;
  /** True: writes of a resource that is not there are refused (404). */
  readonly createsNothing?: boolean;
  /** True: a search answers with everything of its type, whatever was asked. */
  readonly passesCriteriaBy?: boolean;
}

/** A plain FHIR server with a store of its own. `holds` is what a reader finds there: each document, whether or not anything points to it. */
export interface FakeFhirServer extends Omit<FakeRecipient, 'behave'> {
  behave(behaviour: Mood): void;
  /** Once, when the next write comes and before it is looked at: what somebody else does at that moment. */
  meanwhile(does: () => void): void;
  /** Each URL that was asked for, with its query. */
  urls(): readonly string[];
  /** What lies there now of a type. */
  current(type: 'Bundle' | 'DocumentReference'): readonly Kept[];
  /** How often it was read. */
  reads(): number;
  /** Puts a resource there behind everyone's back; an id makes it another's change. */
  put(type: 'Bundle' | 'DocumentReference', body: object, id?: string): void;
}

const JSON_TYPE = { 'content-type': 'application/fhir+json' };

/**
 * A FHIR server: create with `If-None-Exist`, update by id and by condition, `If-Match`, versions and ETags, search by `identifier`. It knows
 * nothing of the broker.
 */
export const startFakeFhirServer = async (options: FhirServerOptions = {}): Promise<FakeFhirServer> => {
  const store = new FhirResources();
  const received: Received[] = [];
  const seen = new Set<string>();
  let doubled = 0;
  let reads = 0;
  let behaviour: Mood = { how: 'normal' };
  let spared = 0;
  let meanwhile = (): void => undefined;
  const urls: string[] = [];
  let left = Number.POSITIVE_INFINITY;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '', 'http://127.0.0.1');
    urls.push(url.href);
    const [, type, id] = /^\/fhir\/(Bundle|DocumentReference)(?:\/([A-Za-z0-9.-]{1,64}))?$/.exec(url.pathname) ?? [];
    if (type === undefined) return say(response, 404, outcome('not-found'));
    const identifier = url.searchParams.get('identifier');
    if (request.method === 'GET') {
      reads += 1;
      if (options.mayBeRead === false) return say(response, 403, outcome('forbidden'));
      return say(response, 200, searchset(id === undefined ? store.find(type, options.passesCriteriaBy === true ? null : identifier) : []));
    }
    const bytes = Buffer.concat(chunks).toString('utf8');
    const note = readWrite(bytes, request.headers);
    if (seen.has(note.id)) doubled += 1;
    seen.add(note.id);
    received.push(note);
    const does = meanwhile;
    meanwhile = () => undefined;
    does();
    const isSpared = spared > 0;
    if (isSpared) spared -= 1;
    const { how, delayMs = 0 } = !isSpared && left > 0 ? behaviour : { how: 'normal' as const };
    if (!isSpared) left -= 1;
    const keep = (): { readonly status: number; readonly kept: Kept | null } =>
      store.write({
        method: request.method === 'POST' ? 'POST' : 'PUT',
        type,
        id: id ?? null,
        identifier:
          request.method === 'POST' ? new URLSearchParams(String(request.headers['if-none-exist'] ?? '')).get('identifier') : identifier,
        ifMatch: request.headers['if-match'] ?? null,
        createsNothing: options.createsNothing === true,
        body: JSON.parse(bytes),
      });
    const reply = ({ status, kept }: ReturnType<typeof keep>): void => {
      const minimal = request.headers['prefer'] === 'return=minimal';
      if (kept === null) {
        say(response, status, outcome(status === 412 ? 'conflict' : 'not-found'));
        return;
      }
      response.writeHead(status, {
        ...JSON_TYPE,
        etag: `W/"${kept.version}"`,
        location: `/fhir/${type}/${kept.id}/_history/${kept.version}`,
      });
      response.end(minimal ? '' : JSON.stringify(kept.body));
    };
    switch (how) {
      case 'normal':
      case 'double-answer':
        return reply(keep());
      case 'stall':
        return;
      case 'refuse':
      case 'fatal-error':
        return say(response, 422, outcome('invalid'));
      case 'busy':
      case 'transient-error':
        return say(response, 503, outcome('transient'));
      case 'lie':
        response.writeHead(200, JSON_TYPE).end();
        return;
      case 'pending':
        keep();
        response.writeHead(202).end();
        return;
      case 'duplicate':
        keep();
        return say(response, 409, outcome('duplicate'));
      case 'lose-answer':
        keep();
        response.destroy();
        return;
      case 'answer-late': {
        const stored = keep();
        await sleep(delayMs);
        return reply(stored);
      }
      case 'arrive-late':
        response.destroy();
        await sleep(delayMs);
        keep();
        return;
      case 'answer-another':
        keep();
        return say(response, 200, { resourceType: type, id: 'x', identifier: [{ system: 'urn:other', value: 'other' }] });
      case 'garbage':
        keep();
        response.writeHead(500, { 'content-type': 'text/html' }).end('<html>stored, or so</html>');
        return;
      case 'half-answer':
        keep();
        response.writeHead(200, { ...JSON_TYPE, 'content-length': '5000' }).write('{"resourceType":"Bun');
        await sleep(10);
        response.destroy();
        return;
      default:
        how satisfies never;
    }
  };

  const listener = await fakeListener(
    () =>
      createServer((request, response) => {
        answer(request, response).catch(() => {
          if (!response.headersSent) say(response, 400, outcome('structure'));
        });
      }),
    options.port,
  );
  return {
    address: `http://127.0.0.1:${listener.port()}/fhir`,
    holds: () => store.all('Bundle').flatMap(toHeld),
    received: () => [...received],
    duplicates: () => doubled,
    reads: () => reads,
    behave: (next) => {
      behaviour = next;
      left = next.times ?? Number.POSITIVE_INFINITY;
      spared = next.after ?? 0;
    },
    meanwhile: (next) => {
      meanwhile = next;
    },
    urls: () => [...urls],
    current: (type) => store.all(type),
    put: (type, body, id) => store.put(type, body, id),
    stop: listener.stop,
    start: listener.start,
  };
};

const say = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, JSON_TYPE).end(JSON.stringify(body));
};

const outcome = (code: string): object => ({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', code }] });

const searchset = (found: readonly Kept[]): object => ({
  resourceType: 'Bundle',
  type: 'searchset',
  total: found.length,
  entry: found.map(({ body }) => ({ resource: body, search: { mode: 'match' } })),
});

// A parse that trusts nothing to be there would hide what the broker left out: whatever is missing throws, and is answered with 400.
const readWrite = (bytes: string, headers: IncomingMessage['headers']): Received => {
  const body = JSON.parse(bytes);
  const document = body.resourceType === 'Bundle' ? body.identifier.value : body.masterIdentifier.value;
  const isContent = body.resourceType === 'Bundle' ? body.type === 'document' : body.status === 'current';
  const speaker: Speaker = body.resourceType === 'Bundle' ? (isContent ? carePlanOf(bytes) : body.entry[0].resource) : body;
  return {
    at: Date.now(),
    id: String(headers['x-request-id']),
    kind: isContent ? 'update' : 'recall',
    person: speaker.subject?.identifier?.value ?? '-',
    plan: speaker.identifier.at(-1)?.value ?? '',
    sequence: sequenceOf(speaker),
    document,
    bytes,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
  };
};

interface Speaker {
  readonly subject?: { readonly identifier?: { readonly value: string } };
  readonly identifier: readonly { readonly value: string }[];
  readonly extension: readonly { readonly url: string; readonly valueString: string }[];
}

const carePlanOf = (text: string): Speaker =>
  JSON.parse(text).entry.find((entry: { resource: { resourceType: string } }) => entry.resource.resourceType === 'CarePlan').resource;

const sequenceOf = ({ extension }: Speaker): string => {
  const found = extension.find(({ url }) => url.endsWith('/sequence'));
  if (found === undefined) throw new Error('no sequence');
  return found.valueString;
};

const toHeld = ({ body }: Kept): readonly Held[] => {
  if (body['type'] !== 'document') return [];
  const text = JSON.stringify(body);
  const plan = carePlanOf(text);
  return [
    {
      person: plan.subject?.identifier?.value ?? '-',
      plan: plan.identifier[0]?.value ?? '',
      document: JSON.parse(text).identifier.value,
      sequence: sequenceOf(plan),
      text,
    },
  ];
};
