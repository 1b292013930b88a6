import type { PlanAction, Section } from '../model/disclosure.ts';
import type { Heading } from '../model/heading.ts';
import { HEADINGS, kindMaySee } from '../model/heading.ts';
import type { RecipientKind } from '../model/kind.ts';
import { RECIPIENT_KINDS } from '../model/kind.ts';
import type { Projection } from '../model/plan.ts';
import { digest } from './digest.ts';

/** The words that a kind may see of an approved version, as they were signed. */
export interface ProjectedWords {
  readonly sections: readonly Section[];
  readonly actions: readonly PlanAction[];
}

/** A kind's projection: what decides (hashes) and what is shown (words). */
export interface Projected {
  readonly projection: Projection;
  readonly words: ProjectedWords;
}

/** Of row 1 police read name, preferred name and birth date: those stand in the Patient, and nothing else of the row leaves (design section 4). */
const isOnlyIdentity = (kind: RecipientKind, heading: Heading): boolean => kind === 'police' && heading === 'who-i-am';

/** The projection of each kind of recipient: an allow-list. Nothing outside it ever leaves (G5). */
export const project = (sections: readonly Section[], actions: readonly PlanAction[]): Readonly<Record<RecipientKind, Projected>> =>
  Object.fromEntries(RECIPIENT_KINDS.map((kind) => [kind, projectFor(kind, sections, actions)])) as Record<RecipientKind, Projected>;

function projectFor(kind: RecipientKind, sections: readonly Section[], actions: readonly PlanAction[]): Projected {
  const shown = HEADINGS.filter((heading) => kindMaySee(kind, heading) && !isOnlyIdentity(kind, heading));
  const words = {
    sections: sections.filter((section) => shown.includes(section.heading)),
    actions: actions.filter((action) => shown.includes(action.heading)),
  };
  return { projection: projectionOf(kind, words), words };
}

/** What decides of a kind's words: the hash of each heading that is there, and one over all. */
export const projectionOf = (kind: RecipientKind, { sections, actions }: ProjectedWords): Projection => {
  const present = HEADINGS.filter((heading) => [...sections, ...actions].some((one) => one.heading === heading));
  const headings = Object.fromEntries(
    present.map((heading) => [
      heading,
      digest([
        sections.filter((section) => section.heading === heading).map((section) => section.div),
        actions.filter((action) => action.heading === heading).map((action) => action.description),
      ]),
    ]),
  );
  return { hash: digest([kind, headings]), headings };
};
