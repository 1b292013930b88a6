import { createHash } from 'node:crypto';

/** A row of an index has at most 2,704 bytes. */
const MOST_BYTES = 600;

const fitting = (text: string): string =>
  text.length * 3 <= MOST_BYTES || Buffer.byteLength(text) <= MOST_BYTES
    ? text
    : `${text.slice(0, 100)}\\#${createHash('sha256').update(text).digest('base64url')}`;

// A bar within a system or a code is escaped: `a|b` of no system is not `b` of system `a`.
const plain = (text: string): string => (/[\\|]/.test(text) ? text.replace(/[\\|]/g, '\\$&') : text);

/** A code of whatever system, as the index holds it. */
export const codeText = (code: string): string => fitting(plain(code));

/** A code of one system; an empty system is "without a system". */
export const codedText = (system: string, code: string): string => fitting(`${plain(system)}|${plain(code)}`);

/** Any code of a system. */
export const systemText = (system: string): string => fitting(`${plain(system)}|`);

/** A reference, canonical or URI. */
export const uriText = (uri: string): string => fitting(uri);

/** A contact point: a telephone number without what people write between its digits, anything else in small letters. */
export const contactText = (value: string): string =>
  codeText(/^[+\d\s().-]+$/.test(value) ? value.replace(/[\s().-]/g, '') : value.toLowerCase());

/** What stands for a value that has no code, so that it is not missing. */
export const NO_CODE = '';
