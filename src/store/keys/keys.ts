import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { BlindIndex } from './blind-index.ts';
import { KEY_BYTES, type KeyEncryption } from './key-encryption.ts';
import { isSealed, type Place, unseal } from './sealed-text.ts';

/** The id of the broker's own data key: it seals what names no Patient of its owner's, and may name a person all the same. */
export const BROKER_KEY = 'broker:';
/** The id of the secret of the blind index. */
export const INDEX_KEY = 'index:';

/** A data key as the database holds it. */
export interface WrappedKey {
  readonly wrapped: string;
  readonly kekId: string;
}

/** Data keys that are remembered: 16 MB at most. */
const MOST_REMEMBERED = 50_000;

/**
 * Data keys of one database. They are remembered by their wrapped bytes, which each reader takes from the database anew: a key that was destroyed is
 * destroyed for every process at once.
 */
export class Keys {
  readonly index: BlindIndex;
  /** The broker's own data key: it is never destroyed. */
  readonly own: KeyObject;
  readonly #newest: KeyEncryption;
  readonly #all: ReadonlyMap<string, KeyEncryption>;
  readonly #remembered = new Map<string, KeyObject>();

  /** `all` has the newest first; the others unwrap what was wrapped before. */
  constructor(all: readonly [KeyEncryption, ...KeyEncryption[]], own: KeyObject, index: BlindIndex) {
    [this.#newest] = all;
    this.own = own;
    this.#all = new Map(all.map((each) => [each.id, each]));
    this.index = index;
  }

  /** Of the key-encryption key that wraps what is made now. */
  get kekId(): string {
    return this.#newest.id;
  }

  /** A wrapped key, wrapped by the newest. */
  async rewrap(wrapped: string): Promise<WrappedKey> {
    return wrapNew(this.#newest, await unwrapAny([...this.#all.values()], wrapped));
  }

  /** A new data key, wrapped. */
  make(): Promise<WrappedKey> {
    return wrapNew(this.#newest, randomBytes(KEY_BYTES));
  }

  /** The data key that was wrapped by one of the key-encryption keys. */
  async keyOf(wrapped: string): Promise<KeyObject> {
    const known = this.#remembered.get(wrapped);
    if (known !== undefined) return known;
    const key = createSecretKey(await unwrapAny([...this.#all.values()], wrapped));
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(wrapped, key);
    return key;
  }

  /** Opens a text that was sealed under a key; null where that key is destroyed. What lies open is answered as it is. Throws AlteredText. */
  async open(wrapped: string | null, place: Place, text: string): Promise<string | null> {
    if (!isSealed(text)) return text;
    return wrapped === null ? null : unseal(await this.keyOf(wrapped), place, text);
  }
}

/** Wraps a data key by a key-encryption key. */
export const wrapNew = async (kek: KeyEncryption, key: Buffer): Promise<WrappedKey> => ({
  wrapped: (await kek.wrap(key)).toString('base64'),
  kekId: kek.id,
});

/** Unwraps by whichever of them wrapped it: key wrap proves its own (RFC 3394 section 2.2.3). */
export const unwrapAny = async (all: readonly KeyEncryption[], wrapped: string): Promise<Buffer> => {
  const bytes = Buffer.from(wrapped, 'base64');
  for (const kek of all) {
    try {
      return await kek.unwrap(bytes);
    } catch {
      // Wrapped by another of them.
    }
  }
  throw new Error('a data key was wrapped by a key-encryption key that is not here');
};
