import { Extension, System } from '../../../profiles/canonicals.ts';
import type { Issue } from '../../model/anomaly.ts';
import type { JsonObject } from '../json.ts';
import { isObject, objectsOf } from '../json.ts';
import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

/** Modulus 11 with weights 10 to 2; a check digit of 10 never stands (NHS Data Dictionary, NHS NUMBER). */
export const hasCheckDigit = (number: string): boolean => {
  const digits = [...number].map(Number);
  const sum = digits.slice(0, 9).reduce((total, digit, index) => total + digit * (10 - index), 0);
  return (11 - (sum % 11)) % 11 === digits[9];
};

/** Why a value is no NHS number of England, Wales or the Isle of Man, or a test number; null when it is one. Other nations' ranges look alike. */
export const refusal = (number: string): string | null => {
  if (!/^\d{10}$/.test(number)) return 'is ten digits, without spaces';
  if (!hasCheckDigit(number)) return 'fails the check digit (modulus 11)';
  const value = Number(number);
  if (value >= 101_010_000 && value <= 3_112_999_999) return 'is in the range of the Scottish CHI number, which is not an NHS number';
  if (value >= 3_200_000_001 && value <= 3_999_999_999)
    return 'is in the range of the Northern Irish H&C number, which is not an NHS number';
  const issued =
    (value >= 4_000_000_000 && value <= 4_999_999_999) || (value >= 6_000_000_000 && value <= 7_999_999_999) || value >= 9_000_000_000;
  return issued ? null : 'is in no range from which NHS numbers are issued';
};

const STATUS = /^0[1-8]$/;
const RETIRED: ReadonlySet<string> = new Set([
  'number-present-and-verified',
  'number-present-but-not-traced',
  'trace-required',
  'trace-attempted-no-match-or-multiple-match-found',
  'trace-needs-to-be-resolved',
  'trace-in-progress',
  'number-not-present-and-trace-not-required',
  'trace-postponed',
]);
const UNAVAILABLE: ReadonlySet<string> = new Set(['nhs-number-not-known', 'overseas-patient', 'devolved-nation']);

const codingsOf = (extension: JsonObject): readonly JsonObject[] => {
  const concept = extension['valueCodeableConcept'];
  return isObject(concept) ? objectsOf(concept['coding']).map(([coding]) => coding) : [];
};

const isStatus = ({ system, code }: JsonObject): boolean =>
  typeof code === 'string' && ((system === System.nhsNumberVerification && STATUS.test(code)) || RETIRED.has(code));

const checkExtensions = (object: JsonObject, at: string): Issue[] =>
  objectsOf(object['extension']).flatMap(([extension, index]) => {
    const here = `${at}.extension[${index}].value`;
    if (extension['url'] === Extension.nhsNumberVerification && !codingsOf(extension).some(isStatus))
      return [{ at: here, code: 'code-invalid', help: 'is a code 01 to 08 of UKCore-NHSNumberVerificationStatusEngland' }];
    if (
      extension['url'] === Extension.nhsNumberUnavailableReason &&
      !codingsOf(extension).some(({ code }) => typeof code === 'string' && UNAVAILABLE.has(code))
    )
      return [{ at: here, code: 'code-invalid', help: `is one of ${[...UNAVAILABLE].join(', ')}` }];
    return [];
  });

/** NHS numbers wherever they stand, their verification status, and the reason why there is none. */
export const nhsNumber: Rule = {
  object: ({ value: object, at }) => {
    const { system, value, extension } = object;
    if (typeof system !== 'string' && extension === undefined) return NONE;
    const issues = checkExtensions(object, at);
    if (system === System.nhsNumber) {
      const help = typeof value === 'string' ? refusal(value) : 'is required';
      if (help !== null) issues.push({ at: `${at}.value`, code: 'value', help });
    } else if (typeof system === 'string' && system.toLowerCase() === System.nhsNumber.toLowerCase())
      issues.push({ at: `${at}.system`, code: 'value', help: `is written ${System.nhsNumber}: systems are case-sensitive` });
    return issues;
  },
};
