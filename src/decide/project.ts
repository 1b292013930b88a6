import type { PlanAction, Section } from '../model/disclosure.ts';
import type { Heading } from '../model/heading.ts';
import { HEADINGS, kindMaySee } from '../model/heading.ts';
import type { RecipientKind } from '../model/kind.ts';
import { RECIPIENT_KINDS } from '../model/kind.ts';
import type { Refusal } from '../model/refusal.ts';
import type { Projection } from '../model/plan.ts';
import { digest } from './digest.ts';

/** The words that a kind may see of an approved version, as they were signed. */
export interface ProjectedWords {
  readonly sections: readonly Section[];
  readonly actions: readonly PlanAction[];
  /** Left out where there are none, as in all that was approved before there were any. */
  readonly refusals?: readonly Refusal[];
}

/** A kind's projection: what decides (hashes) and what is shown (words). */
export interface Projected {
  readonly projection: Projection;
  readonly words: ProjectedWords;
}

/** Of row 1 police read name, preferred name and birth date: those stand in the Patient, and nothing else of the row leaves (design section 4). */
const isOnlyIdentity = (kind: RecipientKind, heading: Heading): boolean => kind === 'police' && heading === 'who-i-am';

/** The projection of each kind of recipient: an allow-list. Nothing outside it ever leaves (G5). */
export const project = (
  sections: readonly Section[],
  actions: readonly PlanAction[],
  refusals: readonly Refusal[] = [],
): Readonly<Record<RecipientKind, Projected>> =>
  Object.fromEntries(RECIPIENT_KINDS.map((kind) => [kind, projectFor(kind, { sections, actions, refusals })])) as Record<
    RecipientKind,
    Projected
  >;

function projectFor(kind: RecipientKind, { sections, actions, refusals = [] }: ProjectedWords): Projected {
  const shown = HEADINGS.filter((heading) => kindMaySee(kind, heading) && !isOnlyIdentity(kind, heading));
  const isShown = ({ heading }: { readonly heading: Heading }): boolean => shown.includes(heading);
  const standing = refusals.filter(isShown);
  const words = {
    sections: sections.filter(isShown),
    actions: actions.filter(isShown),
    ...(standing.length === 0 ? {} : { refusals: standing }),
  };
  return { projection: projectionOf(kind, words), words };
}

/** What decides of a kind's words: the hash of each heading that is there, and one over all. */
export const projectionOf = (kind: RecipientKind, { sections, actions, refusals = [] }: ProjectedWords): Projection => {
  const present = HEADINGS.filter((heading) => [...sections, ...actions, ...refusals].some((one) => one.heading === heading));
  const headings = Object.fromEntries(
    present.map((heading) => {
      const standing = refusals.filter((refusal) => refusal.heading === heading);
      return [
        heading,
        digest([
          sections.filter((section) => section.heading === heading).map((section) => section.div),
          actions.filter((action) => action.heading === heading).map((action) => action.description),
          // A third part only where there is one: what was signed without keeps its hash.
          ...(standing.length === 0 ? [] : [standing]),
        ]),
      ];
    }),
  );
  return { hash: digest([kind, headings]), headings };
};
