import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { unescapeHl7 } from '../../mappings/mdm/escape.ts';
import { fieldOf, readHl7 } from '../../mappings/mdm/read-hl7.ts';
import type { Hl7Segments } from '../../mappings/mdm/read-hl7.ts';
import { MllpFrames, toFrame } from '../../src/channel/mllp-frames.ts';
import { fakeListener } from './fake-listener.ts';
import type { FakeOptions, FakeRecipient, Received } from './fake-recipient.ts';
import { FakeStore } from './fake-store.ts';

/** How the ED is made. */
export interface FakeMllpOptions extends FakeOptions {
  /** PEM; with it the address is `mllps:`. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** T11 for a document that it does not have: `AA` (the default), or `204` for AE with that error. */
  readonly unknownDocument?: 'AA' | '204';
}

/** What the ED can be told beside what every fake can. */
export interface FakeMllpRecipient extends FakeRecipient {
  /** Sends a frame that answers nothing on every open connection. */
  speakUnasked(text: string): void;
  connections(): number;
}

/** An ED: HL7 v2 over MLLP. It takes MDM^T02, T10 (also a withdrawn notice) and T11, and knows a message again by MSH-10. */
export const startFakeMllpRecipient = async (options: FakeMllpOptions = {}): Promise<FakeMllpRecipient> => {
  const store = new FakeStore(options);
  const open = new Set<Socket>();
  const serve = (socket: Socket): void => {
    const frames = new MllpFrames();
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    // One message after another, as they came.
    let turn = Promise.resolve();
    socket.on('data', (chunk: Buffer) => {
      const { messages, broken } = frames.push(chunk);
      for (const message of messages) turn = turn.then(() => answer(store, socket, message, options));
      if (broken !== null) socket.destroy();
    });
  };
  const { tls } = options;
  const listener = await fakeListener(() => (tls === undefined ? createServer(serve) : createTlsServer(tls, serve)), options.port);
  return {
    address: `${tls === undefined ? 'mllp' : 'mllps'}://127.0.0.1:${listener.port()}`,
    holds: store.holds,
    received: store.received,
    duplicates: store.duplicates,
    behave: store.behave,
    stop: listener.stop,
    start: listener.start,
    speakUnasked: (text) => {
      for (const socket of open) socket.write(toFrame(text));
    },
    connections: () => open.size,
  };
};

const answer = async (store: FakeStore, socket: Socket, text: string, options: FakeMllpOptions): Promise<void> => {
  const segments = readHl7(text);
  if (segments === null) {
    socket.destroy();
    return;
  }
  const message = toReceived(segments, text);
  const { how, delayMs } = store.note(message);
  const keep = (): string => apply(store, segments, message, options);
  const say = (code: string, id = message.id): void => {
    socket.write(toFrame(ack(code, id)));
  };
  switch (how) {
    case 'normal':
      return say(keep());
    case 'stall':
      return;
    case 'refuse':
    case 'fatal-error':
      return say('AE');
    case 'busy':
    case 'transient-error':
      return say('AR');
    case 'pending':
      keep();
      return say('CA');
    case 'lose-answer':
      keep();
      socket.destroy();
      return;
    case 'answer-late': {
      const code = keep();
      await sleep(delayMs);
      return say(code);
    }
    case 'arrive-late':
      socket.destroy();
      await sleep(delayMs);
      keep();
      return;
    case 'answer-another':
      keep();
      return say('AA', 'SOMEBODY-ELSES-ID');
    case 'garbage':
      keep();
      socket.write(`MSH|^~\\&|FAKE\rMSA|AA|${message.id}\r`);
      return;
    case 'half-answer':
      keep();
      socket.write(toFrame(ack('AA', message.id)).subarray(0, 40));
      await sleep(20);
      socket.destroy();
      return;
    case 'duplicate':
    case 'double-answer': {
      const frame = toFrame(ack(keep(), message.id));
      socket.write(Buffer.concat([frame, frame]));
      return;
    }
    default:
      how satisfies never;
  }
};

const apply = (
  store: FakeStore,
  segments: Hl7Segments,
  message: Omit<Received, 'at'>,
  { unknownDocument = 'AA' }: FakeMllpOptions,
): string => {
  const { person, plan, document, sequence } = message;
  const event = eventOf(segments);
  const parent = fieldOf(segments, 'TXA', 13).split('^')[0];
  const had = store.has(person, document);
  const isNotice = event === 'T10' && fieldOf(segments, 'OBX', 3).startsWith('withdrawn^');
  const answer = store.apply(message, {
    put: event === 'T11' || isNotice ? null : { person, plan, document, sequence, text: readable(segments) },
    remove: (held) =>
      held.person === person &&
      (event === 'T11' ? held.document === document : event === 'T10' && held.document === parent && (isNotice || store.hidesOld)),
  });
  if (answer === 'lower') return 'AE';
  return event === 'T11' && !had && unknownDocument === '204' ? 'AE^204' : 'AA';
};

const eventOf = (segments: Hl7Segments): string => fieldOf(segments, 'MSH', 9).split('^')[1] ?? '';

const toReceived = (segments: Hl7Segments, bytes: string): Omit<Received, 'at'> => {
  const ids = fieldOf(segments, 'PID', 3)
    .split('~')
    .map((each) => each.split('^'));
  const idOf = (type: string): string => unescapeHl7(ids.find((parts) => parts[4] === type)?.[0] ?? '-');
  const isNotice = fieldOf(segments, 'OBX', 3).startsWith('withdrawn^');
  return {
    id: fieldOf(segments, 'MSH', 10),
    kind: eventOf(segments) === 'T11' || isNotice ? 'recall' : 'update',
    person: idOf('NH'),
    plan: idOf('PI'),
    sequence: fieldOf(segments, 'TXA', 16),
    document: unescapeHl7(fieldOf(segments, 'TXA', 12).split('^')[0] ?? ''),
    bytes,
    headers: {},
  };
};

/** The text of the OBX segments, unescaped, one heading a paragraph. */
const readable = (segments: Hl7Segments): string =>
  segments
    .filter(([name, , type]) => name === 'OBX' && type === 'FT')
    .map((fields) => `${unescapeHl7(fields[3]?.split('^')[1] ?? '')}: ${unescapeHl7(fields[5] ?? '')}`)
    .join('\n');

const ack = (answer: string, id: string): string => {
  const [code = '', error] = answer.split('^');
  return `MSH|^~\\&|FAKE|FAKE|CRISIS-PLAN-BROKER|BROKER|20260101000000||ACK|A${id}|P|2.5\rMSA|${code}|${id}\r${error === undefined ? '' : `ERR|||${error}|E\r`}`;
};
