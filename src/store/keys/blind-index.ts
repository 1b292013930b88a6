import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { hasCheckDigit } from '../../validate/rules/nhs-number.ts';

/** What equal values are compared by, so that the values themselves need not lie in the database: HMAC-SHA256 under the broker's own secret. */
export interface BlindIndex {
  /** Of an NHS number. */
  number(nhsNumber: string): string;
  /** Of a birth date, as it was written. */
  birthDate(date: string): string;
  /** A salt of its own for what an id names, that lies nowhere and can be made again. */
  salt(id: string): Buffer;
  /** A value of the search index, or an identifier, with each NHS number in it in its blind form. */
  text(text: string): string;
}

/** 144 bits: no two numbers are ever one. */
const BYTES = 18;
/** 128 bits: no salt is guessed, and no two are one. */
const SALT_BYTES = 16;
/** No number, name or code begins so. */
const MARK = '~';
// Ten digits that stand by themselves, as people write them. A run within letters is a part of an id.
const NUMBERS = /(?<![0-9A-Za-z])\d{3} ?\d{3} ?\d{4}(?![0-9A-Za-z])/g;

const blindUnder =
  (key: KeyObject) =>
  (value: string): string =>
    MARK + createHmac('sha256', key).update(value).digest().subarray(0, BYTES).toString('base64url');

/** The blind index under a secret of the broker's. */
export const blindIndexOf = (secret: Buffer): BlindIndex => {
  const derived = (use: string): KeyObject => createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `crisis-plan-broker ${use}`, 32)));
  const number = blindUnder(derived('nhs-number'));
  const salt = derived('flag-list');
  return {
    number,
    birthDate: blindUnder(derived('birth-date')),
    salt: (id) => createHmac('sha256', salt).update(id).digest().subarray(0, SALT_BYTES),
    text: (text) =>
      text.replace(NUMBERS, (found) => {
        const digits = found.replaceAll(' ', '');
        return hasCheckDigit(digits) ? number(digits) : found;
      }),
  };
};
