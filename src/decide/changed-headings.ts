import type { PlanAction, Section } from '../model/disclosure.ts';
import type { Heading } from '../model/heading.ts';
import { HEADINGS } from '../model/heading.ts';
import type { RecipientKind } from '../model/kind.ts';
import { RECIPIENT_KINDS } from '../model/kind.ts';
import type { Projection } from '../model/plan.ts';
import type { HeadingChange } from '../model/review.ts';

/** A version or a draft: all its words, also those that no kind may see, and what each kind would. */
export interface Worded {
  readonly sections: readonly Section[];
  readonly actions: readonly PlanAction[];
  readonly projections: Readonly<Record<RecipientKind, Projection>>;
}

/** What stands under one heading. */
export interface HeadingWords {
  /** XHTML as its authors wrote it; null where there are actions only. */
  readonly div: string | null;
  readonly actions: readonly string[];
}

/** One heading, before and after. */
export interface ChangedHeading {
  readonly heading: Heading;
  readonly change: HeadingChange;
  readonly before: HeadingWords | null;
  readonly after: HeadingWords | null;
  /** Kinds whose projection is another because of it. */
  readonly kinds: readonly RecipientKind[];
}

/** A draft against the version in force (null where there is none), heading by heading in the order in which a plan is read. */
export const changedHeadings = (inForce: Worded | null, draft: Worded): readonly ChangedHeading[] =>
  HEADINGS.flatMap((heading) => {
    const before = inForce === null ? null : wordsUnder(inForce, heading);
    const after = wordsUnder(draft, heading);
    if (before === null && after === null) return [];
    return [{ heading, change: changeOf(before, after), before, after, kinds: kindsSeeing(heading, inForce, draft) }];
  });

function wordsUnder({ sections, actions }: Worded, heading: Heading): HeadingWords | null {
  const div = sections.find((section) => section.heading === heading)?.div ?? null;
  const own = actions.filter((action) => action.heading === heading).map(({ description }) => description);
  return div === null && own.length === 0 ? null : { div, actions: own };
}

function changeOf(before: HeadingWords | null, after: HeadingWords | null): HeadingChange {
  if (before === null) return 'added';
  if (after === null) return 'removed';
  const isSame =
    before.div === after.div &&
    before.actions.length === after.actions.length &&
    before.actions.every((action, index) => action === after.actions[index]);
  return isSame ? 'same' : 'changed';
}

// By the hashes that are signed: they decide what leaves.
const kindsSeeing = (heading: Heading, inForce: Worded | null, draft: Worded): readonly RecipientKind[] =>
  RECIPIENT_KINDS.filter((kind) => inForce?.projections[kind].headings[heading] !== draft.projections[kind].headings[heading]);
