import { inflateRawSync } from 'node:zlib';

/** A parcel that an older version of the broker kept deflated and open, as it went to the wire, byte for byte. */
export const unpacked = (stored: object): object => {
  if (!('deflated' in stored) || typeof stored.deflated !== 'string') return stored;
  const { deflated, ...rest } = stored;
  return { ...rest, bytes: inflateRawSync(Buffer.from(deflated, 'base64')).toString() };
};
