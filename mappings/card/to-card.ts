import type { Disclosure } from '../../src/model/disclosure.ts';
import { firstScreen } from './first-screen.ts';

/** A card as CDS Hooks 2.0 has it. */
export interface Card {
  readonly uuid: string;
  /** Under 140 characters. */
  readonly summary: string;
  readonly indicator: 'info';
  readonly source: { readonly label: string };
  /** GitHub-flavoured Markdown: the first screen, and nothing of it is markup that an author could have written. */
  readonly detail: string;
  readonly links: readonly { readonly label: string; readonly url: string; readonly type: 'absolute' }[];
}

const MOST_SUMMARY = 139;

/** Each character that Markdown or HTML could read as more than itself. */
const plain = (text: string): string =>
  text.replace(/[\\`*_{}[\]()#+\-.!|~<>&]/g, (mark) =>
    mark === '<' ? '&lt;' : mark === '>' ? '&gt;' : mark === '&' ? '&amp;' : `\\${mark}`,
  );

/** The first screen of a disclosure as a card for a system that speaks no FHIR. `uuid` is the card's own; `base` the broker's FHIR base, of which the link is made. */
export const toCard = (disclosure: Disclosure, uuid: string, base: string): Card => {
  const lines = firstScreen(disclosure);
  const ring = lines.find(({ is }) => is === 'ring')?.text;
  const summary = ring === undefined ? 'Crisis plan' : `Crisis plan. ${ring}`;
  return {
    uuid,
    summary: summary.length > MOST_SUMMARY ? 'Crisis plan: whom to ring is in it' : summary,
    indicator: 'info',
    source: { label: disclosure.publisher.name === '' ? disclosure.publisher.ods : disclosure.publisher.name },
    detail: lines.map(({ is, text }) => `- ${is === 'do-not' || is === 'ring' ? `**${plain(text)}**` : plain(text)}`).join('\n'),
    links: [{ label: 'The whole plan', url: `${base}/Composition/${disclosure.id}/$document`, type: 'absolute' }],
  };
};
