/** What stands in a stream as one request or one answer: a proxy treats these, and never half of one by accident. */
export type Protocol = 'http' | 'mllp';

/** The length of the first whole unit at the beginning of the bytes; null where it is not whole yet. An answer without a length ends with its connection. */
export const unitLength = (protocol: Protocol, bytes: Buffer): number | null => {
  if (protocol === 'mllp') {
    const end = bytes.indexOf(Buffer.from([0x1c, 0x0d]));
    return end === -1 ? null : end + 2;
  }
  const head = bytes.indexOf('\r\n\r\n');
  if (head === -1) return null;
  const headers = bytes.toString('latin1', 0, head).toLowerCase();
  const begin = head + 4;
  const length = /\r\ncontent-length: *(\d+)/.exec(headers)?.[1];
  if (length !== undefined) return bytes.length >= begin + Number(length) ? begin + Number(length) : null;
  if (headers.includes('\r\ntransfer-encoding: chunked')) {
    const end = bytes.indexOf('0\r\n\r\n', begin);
    return end === -1 ? null : end + 5;
  }
  return begin;
};
