import { describe, expect, test } from '@jest/globals';
import { type Candidate, certainMatch, isSaidAgain, oneCertain } from '../../src/decide/certain-match.ts';
import type { Traits } from '../../src/model/traits.ts';
import { NUMBER, OTHER_NUMBER } from './sample.ts';

const record = (change: Partial<Traits> = {}): Traits => ({
  nhsNumber: NUMBER,
  traced: true,
  names: [{ family: 'testperson', given: 'amber' }],
  birthDate: '1990-04-01',
  contacts: ['phone|01632960001', 'postcode|ZZ993VZ'],
  ...change,
});
const nothing: Traits = { nhsNumber: null, traced: false, names: [], birthDate: null, contacts: [] };
const sent = (change: Partial<Traits> = {}): Traits => ({ ...nothing, ...change });
/** All that a match without a number needs, and no more. */
const described = (change: Partial<Traits> = {}): Traits => ({
  ...record({ contacts: ['phone|01632960001'] }),
  nhsNumber: null,
  ...change,
});

describe('G22: who is certainly the person that was asked for', () => {
  test.each<[string, Traits, Traits, ReturnType<typeof certainMatch>]>([
    ['a verified number alone', sent({ nhsNumber: NUMBER }), record(), 'number'],
    ['a number that nobody verified', sent({ nhsNumber: NUMBER }), record({ traced: false }), null],
    ['another number', sent({ nhsNumber: OTHER_NUMBER }), record(), null],
    ['no number on either side', sent(), record({ nhsNumber: null }), null],
    ['names, birth date and a phone', described(), record(), 'name-and-birth-date'],
    [
      'names, birth date and a postcode, of a record without a number',
      described({ contacts: ['postcode|ZZ993VZ'] }),
      record({ nhsNumber: null, traced: false }),
      'name-and-birth-date',
    ],
    ['one contact of several', described({ contacts: ['phone|01632960009', 'phone|01632960001'] }), record(), 'name-and-birth-date'],
    ['a number that the record lacks, and the rest', described({ nhsNumber: NUMBER }), record({ nhsNumber: null }), 'name-and-birth-date'],
    ['an unverified number, and the rest', described({ nhsNumber: NUMBER }), record({ traced: false }), 'name-and-birth-date'],
    ['no contact', described({ contacts: [] }), record(), null],
    ['another contact', described({ contacts: ['phone|01632960009'] }), record(), null],
    ['no birth date', described({ birthDate: null }), record(), null],
    ['a month of birth alone, on both sides', described({ birthDate: '1990-04' }), record({ birthDate: '1990-04' }), null],
    ['more than a date, on both sides', described({ birthDate: '1990-04-01T10:00' }), record({ birthDate: '1990-04-01T10:00' }), null],
    ['something before a date, on both sides', described({ birthDate: 'x1990-04-01' }), record({ birthDate: 'x1990-04-01' }), null],
    ['another birth date', described({ birthDate: '1990-04-02' }), record(), null],
    ['no name', described({ names: [] }), record(), null],
    ['a family name alone', described({ names: [{ family: 'testperson', given: null }] }), record(), null],
    ['a given name alone', described({ names: [{ family: null, given: 'amber' }] }), record(), null],
    ['another given name', described({ names: [{ family: 'testperson', given: 'opal' }] }), record(), null],
    ['another family name', described({ names: [{ family: 'other', given: 'amber' }] }), record(), null],
    [
      'an earlier name beside the one that is recorded',
      described({
        names: [
          { family: 'earlier', given: 'amber' },
          { family: 'testperson', given: 'amber' },
        ],
      }),
      record(),
      'name-and-birth-date',
    ],
    [
      'one of the names on record',
      described(),
      record({
        names: [
          { family: 'earlier', given: 'amber' },
          { family: 'testperson', given: 'amber' },
        ],
      }),
      'name-and-birth-date',
    ],
    [
      'a whole name of somebody else, and half of this one',
      described({
        names: [
          { family: 'other', given: 'amber' },
          { family: 'testperson', given: null },
        ],
      }),
      record(),
      null,
    ],
  ])('%s', (_, asked, known, expected) => {
    expect(certainMatch(asked, known)).toBe(expected);
  });

  test('nothing that was sent may contradict it, a verified number neither; a phone or a postcode changes, and contradicts nothing', () => {
    expect(certainMatch(sent({ nhsNumber: NUMBER, birthDate: '1990-04-02' }), record())).toBeNull();
    expect(certainMatch(sent({ nhsNumber: NUMBER, names: [{ family: 'other', given: null }] }), record())).toBeNull();
    expect(
      certainMatch(sent({ nhsNumber: NUMBER, birthDate: '1990-04-01', names: [{ family: 'testperson', given: null }] }), record()),
    ).toBe('number');
    expect(certainMatch(described({ nhsNumber: OTHER_NUMBER }), record())).toBeNull();
    expect(certainMatch(sent({ nhsNumber: NUMBER, contacts: ['phone|01632960009'] }), record())).toBe('number');
  });
});

describe('G22: of several records', () => {
  const of = (id: string, change: Partial<Traits> = {}): Candidate => ({ id, traits: record(change) });

  test('several are as good as none, and two records of one person are one', () => {
    expect(oneCertain(described(), [])).toEqual({ because: 'no-such-person' });
    expect(oneCertain(described(), [of('a', { birthDate: '1990-04-02' })])).toEqual({ because: 'no-such-person' });
    expect(oneCertain(described(), [of('a'), of('b', { birthDate: '1990-04-02' })])).toEqual({ id: 'a' });
    expect(oneCertain(described(), [of('a'), of('b')])).toEqual({ because: 'several-persons' });
    expect(oneCertain(described(), [of('a'), of('a')])).toEqual({ id: 'a' });
  });

  test('a verified number names one person, whoever else has the same name and birth date', () => {
    const asked = described({ nhsNumber: NUMBER });
    expect(oneCertain(asked, [of('b', { nhsNumber: null }), of('a')])).toEqual({ id: 'a' });
    expect(oneCertain(asked, [of('a'), of('b')])).toEqual({ because: 'several-persons' });
  });
});

describe('G22: a confirmation', () => {
  const asked = { nhsNumber: NUMBER, birthDate: '1990-04-01' };
  test.each<[string, Pick<Traits, 'nhsNumber' | 'birthDate'>, boolean]>([
    ['the number', { nhsNumber: NUMBER, birthDate: null }, true],
    ['the birth date', { nhsNumber: null, birthDate: '1990-04-01' }, true],
    ['both', asked, true],
    ['neither', { nhsNumber: null, birthDate: null }, false],
    ['another number, and the birth date', { nhsNumber: OTHER_NUMBER, birthDate: '1990-04-01' }, false],
    ['the number, and another birth date', { nhsNumber: NUMBER, birthDate: '1990-04-02' }, false],
  ])('that says again %s', (_, again, expected) => {
    expect(isSaidAgain(asked, again)).toBe(expected);
  });
});
