import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { TLSSocket } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { fakeListener } from './fake-listener.ts';
import type { FakeOptions, FakeRecipient, Received } from './fake-recipient.ts';
import { FakeStore } from './fake-store.ts';

interface Identifier {
  readonly system: string;
  readonly value: string;
}
/** A message of the broker's as a recipient reads it. */
export interface Read {
  readonly message: Omit<Received, 'at'>;
  readonly documents: readonly string[];
  readonly headerId: string;
}

/** How the EPR is made. */
export interface FakeFhirOptions extends FakeOptions {
  /** With it the address is `https:`. What it asks callers to show stands in `received().headers['client-certificate']`, by its fingerprint. */
  readonly tls?: ServerOptions;
  /** Whether an `Authorization` header is good; 401 otherwise, and nothing is read. */
  readonly authorizes?: (authorization: string | undefined) => boolean;
}

/**
 * An EPR: a FHIR server that takes `POST /fhir/$process-message` with a document or a recall, and keeps one document for each (person, plan).
 * It knows a message again by MessageHeader.id and Bundle.id, and answers it as the first time.
 */
export const startFakeFhirRecipient = async (options: FakeFhirOptions = {}): Promise<FakeRecipient> => {
  const store = new FakeStore(options);
  const { tls, authorizes = () => true } = options;
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    if (!authorizes(request.headers.authorization)) {
      request.resume();
      response.writeHead(401, JSON_TYPE).end(outcome('login', 'no token that is good here'));
      return;
    }
    if (request.socket instanceof TLSSocket)
      request.headers['client-certificate'] = request.socket.getPeerCertificate().fingerprint256 ?? '';
    answer(store, request, response, options).catch((error: unknown) => {
      // What the fake cannot read is the sender's fault: said loudly, and nothing is stored.
      if (!response.headersSent)
        response.writeHead(400, JSON_TYPE).end(outcome('structure', error instanceof Error ? error.message : 'unreadable'));
    });
  };
  const listener = await fakeListener(() => (tls === undefined ? createServer(serve) : createTlsServer(tls, serve)), options.port);
  return {
    address: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${listener.port()}/fhir`,
    holds: store.holds,
    received: store.received,
    duplicates: store.duplicates,
    behave: store.behave,
    stop: listener.stop,
    start: listener.start,
  };
};

const JSON_TYPE = { 'content-type': 'application/fhir+json' };

const answer = async (store: FakeStore, request: IncomingMessage, response: ServerResponse, options: FakeOptions): Promise<void> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const [path, query = ''] = (request.url ?? '').split('?');
  if (request.method !== 'POST' || path !== '/fhir/$process-message') {
    response.writeHead(404, JSON_TYPE).end(outcome('not-found', 'only $process-message'));
    return;
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (options.believesAnything === true && !isReadable(text)) {
    response.writeHead(200, JSON_TYPE).end(messageAnswer('ok', JSON.parse(text).entry[0].resource.id));
    return;
  }
  const read = readMessage(text, request.headers);
  const { how, delayMs } = store.note({ ...read.message, query });
  const keep = (): 'stored' | 'lower' => apply(store, read);
  const reply = (code: string, identifier = read.headerId): void => {
    response.writeHead(200, JSON_TYPE).end(messageAnswer(code, identifier));
  };
  const say = (): void => {
    if (store.refuses(read.message)) response.writeHead(422, JSON_TYPE).end(outcome('business-rule', 'refused'));
    else if (keep() === 'lower') response.writeHead(409, JSON_TYPE).end(outcome('conflict', 'lower sequence'));
    else reply('ok');
  };
  switch (how) {
    case 'normal':
    case 'double-answer':
      return say();
    case 'stall':
      return;
    case 'refuse':
      response.writeHead(422, JSON_TYPE).end(outcome('invalid', 'refused'));
      return;
    case 'busy':
      response.writeHead(503, JSON_TYPE).end(outcome('transient', 'busy'));
      return;
    case 'fatal-error':
    case 'transient-error':
      return reply(how);
    case 'pending':
      keep();
      await options.beforeItAnswers?.(read.message.bytes);
      response.writeHead(202, JSON_TYPE).end();
      return;
    case 'duplicate':
      keep();
      response.writeHead(409, JSON_TYPE).end(outcome('duplicate', 'processed before'));
      return;
    case 'lose-answer':
      keep();
      response.destroy();
      return;
    case 'answer-late':
      keep();
      await sleep(delayMs);
      return say();
    case 'arrive-late':
      response.destroy();
      await sleep(delayMs);
      keep();
      return;
    case 'answer-another':
      keep();
      return reply('ok', '00000000-0000-4000-8000-000000000000');
    case 'garbage':
      keep();
      response.writeHead(200, JSON_TYPE).end('<html>accepted</html>');
      return;
    case 'half-answer':
      keep();
      response.writeHead(200, { ...JSON_TYPE, 'content-length': '5000' }).write(messageAnswer('ok', read.headerId).slice(0, 60));
      await sleep(10);
      response.destroy();
      return;
    default:
      how satisfies never;
  }
};

const isReadable = (text: string): boolean => {
  try {
    readMessage(text, {});
    return true;
  } catch {
    return false;
  }
};

/** Does with a message that was read what its kind says, in a recipient's own store. */
export const apply = (store: FakeStore, { message, documents }: Read): 'stored' | 'lower' => {
  const { person, plan, document, sequence, bytes } = message;
  if (message.kind === 'update') {
    return store.apply(message, {
      put: { person, plan, document, sequence, text: bytes },
      remove: (held) => store.hidesOld && held.person === person && held.plan === plan,
    });
  }
  // A recall names the plan as this recipient knows it, the person as sent, and the documents.
  return store.apply(message, {
    put: null,
    remove: (held) => held.person === person && (documents.includes(held.document) || (store.hidesOld && held.plan === plan)),
  });
};

// A parse that trusts nothing to be there would hide what the broker left out: whatever is missing throws, and is answered with 400.
/** Reads a message of the broker's. Throws where it is none. */
export const readMessage = (bytes: string, headers: IncomingMessage['headers']): Read => {
  const bundle = JSON.parse(bytes);
  const [{ resource: header }, { resource: focus, fullUrl }] = bundle.entry;
  if (bundle.type !== 'message' || header.resourceType !== 'MessageHeader') throw new Error('no message');
  if (header.focus[0].reference !== fullUrl) throw new Error('the focus is not in the message');
  // BaRS takes back by an update whose focus is revoked.
  const kind = focus.resourceType === 'CarePlan' ? 'recall' : 'update';
  if (kind === 'update' && header.reason.coding[0].code === 'delete') throw new Error('a document is no way to take back');
  const plan =
    kind === 'recall' ? focus : focus.entry.map((entry: { resource: { resourceType: string } }) => entry.resource).find(isCarePlan);
  if ((kind === 'recall') !== (plan.status === 'revoked')) throw new Error('reason and status differ');
  const sequence = plan.extension.find(({ url }: { url: string }) => url.endsWith('/sequence')).valueString;
  const documents = (plan.supportingInfo ?? []).flatMap(({ identifier }: { identifier?: Identifier }) => identifier?.value ?? []);
  return {
    headerId: header.id,
    documents,
    message: {
      id: `${header.id} ${bundle.id}`,
      kind,
      person: plan.subject.identifier?.value ?? '-',
      plan: plan.identifier[0].value,
      sequence,
      document: kind === 'recall' ? (documents[0] ?? '') : focus.identifier.value,
      bytes,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    },
  };
};

const isCarePlan = ({ resourceType }: { readonly resourceType: string }): boolean => resourceType === 'CarePlan';

const messageAnswer = (code: string, identifier: string): string =>
  JSON.stringify({
    resourceType: 'Bundle',
    type: 'message',
    entry: [{ resource: { resourceType: 'MessageHeader', source: { endpoint: 'urn:fake' }, response: { identifier, code } } }],
  });

const outcome = (code: string, text: string): string =>
  JSON.stringify({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, details: { text } }] });
