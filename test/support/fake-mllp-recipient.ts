import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions, TLSSocket } from 'node:tls';
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
  readonly tls?: TlsOptions;
  /** T11 for a document that it does not have: `AA` (the default), or `204` for AE with that error. */
  readonly unknownDocument?: 'AA' | '204';
  /** T10 whose parent it does not have: filed all the same (`AA`, the default), or AE with error 204. */
  readonly unknownParent?: 'AA' | '204';
}

/** How the ED words its answers, whatever it does with a message. In enhanced mode (MSH-15 `AL`) CA comes before the application's answer. */
export type Manner =
  | 'plain'
  | 'commit-only' // enhanced: CA, and no more
  | 'commit-then-late' // enhanced: CA; the application's answer follows after `LATE_MS` on the same connection
  | 'commit-then-elsewhere' // enhanced: CA; the application's answer waits in `elsewhere()`
  | 'commit-then-drop' // enhanced: CA, and the connection is broken
  | 'one-chunk' // enhanced: CA and the application's answer in one write
  | 'no-commit' // enhanced: the application's answer alone
  | 'asks-for-commit' // the application's answer wants to be acknowledged itself
  | 'cr-lf' // segments end with CR-LF, and line ends stand between frames
  | 'noise' // bytes that are no frame after each frame
  | 'by-halves'; // each frame in two writes

/** Milliseconds by which an application's answer is late. */
export const LATE_MS = 1_200;

/** What the ED can be told beside what every fake can. */
export interface FakeMllpRecipient extends FakeRecipient {
  /** Words its answers so from now on. */
  speak(manner: Manner): void;
  /** Application acknowledgements that it kept for another connection, oldest first. */
  elsewhere(): readonly string[];
  /** Does what a message asks, as if it came anew: an operator has one that was refused processed again. */
  fileAgain(bytes: string): void;
  /** MSA-2 of what its own answers were acknowledged with. */
  commits(): readonly string[];
  /** Sends a frame that answers nothing on every open connection. */
  speakUnasked(text: string): void;
  connections(): number;
  /** Fingerprints of the certificates that were shown, one a connection that was made. */
  shown(): readonly string[];
}

/** The longest message that it takes, in bytes. */
const MOST = 20_000_000;

/** What one ED keeps of how it speaks. */
interface Voice {
  manner: Manner;
  readonly elsewhere: string[];
  readonly commits: string[];
}

/**
 * An ED: HL7 v2 over MLLP. It takes MDM^T02, T10 (also a withdrawn notice), T08 and T11, and ADT^A31 as a flag, and knows a message again by MSH-10.
 */
