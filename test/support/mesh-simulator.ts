import { createHmac, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createPlainServer } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import { AUTHORITY_PEM, type Holder, pemOf } from './certificates.ts';
import { fakeListener } from './fake-listener.ts';

/** A message as MESH has it. */
export interface MeshMessage {
  readonly id: string;
  readonly type: 'DATA' | 'REPORT';
  readonly from: string;
  readonly to: string;
  readonly workflow: string;
  /** Its `Mex-` headers as they came, or as the report has them; lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: (Buffer | null)[];
  readonly at: number;
  status: 'uploading' | 'accepted' | 'acknowledged' | 'expired';
}

/** How MESH treats what is asked next of one kind: `send`, or `read` for all else. */
export type MeshHow =
  | 'normal'
  | 'stall' // takes it, and says nothing
  | 'lose-answer' // takes it, and breaks the connection
  | 'busy' // 503: takes nothing
  | 'garbage' // takes it, and answers with what is none
  | 'refuse-06'
  | 'refuse-20'
  | 'parrot' // refuses it, and says it back word for word
  | 'late'; // takes it, and answers after `delayMs`

export interface MeshSimulator {
  readonly url: string;
  behave(on: 'send' | 'read', how: MeshHow, times?: number, delayMs?: number): void;
  /** Everything that ever was put into a mailbox, oldest first. */
  sent(to: string): readonly MeshMessage[];
  /** What lies in a mailbox now. */
  lies(mailbox: string): readonly MeshMessage[];
  /** The holder of a mailbox takes everything out, and acknowledges it. */
  take(mailbox: string): readonly { readonly message: MeshMessage; readonly text: string }[];
  /** Somebody puts a message into a mailbox; in so many parts, with `Mex-` headers of its own. */
  put(from: string, to: string, workflow: string, text: string, parts?: number, headers?: Readonly<Record<string, string>>): string;
  /** So many messages that are listed, and not given out; they stay listed, or go once they were asked for. */
  putGone(to: string, count: number, stays: boolean): void;
  /** Whether a list says from where the next is asked for, where there is more. */
  page(isPaged: boolean): void;
  /** MESH reports on a message, in these words. */
  report(of: MeshMessage, code: string, words?: string): void;
  /** So much time passes for what lies in mailboxes: after five days it goes back to its sender as a report. */
  turnClock(ms: number): void;
  /** MESH's own clock is so much ahead of ours. */
  skew(ms: number): void;
  /** Method, path, status and headers of what was asked, in order. */
  asked(): readonly {
    readonly method: string;
    readonly path: string;
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
  }[];
  stop(): Promise<void>;
  start(): Promise<void>;
}

export interface MeshOptions {
  /** Passwords of the mailboxes that there are. */
  readonly mailboxes: Readonly<Record<string, string>>;
  readonly sharedKey: string;
  /** Workflows that each mailbox takes; all where it is left out. */
  readonly workflows?: Readonly<Record<string, readonly string[]>>;
  readonly holder?: Holder;
  /** Behind a proxy that ends TLS: it asks nobody for a certificate. */
  readonly plain?: true;
}

const FIVE_DAYS = 5 * 86_400_000;
const TWO_HOURS = 2 * 3_600_000;
const MOST_LISTED = 500;
const MOST_BYTES = 100_000_000;
const V2 = 'application/vnd.mesh.v2+json';
const headersOf = (request: IncomingMessage): Record<string, string> =>
  Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));

/**
 * MESH as nhs.md section 5 has it, on 127.0.0.1: HTTPS that takes nobody without a certificate of the invented authority, the NHSMESH header with its HMAC,
 * nonces that are used once, a clock within two hours; messages in parts; an acknowledgement removes, and five days without one give a report.
 */
