import { describe, expect, test } from '@jest/globals';
import { System } from '../../profiles/canonicals.ts';
import { hasCheckDigit, refusal } from '../../src/validate/rules/nhs-number.ts';
import { errorsOf, validate } from '../../src/validate/validate.ts';

/** Nine digits with their check digit; null where that would be 10. */
const whole = (nine: string): string | null => [...'0123456789'].map((digit) => `${nine}${digit}`).find(hasCheckDigit) ?? null;

describe('NHS numbers', () => {
  test.each(['9990012342', '9990012415', '9000000009', '9999999999', '9912003888'])('%s is one', (number) => {
    expect(refusal(number)).toBeNull();
  });

  test('each check digit fits one number in eleven at most', () => {
    const fitting = [...'0123456789'].filter((digit) => hasCheckDigit(`999001234${digit}`));
    expect(fitting).toEqual(['2']);
  });

  test.each<[string, string, RegExp]>([
    ['a wrong check digit', '9990012343', /check digit/],
    ['spaces', '999 001 2342', /ten digits/],
    ['nine digits', '999001234', /ten digits/],
    ['the Scottish range, first', whole('010101000') ?? whole('010101001') ?? '', /Scottish/],
    ['the Scottish range, last', whole('311299999') ?? whole('311299998') ?? '', /Scottish/],
    ['the Northern Irish range, first', whole('320000000') ?? whole('320000001') ?? '', /Northern Irish/],
    ['the Northern Irish range, last', whole('399999999') ?? whole('399999998') ?? '', /Northern Irish/],
    ['a range that is not issued', whole('500000000') ?? whole('500000001') ?? '', /no range/],
    ['another that is not issued', whole('800000000') ?? whole('800000001') ?? '', /no range/],
    ['nothing but noughts', '0000000000', /no range/],
  ])('%s is refused', (_, number, why) => {
    expect(refusal(number)).toMatch(why);
  });

  test.each(['400000000', '499999999', '600000000', '799999999'])('the ranges of England and Wales are taken: %s', (nine) => {
    const number = whole(nine) ?? whole(String(Number(nine) + (nine.endsWith('9') ? -1 : 1)));
    expect(refusal(number ?? '')).toBeNull();
  });

  test('the system is case-sensitive', () => {
    const contact = { resourceType: 'Patient', identifier: [{ system: System.nhsNumber.toLowerCase(), value: '9990012342' }] };
    const issues = errorsOf(validate(contact, { profile: 'http://hl7.org/fhir/StructureDefinition/Patient' }));
    expect(issues.map(({ at }) => at)).toEqual(['Patient.identifier[0].system']);
  });

  test('I8: what is said of a number never repeats it', () => {
    const patient = {
      resourceType: 'Patient',
      identifier: [{ system: System.nhsNumber, value: '9990012343' }],
      name: [{ family: 'Testperson-Amber' }],
      birthDate: '1987-13-14',
    };
    const said = JSON.stringify(validate(patient));
    expect(said).toContain('Patient.identifier[0].value');
    expect(said).not.toMatch(/9990012343|Testperson|1987/);
  });
});
