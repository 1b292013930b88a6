const VT = 0x0b;
const FS = 0x1c;
const CR = 0x0d;
const LF = 0x0a;

/** 1 MB: no acknowledgement is longer. */
const MAX_ACKNOWLEDGEMENT = 1_000_000;

/** What one chunk completed. After `broken` nothing that follows on the connection can be trusted. */
export interface Framed {
  readonly messages: readonly string[];
  readonly broken: 'garbage' | 'too-long' | null;
}

/** How frames are read. */
export interface FrameOptions {
  /** Bytes of the longest frame, with VT and FS CR. */
  readonly maxFrame?: number;
  /** `latin1` gives one character a byte, for whoever reads the encoding out of the message. */
  readonly encoding?: 'utf8' | 'latin1';
}

/** Wraps one message for the wire. */
export const toFrame = (message: string): Buffer => Buffer.concat([Buffer.from([VT]), Buffer.from(message, 'utf8'), Buffer.from([FS, CR])]);

/**
 * Reads frames out of chunks: only VT … FS CR is a message; line ends between frames are passed over, anything else is garbage. Keeps at most twice the
 * longest frame, and copies each byte a few times at most, in however small pieces it comes.
 */
export class MllpFrames {
  readonly #maxFrame: number;
  readonly #encoding: 'utf8' | 'latin1';
  #kept: Buffer = Buffer.alloc(0);
  #length = 0;

  constructor({ maxFrame = MAX_ACKNOWLEDGEMENT, encoding = 'utf8' }: FrameOptions = {}) {
    this.#maxFrame = maxFrame;
    this.#encoding = encoding;
  }

  /** Whether a frame has begun and not ended. */
  get started(): boolean {
    return this.#length > 0;
  }

  /** The beginning of a frame that has not ended, up to so many bytes of it: what is left to answer one that was too long. */
  begun(most: number): string {
    return this.#kept.toString(this.#encoding, 1, Math.max(1, Math.min(this.#length, most)));
  }

  push(chunk: Buffer): Framed {
    const seen = this.#length;
    let rest = seen === 0 ? chunk : this.#with(chunk);
    // What was kept has been looked through: its last byte may be the FS that this chunk's CR belongs to.
    let from = Math.max(1, seen - 1);
    const messages: string[] = [];
    for (;;) {
      let start = 0;
      while (rest[start] === CR || rest[start] === LF) start += 1;
      rest = rest.subarray(start);
      if (rest.length === 0) break;
      if (rest[0] !== VT) return this.#broken(messages, rest, 'garbage');
      const end = rest.indexOf(FS, from);
      if ((end === -1 ? rest.length : end + 2) > this.#maxFrame) return this.#broken(messages, rest, 'too-long');
      if (end === -1 || end + 1 === rest.length) break;
      // FS and VT are no part of a message, in any encoding that HL7 names for MLLP.
      if (rest[end + 1] !== CR || rest.subarray(1, end).includes(VT)) return this.#broken(messages, rest, 'garbage');
      messages.push(rest.toString(this.#encoding, 1, end));
      rest = rest.subarray(end + 2);
      from = 1;
    }
    this.#keep(rest);
    return { messages, broken: null };
  }

  /** What was kept with the chunk after it, in room that doubles when it is full: chunks of one byte would be copied as often as there are bytes. */
  #with(chunk: Buffer): Buffer {
    const length = this.#length + chunk.length;
    if (this.#kept.length < length) {
      const room = Buffer.allocUnsafe(Math.max(length, 2 * this.#kept.length));
      this.#kept.copy(room, 0, 0, this.#length);
      this.#kept = room;
    }
    chunk.copy(this.#kept, this.#length);
    this.#length = length;
    return this.#kept.subarray(0, length);
  }

  #keep(rest: Buffer): void {
    const isKept = rest.length === this.#length && rest.buffer === this.#kept.buffer && rest.byteOffset === this.#kept.byteOffset;
    if (!isKept) this.#kept = Buffer.from(rest);
    this.#length = rest.length;
  }

  #broken(messages: readonly string[], rest: Buffer, broken: 'garbage' | 'too-long'): Framed {
    this.#keep(broken === 'too-long' ? rest : Buffer.alloc(0));
    return { messages, broken };
  }
}
