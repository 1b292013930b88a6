const SEGMENT = /^[A-Za-z0-9_-]+$/;

const isCanonical = (segment: string): boolean =>
  SEGMENT.test(segment) && Buffer.from(segment, 'base64url').toString('base64url') === segment;

/**
 * Whether a text is a compact JWS in its one spelling (RFC 7515 section 7.1): decoders pass over stray bits and signs, so that one token would
 * have many texts, and each another hash.
 */
export const isCanonicalJws = (text: string): boolean => {
  const segments = text.split('.');
  return segments.length === 3 && segments.every(isCanonical);
};
