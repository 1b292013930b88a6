import { NEVER_STOPS_CARE } from '../../profiles/canonicals.ts';
import type { Disclosure } from '../../src/model/disclosure.ts';
import { CONTACT_CARD } from '../../src/model/heading.ts';
import type { Instant } from '../../src/model/instant.ts';
import { headingsShown } from '../disclosure/headings-shown.ts';
import { toPlainText } from '../mdm/to-plain-text.ts';
import { CONTACT_STYLE } from './contact-style.ts';
import { validAt } from './valid-at.ts';

/** What the page needs: none of the person, and none of the other words. */
export type ContactShown = Pick<Disclosure, 'publisher' | 'recipient' | 'sections' | 'actions' | 'refusals'>;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');

/** A number of the United Kingdom as people write it, or 111 or 999; no part of a longer one. */
const NUMBER = /(?<![\d+])((?:\+44(?: *\(0\))?|0)(?:[ ()-]*\d){9,10}|(?<!\d[ -])(?:111|999)(?![ -]\d))(?!\d)/g;

const toTel = (number: string): string => {
  const digits = number.replace(/[^\d+]/g, '');
  return digits.startsWith('0') ? `+44${digits.slice(1)}` : digits.replace(/^\+440/, '+44');
};

const linked = (line: string): string =>
  line
    .split(NUMBER)
    .map((part, index) => (index % 2 === 0 ? escaped(part) : `<a href="tel:${toTel(part)}">${escaped(part.trim())}</a>`))
    .join('');

/**
 * Who to ring for a plan, as a page that needs neither script nor picture (WCAG 2.2 AA): the lines of that one heading. It names no person and
 * says nothing clinical.
 */
export const toContactPage = (shown: ContactShown, now: Instant): string => {
  const contact = headingsShown(shown).filter(({ heading }) => CONTACT_CARD.includes(heading));
  const lines = contact.flatMap(({ divs, actions }) => [...divs.flatMap((div) => toPlainText(div).split('\n')), ...actions]);
  const trust = escaped(shown.publisher.name === '' ? shown.publisher.ods : shown.publisher.name);
  const items = lines.map((line) => `<li>${linked(line.replace(/^- /, ''))}</li>`).join('\n');
  return `<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Crisis plan: who to ring - ${trust}</title>
<style>${CONTACT_STYLE}</style>
</head>
<body>
<main>
<h1>Crisis plan: who to ring</h1>
<p>The plan was written with ${trust}.</p>
<h2>Ring the team</h2>
${items === '' ? `<p>No number is shared with your service. Ask ${trust}.</p>` : `<ul>\n${items}\n</ul>`}
<h2>If nobody answers</h2>
<ul>
<li>Life at risk now: <a href="tel:999">999</a></li>
<li>Any time: <a href="tel:111">111</a>, the mental health option</li>
</ul>
<p>${NEVER_STOPS_CARE}</p>
<p>${escaped(validAt(now, shown.recipient.ods))}</p>
</main>
</body>
</html>
`;
};
