import type { X509Certificate } from 'node:crypto';

/** SHA-256 of a certificate in DER, in hexadecimal, lower case: by it a peer is told from another. */
export const fingerprintOf = ({ fingerprint256 }: X509Certificate): string => fingerprint256.replaceAll(':', '').toLowerCase();
