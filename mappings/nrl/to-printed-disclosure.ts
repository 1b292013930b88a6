import type { Disclosure } from '../../src/model/disclosure.ts';
import { CONTACT_CARD } from '../../src/model/heading.ts';
import type { Instant } from '../../src/model/instant.ts';
import { banners } from '../disclosure/banners.ts';
import { type HeadingShown, headingsShown } from '../disclosure/headings-shown.ts';
import { refusalLine } from '../disclosure/refusal-line.ts';
import { toPlainText } from '../mdm/to-plain-text.ts';
import type { PrintedPlan } from '../print/to-printed-plan.ts';
import { validAt } from './valid-at.ts';

const day = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', dateStyle: 'long' });
const inWords = (date: string): string => (/^\d{4}-\d\d-\d\d$/.test(date) ? day.format(Date.parse(`${date}T12:00:00Z`)) : date);

/** An NHS number as it is read aloud: 3, 3, 4 (domain.md section 9). */
const spaced = (number: string): string => number.replace(/^(\d{3})(\d{3})(\d{4})$/, '$1 $2 $3');

const isContact = ({ heading }: HeadingShown): boolean => CONTACT_CARD.includes(heading);

/** What one service may see of a plan now, as lines for paper: whom to ring before all else, and until when it was true. */
export const toPrintedDisclosure = (disclosure: Disclosure, now: Instant): PrintedPlan => {
  const { person, publisher, reviewDate, recipient } = disclosure;
  const called = [...person.given, person.family].join(' ').trim();
  const shown = headingsShown(disclosure);
  return {
    title: disclosure.contactCardOnly ? 'Crisis plan: whom to ring' : 'Crisis plan',
    facts: [
      ...(called === '' ? [] : [`Of: ${called}`]),
      ...(person.preferredName === null ? [] : [`Likes to be called: ${person.preferredName}`]),
      ...(person.birthDate === '' ? [] : [`Born: ${inWords(person.birthDate)}`]),
      ...(person.nhsNumber === null ? [] : [`NHS number: ${spaced(person.nhsNumber)}`]),
      `Written with: ${publisher.name === '' ? publisher.ods : publisher.name}`,
      `To be reviewed by: ${inWords(reviewDate)}`,
    ],
    banners: [...banners(disclosure), validAt(now, recipient.ods)],
    sections: [...shown.filter(isContact), ...shown.filter((each) => !isContact(each))].map((each) => ({
      title: each.title,
      lines: [
        ...each.divs.flatMap((div) => toPlainText(div).split('\n')),
        ...each.refusals.map(refusalLine),
        ...each.actions.map((action) => `- ${action}`),
      ],
    })),
  };
};
