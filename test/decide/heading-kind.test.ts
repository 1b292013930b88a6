import { describe, expect, test } from '@jest/globals';
import type { Heading } from '../../src/model/heading.ts';
import { CONTACT_CARD, HEADINGS, kindMaySee } from '../../src/model/heading.ts';
import { RECIPIENT_KINDS } from '../../src/model/kind.ts';

/**
 * Who may read what, cell by cell, written by hand from domain.md section 1 ("Who reads it") and G5; never derived from the table
 * that it checks. Columns: publisher, epr, ed, ambulance, police, crisis-line.
 */
const BY_HAND: readonly (readonly [Heading, string])[] = [
  // heading                   pub epr ed  amb pol line
  ['who-i-am', 'yes yes yes yes yes yes'],
  ['please-do', 'yes yes yes yes yes yes'],
  ['communication', 'yes yes yes yes yes yes'],
  ['support', 'yes yes yes yes yes yes'],
  ['important-to-me', 'yes yes yes yes no  no'],
  ['people', 'yes yes yes yes yes yes'],
  ['do-not-contact', 'yes yes yes yes yes yes'],
  ['wellness', 'yes yes yes yes no  no'],
  ['triggers', 'yes yes yes yes no  no'],
  ['early-warning-signs', 'yes yes yes yes no  yes'],
  ['coping', 'yes yes no  yes no  yes'],
  ['crisis-steps', 'yes yes yes yes no  yes'],
  ['who-to-ring', 'yes yes yes yes yes yes'],
  ['where-to-go', 'yes yes yes yes no  no'],
  ['medicines', 'yes yes yes yes no  no'],
  ['physical-health', 'no  no  yes yes no  no'],
  ['refusals', 'yes yes yes yes no  no'],
  ['advance-statement', 'yes yes yes yes no  no'],
  ['reasonable-adjustments', 'yes yes yes yes yes yes'],
  ['dependants', 'yes yes no  yes yes no'],
  ['home-access', 'yes yes no  yes no  no'],
  ['safety', 'yes yes yes yes no  no'],
  ['after-crisis', 'yes yes yes yes no  no'],
  ['formulation', 'no  no  no  no  no  no'],
  ['how-made', 'yes yes yes yes no  yes'],
  ['sharing-choices', 'yes yes yes yes no  yes'],
];

describe('I4: heading by kind', () => {
  test('the table by hand has every heading once, and every kind', () => {
    expect(BY_HAND.map(([heading]) => heading)).toEqual(HEADINGS);
    expect(BY_HAND).toHaveLength(26);
    expect(RECIPIENT_KINDS).toEqual(['publisher', 'epr', 'ed', 'ambulance', 'police', 'crisis-line']);
    for (const [, cells] of BY_HAND) expect(cells.split(/ +/)).toHaveLength(RECIPIENT_KINDS.length);
  });

  const cells = BY_HAND.flatMap(([heading, row]) =>
    row.split(/ +/).map((cell, column) => [RECIPIENT_KINDS[column] ?? 'police', heading, cell] as const),
  );
  test.each(cells)('may %s see %s: %s', (kind, heading, cell) => {
    expect(kindMaySee(kind, heading)).toBe(cell === 'yes');
  });

  test('G5: what police may see is exactly this', () => {
    expect(HEADINGS.filter((heading) => kindMaySee('police', heading))).toEqual([
      'who-i-am',
      'please-do',
      'communication',
      'support',
      'people',
      'do-not-contact',
      'who-to-ring',
      'reasonable-adjustments',
      'dependants',
    ]);
  });

  test('the contact card is whom to ring, and nothing else', () => {
    expect(CONTACT_CARD).toEqual(['who-to-ring']);
  });
});
