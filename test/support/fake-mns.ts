import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Ajv } from 'ajv';
import { fakeListener } from './fake-listener.ts';

/** How it treats what comes next. */
export type MnsHow =
  | 'normal'
  | 'stall' // says nothing, tells nobody
  | 'refuse' // 400, tells nobody
  | 'busy' // 503, tells nobody
  | 'lose-answer' // tells, then breaks the connection
  | 'answer-late' // tells, and answers after `delayMs`
  | 'of-another' // tells nobody, and gives the answer to another request
  | 'redirect' // 307 to itself, tells nobody
  | 'garbage'; // tells, and answers 200 with bytes that are no answer

export interface MnsEvent {
  readonly id: string;
  readonly nhsNumber: string;
  readonly contentType: string;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: string;
}

/** An event service on a real socket: what it was asked, and what its subscribers were told, each event once by its source and id. */
export interface FakeMns {
  /** The base of its API, as `Endpoint.address`. */
  readonly address: string;
  told(): readonly MnsEvent[];
  /** Requests, whatever became of them; `url` as it came. */
  received(): readonly { readonly url: string; readonly status: number }[];
  behave(how: MnsHow, times?: number, delayMs?: number): void;
  stop(): Promise<void>;
  start(): Promise<void>;
}

const BASE = '/multicast-notification-service';
const UUID = '^[\\da-f]{8}(-[\\da-f]{4}){3}-[\\da-f]{12}$';
const INSTANT = '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?(Z|[+]00:00)$';
const text = (pattern: string) => ({ type: 'string', pattern });
const NUMBER = text('^999\\d{7}$');
const ajv = new Ajv();

interface CloudEvent {
  readonly id: string;
  readonly subject: string;
}
/** The rules of `POST /events` (nhs.md section 5): what is required, how a type is named, that nothing else is in it, and no person in an address. */
const isCloudEvent = ajv.compile<CloudEvent>({
  type: 'object',
  required: ['dataref', 'id', 'source', 'specversion', 'subject', 'time', 'type'],
  additionalProperties: false,
  properties: {
    specversion: { const: '1.0' },
    id: text(UUID),
    source: text('.'),
    type: text('^[a-z]+(-[a-z]+)+-\\d+$'),
    time: text(INSTANT),
    subject: NUMBER,
    dataref: text('^https?://[^?]*/DocumentReference$'),
  },
});

interface FhirSignal {
  readonly id: string;
  readonly entry: readonly [
    { readonly resource: { readonly parameter: readonly { readonly name: string; readonly part?: readonly Part[] }[] } },
  ];
}
interface Part {
  readonly name: string;
  readonly valueReference?: { readonly identifier?: { readonly value: string } };
}
/** A history Bundle of one Parameters with exactly the five (nhs.md section 5). */
const isFhirSignal = ajv.compile<FhirSignal>({
  type: 'object',
  required: ['id', 'type', 'entry'],
  properties: {
    id: text(UUID),
    type: { const: 'history' },
    entry: {
      type: 'array',
      minItems: 1,
      maxItems: 1,
      items: {
        type: 'object',
        required: ['resource'],
        properties: {
          resource: {
            type: 'object',
            required: ['parameter'],
            properties: {
              resourceType: { const: 'Parameters' },
              parameter: {
                type: 'array',
                minItems: 5,
                maxItems: 5,
                items: ['subscription', 'status', 'type', 'notification-event', 'additional-context'].map((name) => ({
                  type: 'object',
                  required: ['name'],
                  properties: { name: { const: name } },
                })),
                additionalItems: false,
              },
            },
          },
        },
      },
    },
  },
});

/** The number that a body is about, and its id; null where it is none of that type. */
const read = (contentType: string, bytes: string): Pick<MnsEvent, 'id' | 'nhsNumber'> | null => {
  const body: unknown = JSON.parse(bytes);
  if (contentType === 'application/cloudevents+json' && isCloudEvent(body)) return { id: body.id, nhsNumber: body.subject };
  if (contentType !== 'application/fhir+json' || !isFhirSignal(body)) return null;
  const parts = body.entry[0].resource.parameter.flatMap(({ part = [] }) => part);
  return { id: body.id, nhsNumber: parts.find(({ name }) => name === 'subject')?.valueReference?.identifier?.value ?? '-' };
};

/** Starts one; `authorizes`: whether an Authorization header is good there. */
export const startFakeMns = async (authorizes: (header: string | undefined) => boolean = () => true): Promise<FakeMns> => {
  const told = new Map<string, MnsEvent>();
  const received: { url: string; status: number }[] = [];
  let mood: { how: MnsHow; left: number; delayMs: number } = { how: 'normal', left: 0, delayMs: 0 };

  /** Whether it was taken: then its subscribers are told, once for each id. */
  const take = ({ headers }: IncomingMessage, bytes: string): boolean => {
    const contentType = headers['content-type'] ?? '';
    const event = read(contentType, bytes);
    if (event !== null && !told.has(event.id)) told.set(event.id, { ...event, contentType, headers, bytes });
    return event !== null;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks).toString('utf8');
    const note = { url: request.url ?? '', status: 0 };
    received.push(note);
    const say = (status: number, text: string, headers = {}): void => {
      note.status = status;
      const mirrored = {
        'x-request-id': request.headers['x-request-id'] ?? '',
        'x-correlation-id': request.headers['x-correlation-id'] ?? '',
      };
      response.writeHead(status, { 'content-type': 'application/json', ...mirrored, ...headers }).end(text);
    };
    const judged = (): readonly [number, string] => {
      if (!authorizes(request.headers.authorization)) return [401, '{}'];
      if (request.method !== 'POST' || note.url !== `${BASE}/events`) return [404, '{}'];
      if (!new RegExp(UUID).test(String(request.headers['x-correlation-id']))) return [400, '{"errors":"X-Correlation-ID"}'];
      return take(request, bytes) ? [200, JSON.stringify({ id: randomUUID() })] : [400, '{"errors":"event"}'];
    };
    const { how, delayMs } = mood.left > 0 ? mood : { how: 'normal' as const, delayMs: 0 };
    mood.left -= 1;
    switch (how) {
      case 'normal':
        return say(...judged());
      case 'stall':
        return;
      case 'refuse':
        return say(400, '{}');
      case 'busy':
        return say(503, '{}');
      case 'lose-answer':
        take(request, bytes);
        response.destroy();
        return;
      case 'answer-late':
        take(request, bytes);
        await sleep(delayMs);
        return say(200, '{}');
      case 'of-another':
        return say(200, '{}', { 'x-request-id': randomUUID() });
      case 'redirect':
        return say(307, '', { location: `${BASE}/events` });
      case 'garbage':
        take(request, bytes);
        return say(200, '<html>taken, or so</html>', { 'content-type': 'text/html' });
      default:
        how satisfies never;
    }
  };

  const listener = await fakeListener(() =>
    createServer((request, response) => {
      answer(request, response).catch(() => response.destroy());
    }),
  );
  return {
    address: `http://127.0.0.1:${listener.port()}${BASE}`,
    told: () => [...told.values()],
    received: () => [...received],
    behave: (how, times = 1, delayMs = 0) => {
      mood = { how, left: times, delayMs };
    },
    stop: listener.stop,
    start: listener.start,
  };
};
