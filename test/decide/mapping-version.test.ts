import { expect, test } from '@jest/globals';
import { MAPPING_VERSION } from '../../mappings/disclosure/mapping-version.ts';
import { toComposition } from '../../mappings/disclosure/to-composition.ts';
import { digest } from '../../src/decide/digest.ts';
import { HEADINGS } from '../../src/model/heading.ts';

/** What each version of the mapping makes of the same words. A line is added with a version; none is changed. */
const GOLDEN: Readonly<Record<number, string>> = { 1: 'b066ec15f488cf9ede9b69a014acd3253064828ba33dab4dc83039e3604de46e' };

test('a mapping that changes the words has a new version, so that drafts are read again', () => {
  const shown = toComposition({
    id: 'golden',
    version: '1',
    issuedAt: 0,
    publisher: { ods: 'ZZ1', name: 'Example trust' },
    person: { nhsNumber: null },
    sections: HEADINGS.map((heading) => ({ heading, div: `<div xmlns="http://www.w3.org/1999/xhtml">Words of ${heading}</div>` })),
    actions: HEADINGS.map((heading) => ({ heading, description: `Action of ${heading}` })),
    reviewDate: '2027-01-01',
    reviewOverdue: true,
    contactCardOnly: false,
  });
  expect(digest(shown)).toBe(GOLDEN[MAPPING_VERSION]);
});
