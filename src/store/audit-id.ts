import { createCipheriv, createDecipheriv } from 'node:crypto';
import type pg from 'pg';

/** Turns the serial of a row of the trail into the id of its AuditEvent, and back. */
export interface AuditIds {
  toId(serial: string): string;
  /** Null for an id that is none. */
  toSerial(id: string): string | null;
}

/**
 * One block of AES-256 over the serial and eight zero bytes: a permutation that only the key's holder can follow. What does not open to the
 * zeros is no id: one guess in 2^64 is.
 */
export const auditIds = (key: Buffer): AuditIds => ({
  toId: (serial) => {
    const block = Buffer.alloc(16);
    block.writeBigUInt64BE(BigInt(serial), 8);
    const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
    return Buffer.concat([cipher.update(block), cipher.final()]).toString('hex');
  },
  toSerial: (id) => {
    if (!/^[0-9a-f]{32}$/.test(id)) return null;
    const decipher = createDecipheriv('aes-256-ecb', key, null).setAutoPadding(false);
    const block = Buffer.concat([decipher.update(Buffer.from(id, 'hex')), decipher.final()]);
    const serial = block.readBigInt64BE(8);
    return block.readBigUInt64BE(0) === 0n && serial > 0n ? String(serial) : null;
  },
});

/** Reads the key once, when it is first needed. */
export const openAuditIds = (pool: pg.Pool): (() => Promise<AuditIds>) => {
  let opened: Promise<AuditIds> | null = null;
  const read = async (): Promise<AuditIds> => {
    const { rows } = await pool.query<{ key: Buffer }>('SELECT key FROM audit_id_key');
    const [row] = rows;
    if (row === undefined) throw new Error('the database has no key for the ids of audit events');
    return auditIds(row.key);
  };
  return () => {
    opened ??= read().catch((fault: unknown) => {
      // A database that was away is asked again.
      opened = null;
      throw fault;
    });
    return opened;
  };
};
