import type { SignedHead } from '../../decide/trail/head.ts';

/** A head as the database has it. */
export interface HeadRow {
  readonly stream: string;
  readonly size: string;
  readonly root: Buffer;
  readonly link: Buffer;
  readonly signed_at: Date;
  readonly key_id: string;
  readonly signature: Buffer;
}

/** The head of a row, as it was signed. */
export const toHead = ({ stream, size, root, link, signed_at: at, key_id: key, signature }: HeadRow): SignedHead => ({
  stream,
  size: Number(size),
  root: root.toString('base64'),
  link: link.toString('base64'),
  at: at.toISOString(),
  key,
  signature: signature.toString('base64'),
});