export const startMeshSimulator = async ({
  mailboxes,
  sharedKey,
  workflows = {},
  holder = 'server',
  plain,
}: MeshOptions): Promise<MeshSimulator> => {
  const tls: ServerOptions = { ...pemOf(holder), ca: AUTHORITY_PEM, requestCert: true, rejectUnauthorized: true };
  const messages: MeshMessage[] = [];
  const nonces = new Set<string>();
  /** Messages that are not given out, and whether they stay listed. */
  const withheld = new Map<string, boolean>();
  let isPaged = true;
  const asked: { method: string; path: string; status: number; headers: Record<string, string> }[] = [];
  const moods = { send: { how: 'normal' as MeshHow, times: 0, delayMs: 0 }, read: { how: 'normal' as MeshHow, times: 0, delayMs: 0 } };
  let ahead = 0;
  let passed = 0;
  const newId = (): string => randomUUID().replaceAll('-', '').toUpperCase();

  const moodFor = (on: 'send' | 'read'): { how: MeshHow; delayMs: number } => {
    const mood = moods[on];
    if (mood.times <= 0) return { how: 'normal', delayMs: 0 };
    mood.times -= 1;
    return mood;
  };

  const isProved = (mailbox: string, authorization: string | undefined): boolean => {
    const [, from = '', nonce = '', count = '', timestamp = '', proof = ''] =
      /^NHSMESH ([^:\s]+):([^:]+):(\d+):(\d{12}):([0-9a-f]{64})$/.exec(authorization ?? '') ?? [];
    const password = mailboxes[from];
    if (from !== mailbox || password === undefined || nonces.has(`${nonce}:${count}`)) return false;
    const said = Date.parse(timestamp.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:00Z'));
    if (!(Math.abs(Date.now() + ahead - said) <= TWO_HOURS)) return false;
    const right = createHmac('sha256', sharedKey).update([from, nonce, count, password, timestamp].join(':')).digest('hex');
    nonces.add(`${nonce}:${count}`);
    return proof === right;
  };

  const report = (of: MeshMessage, code: string, words = 'Undelivered message'): void => {
    messages.push({
      id: newId(),
      type: 'REPORT',
      from: '',
      to: of.from,
      workflow: of.workflow,
      headers: {
        'mex-linkedmsgid': of.id,
        'mex-localid': of.headers['mex-localid'] ?? '',
        'mex-statuscode': code,
        'mex-statusevent': 'SEND',
        'mex-statusdescription': words,
        'mex-statussuccess': 'ERROR',
      },
      parts: [Buffer.alloc(0)],
      at: Date.now() + passed,
      status: 'accepted',
    });
  };

  const json = (status: number, body: unknown): Said => ({
    status,
    headers: { 'content-type': V2 },
    body: Buffer.from(JSON.stringify(body)),
  });
  const error = (status: number, code: string, msg: string, id?: string): Said =>
    json(status, { ...(id === undefined ? {} : { message_id: id }), internal_id: newId(), detail: [{ event: 'SEND', code, msg }] });
  /** What it does not take; null of what it does. */
  const refusedFor = (how: MeshHow, body: Buffer): Said | null => {
    if (how === 'busy') return error(503, '', 'busy');
    if (how === 'parrot') return error(417, '20', body.toString('utf8'));
    return how === 'refuse-06' || how === 'refuse-20' ? error(417, how.slice(-2), 'refused') : null;
  };
  const textOf = (message: MeshMessage): string => Buffer.concat(message.parts.map((part) => part ?? Buffer.alloc(0))).toString('utf8');
  const lies = (mailbox: string): readonly MeshMessage[] => messages.filter(({ to, status }) => to === mailbox && status === 'accepted');

  const send = (mailbox: string, headers: Record<string, string>, body: Buffer): Said => {
    const { 'mex-to': to = '', 'mex-workflowid': workflow = '' } = headers;
    const [, part = '1', of = '1'] = /^(\d+):(\d+)$/.exec(headers['mex-chunk-range'] ?? '1:1') ?? [];
    if (to === '' || workflow === '' || part !== '1' || body.length === 0) return error(417, '06', 'MalformedControlFile');
    if (body.length > MOST_BYTES) return error(413, '', 'too large');
    if (mailboxes[to] === undefined) return error(417, '12', 'Unregistered to address');
    if (workflows[to] !== undefined && !workflows[to].includes(workflow)) return error(417, '17', 'InvalidWorkflow');
    const parts: (Buffer | null)[] = Array.from({ length: Number(of) }, () => null);
    parts[0] = body;
    const message: MeshMessage = {
      id: newId(),
      type: 'DATA',
      from: mailbox,
      to,
      workflow,
      headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('mex-'))),
      parts,
      at: Date.now() + passed,
      status: parts.length === 1 ? 'accepted' : 'uploading',
    };
    messages.push(message);
    return json(202, { message_id: message.id });
  };

  const sendPart = (mailbox: string, id: string, number: number, headers: Record<string, string>, body: Buffer): Said => {
    const message = messages.find((each) => each.id === id && each.from === mailbox);
    if (message === undefined) return error(404, '20', 'Message does not exist');
    if (message.status !== 'uploading') return error(423, '', 'locked', id);
    if (headers['mex-chunk-range'] !== `${number}:${message.parts.length}`) return error(417, '06', 'InvalidHeaderChunks', id);
    message.parts[number - 1] = body;
    if (message.parts.every((part) => part !== null)) message.status = 'accepted';
    // As NHS England's own sandbox answers a further part in version 2: its id was said before.
    return json(202, null);
  };

  const list = (mailbox: string, from: string | null): Said => {
    const after = from === null ? -1 : messages.findIndex(({ id }) => id === from);
    const all = lies(mailbox).filter((each) => messages.indexOf(each) > after);
    const listed = all.slice(0, MOST_LISTED).map(({ id }) => id);
    const next = `/messageexchange/${mailbox}/inbox?max_results=${MOST_LISTED}&continue_from=${listed.at(-1)}`;
    return json(200, {
      messages: listed,
      approx_inbox_count: all.length,
      links: { self: `/messageexchange/${mailbox}/inbox`, ...(isPaged && all.length > listed.length ? { next } : {}) },
    });
  };

  const download = (mailbox: string, id: string, number: number): Said => {
    const message = messages.find((each) => each.id === id && each.to === mailbox);
    if (message === undefined) return error(404, '20', 'Message does not exist');
    if (message.status !== 'accepted') return error(410, '', 'gone', id);
    if (withheld.has(id)) {
      if (withheld.get(id) === false) message.status = 'expired';
      return error(410, '', 'gone', id);
    }
    const part = message.parts[number - 1];
    if (part === undefined || part === null) return error(404, '20', 'Message does not exist');
    const headers = {
      ...message.headers,
      'mex-messageid': id,
      'mex-messagetype': message.type,
      'mex-to': message.to,
      'mex-workflowid': message.workflow,
      ...(message.from === '' ? {} : { 'mex-from': message.from }),
      ...(message.type === 'DATA' ? { 'mex-statuscode': '00', 'mex-statussuccess': 'SUCCESS' } : {}),
      'mex-chunk-range': `${number}:${message.parts.length}`,
    };
    return { status: number < message.parts.length ? 206 : 200, headers, body: part };
  };

  const serve = (method: string, path: string, query: string, headers: Record<string, string>, body: Buffer): Said => {
    const [, mailbox = '', rest = ''] = /^\/messageexchange\/([^/]+)(.*)$/.exec(path) ?? [];
    if (!isProved(mailbox, headers['authorization'])) return error(403, '', 'not authorised');
    if (!(headers['accept'] ?? '').includes(V2)) return json(406, {});
    const [, what = '', id = '', more = '', last = ''] = rest.split('/');
    switch (`${method} ${what}`) {
      case 'POST ':
        return json(200, { mailboxId: mailbox });
      case 'POST outbox':
        return id === '' ? send(mailbox, headers, body) : sendPart(mailbox, id, Number(more), headers, body);
      case 'GET inbox':
        return id === ''
          ? list(mailbox, new URLSearchParams(query).get('continue_from'))
          : download(mailbox, id, more === '' ? 1 : Number(more));
      case 'PUT inbox': {
        const message = messages.find((each) => each.id === id && each.to === mailbox);
        if (message === undefined || more !== 'status' || last !== 'acknowledged') return error(404, '20', 'Message does not exist');
        if (message.status === 'accepted') message.status = 'acknowledged';
        return { status: 200, headers: {}, body: Buffer.alloc(0) };
      }
      case 'GET outbox': {
        const of = new URLSearchParams(query).get('messageID');
        const message = messages.find((each) => each.id === of && each.from === mailbox);
        if (id !== 'tracking' || message === undefined) return error(404, '20', 'Message does not exist');
        return json(200, {
          message_id: message.id,
          local_id: message.headers['mex-localid'],
          status: message.status,
          status_success: true,
        });
      }
      default:
        return error(404, '', 'no such path');
    }
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [path = '', query = ''] = (request.url ?? '').split('?');
    const headers = headersOf(request);
    const isSend = request.method === 'POST' && path.includes('/outbox');
    const { how, delayMs } = moodFor(isSend ? 'send' : 'read');
    const body = Buffer.concat(chunks);
    const said = refusedFor(how, body) ?? serve(request.method ?? '', path, query, headers, body);
    asked.push({ method: request.method ?? '', path: query === '' ? path : `${path}?${query}`, status: said.status, headers });
    if (how === 'stall') return;
    if (how === 'lose-answer') {
      response.destroy();
      return;
    }
    if (how === 'late') await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (how === 'garbage') response.writeHead(said.status, { 'content-type': 'text/html' }).end('<html>accepted</html>');
    else response.writeHead(said.status, { ...said.headers, 'content-length': said.body.length }).end(said.body);
  };

  const listen = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch((fault: unknown) => {
      response.writeHead(500).end(String(fault));
    });
  };
  const listener = await fakeListener(() => (plain ? createPlainServer(listen) : createServer(tls, listen)));
  return {
    url: `${plain ? 'http' : 'https'}://127.0.0.1:${listener.port()}`,
    behave: (on, how, times = 1, delayMs = 0) => {
      moods[on] = { how, times, delayMs };
    },
    sent: (to) => messages.filter((each) => each.to === to),
    lies,
    take: (mailbox) =>
      lies(mailbox).map((message) => {
        message.status = 'acknowledged';
        return { message, text: textOf(message) };
      }),
    put: (from, to, workflow, text, parts = 1, headers = {}) => {
      const bytes = Buffer.from(text, 'utf8');
      const size = Math.max(1, Math.ceil(bytes.length / parts));
      const id = newId();
      messages.push({
        id,
        type: 'DATA',
        from,
        to,
        workflow,
        headers,
        parts: Array.from({ length: parts }, (_, index) => bytes.subarray(index * size, (index + 1) * size)),
        at: Date.now() + passed,
        status: 'accepted',
      });
      return id;
    },
    putGone: (to, count, stays) => {
      for (let each = 0; each < count; each += 1) {
        const id = newId();
        const shape = { type: 'DATA', from: 'X26GONE', to, workflow: 'GONE', headers: {} } as const;
        messages.push({ ...shape, parts: [null], id, at: Date.now() + passed, status: 'accepted' });
        withheld.set(id, stays);
      }
    },
    page: (paged) => {
      isPaged = paged;
    },
    report,
    turnClock: (ms) => {
      passed += ms;
      for (const message of [...messages])
        if (message.type === 'DATA' && message.status === 'accepted' && Date.now() + passed - message.at >= FIVE_DAYS) {
          message.status = 'expired';
          report(message, '14');
        }
    },
    skew: (ms) => {
      ahead = ms;
    },
    asked: () => asked,
    stop: listener.stop,
    start: listener.start,
  };
};

interface Said {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}
