import type { Disclosure } from '../../src/model/disclosure.ts';
import { HEADING_TABLE } from '../../src/model/heading.ts';
import type { Heading } from '../../src/model/heading.ts';
import type { Refusal } from '../../src/model/refusal.ts';

/** One heading as it is shown: the authors' words and the actions that belong under it. */
export interface HeadingShown {
  readonly heading: Heading;
  readonly title: string;
  /** XHTML `div`s as written, in the order in which they were given. */
  readonly divs: readonly string[];
  readonly actions: readonly string[];
  readonly refusals: readonly Refusal[];
}

/** The headings that have something to show, in the order in which they are read. */
export const headingsShown = (disclosure: Pick<Disclosure, 'sections' | 'actions' | 'refusals'>): readonly HeadingShown[] =>
  HEADING_TABLE.map(
    ({ code, title }): HeadingShown => ({
      heading: code,
      title,
      divs: disclosure.sections.filter(({ heading }) => heading === code).map(({ div }) => div),
      actions: disclosure.actions.filter(({ heading }) => heading === code).map(({ description }) => description),
      refusals: (disclosure.refusals ?? []).filter(({ heading }) => heading === code),
    }),
  ).filter(({ divs, actions, refusals }) => divs.length + actions.length + refusals.length > 0);
