import { createCipheriv, createDecipheriv, createHash, createSecretKey } from 'node:crypto';

/** The key-encryption key, wherever it lies: in a file, or in a key management service, which never gives it out. */
export interface KeyEncryption {
  /** Tells it from others; says nothing of the key. */
  readonly id: string;
  wrap(key: Buffer): Promise<Buffer>;
  /** Throws where it was wrapped by another. */
  unwrap(wrapped: Buffer): Promise<Buffer>;
}

const ALGORITHM = 'id-aes256-wrap';
/** RFC 3394 section 2.2.3.1. */
const INITIAL = Buffer.alloc(8, 0xa6);
export const KEY_BYTES = 32;

/** A key-encryption key of 32 bytes in this process's memory: AES key wrap (RFC 3394). */
export const keyEncryptionOf = (bytes: Buffer): KeyEncryption => {
  if (bytes.length !== KEY_BYTES) throw new Error('a key-encryption key has 32 bytes');
  const key = createSecretKey(bytes);
  return {
    id: createHash('sha256').update('crisis-plan-broker key-encryption key ').update(bytes).digest('hex').slice(0, 16),
    wrap: async (plain) => {
      const cipher = createCipheriv(ALGORITHM, key, INITIAL);
      return Buffer.concat([cipher.update(plain), cipher.final()]);
    },
    unwrap: async (wrapped) => {
      const decipher = createDecipheriv(ALGORITHM, key, INITIAL);
      return Buffer.concat([decipher.update(wrapped), decipher.final()]);
    },
  };
};
