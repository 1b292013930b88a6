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

/** Wraps one message for the wire. */
export const toFrame = (message: string): Buffer => Buffer.concat([Buffer.from([VT]), Buffer.from(message, 'utf8'), Buffer.from([FS, CR])]);

/** Reads frames out of chunks: only VT … FS CR is a message; line ends between frames are passed over, anything else is garbage. */
export class MllpFrames {
  readonly #most: number;
  #kept: Buffer = Buffer.alloc(0);

  /** `most`: bytes of the longest frame. */
  constructor(most = MAX_ACKNOWLEDGEMENT) {
    this.#most = most;
  }

  /** Whether a frame has begun and not ended. */
  get started(): boolean {
    return this.#kept.length > 0;
  }

  push(chunk: Buffer): Framed {
    let rest = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    const messages: string[] = [];
    for (;;) {
      let start = 0;
      while (rest[start] === CR || rest[start] === LF) start += 1;
      rest = rest.subarray(start);
      if (rest.length === 0) break;
      if (rest[0] !== VT) return { messages, broken: 'garbage' };
      const end = rest.indexOf(FS, 1);
      if (rest.length > this.#most) return { messages, broken: 'too-long' };
      if (end === -1 || end + 1 === rest.length) break;
      // FS and VT are no part of a message, in any encoding that HL7 names for MLLP.
      if (rest[end + 1] !== CR || rest.subarray(1, end).includes(VT)) return { messages, broken: 'garbage' };
      messages.push(rest.toString('utf8', 1, end));
      rest = rest.subarray(end + 2);
    }
    this.#kept = rest;
    return { messages, broken: null };
  }
}
