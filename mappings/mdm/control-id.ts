import { createHash } from 'node:crypto';

/**
 * MSH-10 of the message at `index` of a parcel: 20 characters (the most that HL7 v2.5 allows), the same for a retry, and never that of
 * another message (103 bits of SHA-256 in base 36).
 */
export const controlId = (messageId: string, index = 0): string =>
  BigInt(`0x${createHash('sha256').update(`${messageId}#${index}`).digest('hex')}`)
    .toString(36)
    .toUpperCase()
    .padStart(50, '0')
    .slice(-20);
