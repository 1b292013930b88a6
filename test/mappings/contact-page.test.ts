import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type ContactShown, toContactPage } from '../../mappings/nrl/to-contact-page.ts';

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const pageOf = (line: string, name = 'Brook Vale NHS Trust'): string => {
  const shown: ContactShown = {
    publisher: { ods: 'RXE', name },
    recipient: { ods: 'RX9' },
    sections: [{ heading: 'who-to-ring', div: `<div xmlns="http://www.w3.org/1999/xhtml"><p>${escaped(line)}</p></div>` }],
    actions: [],
  };
  return toContactPage(shown, 0);
};
/** What can be rung in the team's own lines. */
const links = (page: string): readonly string[] =>
  [...(page.split('<h2>If nobody')[0] ?? '').matchAll(/href="tel:([^"]*)"/g)].map(([, number = '']) => number);

describe('a number that is shown is the number that is rung', () => {
  test.each([
    ['01632 960002', ['+441632960002']],
    ['Tel. (01632) 960 002, ask for Bo', ['+441632960002']],
    ['+44 (0)1632 960003 at night', ['+441632960003']],
    ['+44 1632 960003', ['+441632960003']],
    ['07700 900123 or 07700 900456', ['+447700900123', '+447700900456']],
    ['01632 960002 ext 4', ['+441632960002']],
    ['0800 1111, the short one', []],
    ['Ring 111, option 2', ['111']],
    ['0800 111 2, or 2 111', []],
    ['Room 1119, floor 0', []],
    ['In 1111 or 99901 nobody answers', []],
    ['Since 2026-11-01 the team is in Brook House', []],
    ['No number', []],
  ])('%s', (line, expected) => expect(links(pageOf(line))).toEqual(expected));
});

test('nothing that somebody wrote is markup', () => {
  const page = pageOf('<script>alert(1)</script> " onclick="x', '<b>"Trust" & Co</b>');
  expect(page).not.toMatch(/<script|<b>/);
  expect(page).toContain('&lt;script&gt;');
  expect(page).toContain('<title>Crisis plan: who to ring - &lt;b&gt;&quot;Trust&quot; &amp; Co&lt;/b&gt;</title>');
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', ';', 'a', '0', '1', '9', ' ', '/'), maxLength: 40 }), (line) => {
      const tags = new Set([...pageOf(line).matchAll(/<\/?([a-z0-9!]*)/gi)].map(([, tag = '']) => tag));
      expect([...tags].every((tag) => /^(?:!DOCTYPE|html|head|meta|title|style|body|main|h1|h2|p|ul|li|a)$/.test(tag))).toBe(true);
    }),
  );
});
