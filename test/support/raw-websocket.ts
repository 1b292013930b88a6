import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A peer that speaks whatever bytes it likes to a server: what came back, as bytes, and whether it was hung up on. */
export interface RawPeer {
  readonly socket: Socket;
  heard(): Buffer;
  /** The server has closed the connection, or cut it off. */
  isOver(): boolean;
  /** Waits so long for its end; false where it did not come. */
  ended(withinMs: number): Promise<boolean>;
}

/** Connects, and writes these bytes at once; it never hangs up by itself. */
export const rawPeer = (port: number, first: string | Buffer): Promise<RawPeer> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const chunks: Buffer[] = [];
    let isOver = false;
    socket.on('data', (chunk) => void chunks.push(chunk));
    socket.on('close', () => {
      isOver = true;
    });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => undefined); // told by its closing
      socket.write(first);
      resolve({
        socket,
        heard: () => Buffer.concat(chunks),
        isOver: () => isOver,
        ended: async (withinMs) => {
          for (const until = performance.now() + withinMs; !isOver && performance.now() < until; ) {
            // Whoever is hung up on and says nothing more never learns that it was cut off.
            if (socket.readableEnded) socket.write(Buffer.alloc(1));
            await sleep(20);
          }
          return isOver;
        },
      });
    });
  });

/** The request that a well-behaved client begins with. */
export const UPGRADE = [
  'GET /fhir/websocket HTTP/1.1',
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  '\r\n',
].join('\r\n');

/** One frame of a client's (RFC 6455 section 5.2), as right or as wrong as it is asked for. */
export interface OddFrame {
  /** The first byte whole: FIN, three reserved bits, opcode. */
  readonly first: number;
  readonly payload: Buffer;
  readonly isMasked: boolean;
  /** What the length says; null: the truth, in as few bytes as it takes. */
  readonly length: { readonly bytes: 2 | 8; readonly says: bigint } | null;
}

const MASK = Buffer.from([7, 1, 3, 5]);

const lengthOf = ({ length, payload, isMasked }: OddFrame): Buffer => {
  const bit = isMasked ? 0x80 : 0;
  if (length === null && payload.length < 126) return Buffer.from([bit | payload.length]);
  const bytes = length?.bytes ?? (payload.length < 65_536 ? 2 : 8);
  const said = Buffer.alloc(8);
  said.writeBigUInt64BE(length?.says ?? BigInt(payload.length));
  return Buffer.concat([Buffer.from([bit | (bytes === 2 ? 126 : 127)]), said.subarray(8 - bytes)]);
};

export const frameBytes = (frame: OddFrame): Buffer => {
  const { first, payload, isMasked } = frame;
  const masked = isMasked ? payload.map((byte, at) => byte ^ (MASK[at % 4] ?? 0)) : payload;
  return Buffer.concat([Buffer.from([first]), lengthOf(frame), ...(isMasked ? [MASK] : []), masked]);
};

/** A whole text message, a ping, or any other opcode, as a client rightly sends it. */
export const rightFrame = (opcode: number, text: string | Buffer): Buffer =>
  frameBytes({ first: 0x80 | opcode, payload: Buffer.from(text), isMasked: true, length: null });

/** What a server said after it had switched: its frames, none of which is masked or longer than 64 kB. */
export const framesHeard = (heard: Buffer): readonly { readonly opcode: number; readonly payload: Buffer }[] => {
  const frames: { opcode: number; payload: Buffer }[] = [];
  const start = heard.indexOf('\r\n\r\n');
  for (let at = start + 4; start >= 0 && at + 2 <= heard.length; ) {
    const short = (heard[at + 1] ?? 0) & 0x7f;
    const length = short === 126 ? heard.readUInt16BE(at + 2) : short;
    const from = at + (short === 126 ? 4 : 2);
    frames.push({ opcode: (heard[at] ?? 0) & 0x0f, payload: heard.subarray(from, from + length) });
    at = from + length;
  }
  return frames;
};
