import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { canonical } from '../digest.ts';

/** What is signed of a stream: how many rows it has, and the root and the last link over them. Bytes in base64. */
export interface Head {
  readonly stream: string;
  readonly size: number;
  readonly root: string;
  readonly link: string;
  /** Instant, ISO 8601. */
  readonly at: string;
}

/** A head, by whom it is signed, and the signature (Ed25519) in base64. */
export interface SignedHead extends Head {
  readonly key: string;
  readonly signature: string;
}

/** The bytes of a head that are signed. */
export const signedBytes = ({ stream, size, root, link, at }: Head): Buffer =>
  Buffer.from(canonical({ stream, size, root, link, at }), 'utf8');

/** A public key as it is handed over: SPKI in base64. */
export const publicKeyOf = (spki: string): KeyObject => createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });

/** Whether a head is signed by the key that it names, among those that are known. */
export const isSigned = (head: SignedHead, keys: ReadonlyMap<string, KeyObject>): boolean => {
  const key = keys.get(head.key);
  return key !== undefined && verify(null, signedBytes(head), key, Buffer.from(head.signature, 'base64'));
};