export const startFakeMllpRecipient = async (options: FakeMllpOptions = {}): Promise<FakeMllpRecipient> => {
  const store = new FakeStore(options);
  const open = new Set<Socket>();
  const voice: Voice = { manner: 'plain', elsewhere: [], commits: [] };
  const shown: string[] = [];
  const serve = (socket: Socket): void => {
    const frames = new MllpFrames({ maxFrame: MOST });
    open.add(socket);
    if (socket instanceof TLSSocket) shown.push(socket.getPeerCertificate().fingerprint256 ?? '');
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    // One message after another, as they came.
    let turn = Promise.resolve();
    socket.on('data', (chunk: Buffer) => {
      const { messages, broken } = frames.push(chunk);
      for (const message of messages) turn = turn.then(() => answer(store, voice, socket, message, options));
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
    shown: () => shown,
    connections: () => open.size,
    speak: (manner) => {
      voice.manner = manner;
    },
    elsewhere: () => [...voice.elsewhere],
    fileAgain: (bytes) => {
      const segments = readHl7(bytes) ?? [];
      apply(store, segments, toReceived(segments, bytes), options);
    },
    commits: () => [...voice.commits],
  };
};

const answer = async (store: FakeStore, voice: Voice, socket: Socket, text: string, options: FakeMllpOptions): Promise<void> => {
  const segments = readHl7(text);
  if (segments === null) {
    socket.destroy();
    return;
  }
  if (fieldOf(segments, 'MSH', 9).startsWith('ACK')) {
    voice.commits.push(fieldOf(segments, 'MSA', 2));
    return;
  }
  if (fieldOf(segments, 'MSH', 9).startsWith('MDM') && !segments.some(([name]) => name === 'TXA')) {
    // A document message without its document: 101, required field missing.
    socket.write(toFrame(ack(options.believesAnything === true ? 'AA' : 'AE^101', fieldOf(segments, 'MSH', 10), segments)));
    return;
  }
  const message = toReceived(segments, text);
  const { how, delayMs } = store.note(message);
  const keep = (): string => (store.refuses(message) ? 'AE' : apply(store, segments, message, options));
  const say = (code: string, id = message.id): void => {
    word(
      voice,
      socket,
      { code, commit: ack('CA', id, segments), text: ack(code, id, segments, voice.manner === 'asks-for-commit') },
      segments,
    );
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
      socket.write(toFrame(ack('AA', message.id, segments)).subarray(0, 40));
      await sleep(20);
      socket.destroy();
      return;
    case 'duplicate':
    case 'double-answer': {
      const frame = toFrame(ack(keep(), message.id, segments));
      socket.write(Buffer.concat([frame, frame]));
      return;
    }
    default:
      how satisfies never;
  }
};

/** Writes one answer in the ED's manner. */
const word = (
  { manner, elsewhere }: Voice,
  socket: Socket,
  { code, commit, text }: { readonly code: string; readonly commit: string; readonly text: string },
  segments: Hl7Segments,
): void => {
  const isEnhanced = fieldOf(segments, 'MSH', 15) === 'AL';
  const commits = isEnhanced && manner !== 'no-commit' && code !== 'CA' ? [commit] : [];
  const write = (...frames: readonly string[]): void => {
    for (const frame of frames) {
      const bytes = toFrame(manner === 'cr-lf' ? frame.replaceAll('\r', '\r\n') : frame);
      if (manner === 'by-halves') {
        socket.write(bytes.subarray(0, 25));
        setTimeout(() => socket.write(bytes.subarray(25)), 15);
      } else {
        const after = { 'cr-lf': '\r\n\n', noise: 'line noise' }[manner as string] ?? '';
        socket.write(Buffer.concat([bytes, Buffer.from(after)]));
      }
    }
  };
  if (!isEnhanced || code === 'CA') {
    write(text);
    return;
  }
  switch (manner) {
    case 'commit-only':
      write(commit);
      return;
    case 'commit-then-late':
      write(commit);
      setTimeout(() => write(text), LATE_MS);
      return;
    case 'commit-then-elsewhere':
      elsewhere.push(text);
      write(commit);
      return;
    case 'commit-then-drop':
      socket.end(toFrame(commit));
      return;
    case 'one-chunk':
      socket.write(Buffer.concat([toFrame(commit), toFrame(text)]));
      return;
    case 'by-halves':
      write(commit);
      setTimeout(() => write(text), 30);
      return;
    case 'plain':
    case 'no-commit':
    case 'asks-for-commit':
    case 'cr-lf':
    case 'noise':
      write(...commits, text);
      return;
    default:
      manner satisfies never;
  }
};

const apply = (
  store: FakeStore,
  segments: Hl7Segments,
  message: Omit<Received, 'at'>,
  { unknownDocument = 'AA', unknownParent = 'AA' }: FakeMllpOptions,
): string => {
  const { person, plan, document, sequence } = message;
  const event = eventOf(segments);
  const parent = fieldOf(segments, 'TXA', 13).split('^')[0];
  const had = store.has(person, document);
  const isNotice = event === 'T10' && isWithdrawal(segments);
  if (unknownParent === '204' && event === 'T10' && !isNotice && !store.has(person, unescapeHl7(parent ?? ''))) return 'AE^204';
  const replaces = event === 'T10' && (isNotice || store.hidesOld);
  const answer = store.apply(message, {
    put: isWithdrawal(segments) ? null : { person, plan, document, sequence, text: readable(segments) },
    // What is withdrawn by its own id: by T11, by T08 that makes it unavailable, or a flag that is taken back.
    remove: (held) =>
      held.person === person && (isWithdrawal(segments) && !isNotice ? held.document === document : replaces && held.document === parent),
  });
  if (answer === 'lower') return 'AE';
  return event === 'T11' && !had && unknownDocument === '204' ? 'AE^204' : 'AA';
};

/** Whether a message leaves nothing of what it names. */
const isWithdrawal = (segments: Hl7Segments): boolean => {
  switch (eventOf(segments)) {
    case 'T11':
      return true;
    case 'T08':
      return fieldOf(segments, 'TXA', 19) !== 'AV';
    case 'A31':
      return fieldOf(segments, 'OBX', 5) === '""';
    default:
      return fieldOf(segments, 'OBX', 3).startsWith('withdrawn^');
  }
};

const eventOf = (segments: Hl7Segments): string => fieldOf(segments, 'MSH', 9).split('^')[1] ?? '';

const toReceived = (segments: Hl7Segments, bytes: string): Omit<Received, 'at'> => {
  const ids = fieldOf(segments, 'PID', 3)
    .split('~')
    .map((each) => each.split('^'));
  const idOf = (type: string): string => unescapeHl7(ids.find((parts) => parts[4] === type)?.[0] ?? '-');
  const isFlag = eventOf(segments) === 'A31';
  const named = segments.find((fields) => fields[0] === 'OBX' && fields[3]?.startsWith('sequence^') === true)?.[5] ?? '';
  return {
    id: fieldOf(segments, 'MSH', 10),
    kind: isWithdrawal(segments) ? 'recall' : 'update',
    person: idOf('NH'),
    plan: idOf('PI'),
    sequence: isFlag ? named : fieldOf(segments, 'TXA', 16),
    // A flag is filed by the plan that it is of.
    document: isFlag ? `flag ${fieldOf(segments, 'OBX', 4)}` : unescapeHl7(fieldOf(segments, 'TXA', 12).split('^')[0] ?? ''),
    bytes,
    headers: {},
  };
};

/** The text of the OBX segments, unescaped, one heading a paragraph. */
const readable = (segments: Hl7Segments): string =>
  segments
    .filter(([name, , type]) => name === 'OBX' && (type === 'FT' || type === 'CE'))
    .map((fields) => `${unescapeHl7(fields[3]?.split('^')[1] ?? '')}: ${unescapeHl7(fields[5] ?? '')}`)
    .join('\n');

const ack = (answer: string, id: string, segments: Hl7Segments, asksForCommit = false): string => {
  const [code = '', error] = answer.split('^');
  const to = `${fieldOf(segments, 'MSH', 3)}|${fieldOf(segments, 'MSH', 4)}`;
  const asks = asksForCommit ? '|||AL|NE' : '';
  return `MSH|^~\\&|FAKE|FAKE|${to}|20260101000000||ACK|A${id}|P|2.5${asks}\rMSA|${code}|${id}\r${error === undefined ? '' : `ERR|||${error}|E\r`}`;
};
