const VERSION_AT = 14;
const withVersion = (id: string, version: string): string => id.slice(0, VERSION_AT) + version + id.slice(VERSION_AT + 1);

/**
 * `Bundle.id` of what an attempt sends: the attempt's own id, a UUID of version 4, as one of version 8 (RFC 9562), so that an answer that names the Bundle
 * leads back to the attempt without a look into sealed bytes. The id itself is `MessageHeader.id`.
 */
export const bundleIdOf = (attemptId: string): string => withVersion(attemptId, '8');

/** The attempt whose Bundle has that id; null for an id that none has. */
export const attemptOfBundle = (bundleId: string): string | null => (bundleId[VERSION_AT] === '8' ? withVersion(bundleId, '4') : null);
