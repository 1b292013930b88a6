import type { CarePlan, Composition, Patient } from '@medplum/fhirtypes';
import { NEVER_STOPS_CARE } from '../../profiles/canonicals.ts';
import { isReviewOverdue } from '../../src/decide/desired.ts';
import type { Instant } from '../../src/model/instant.ts';
import { refusalLine } from '../disclosure/refusal-line.ts';
import { type RefusalResource, refusalsIn } from '../facts/refusals-of.ts';
import { headingsShown } from '../disclosure/headings-shown.ts';
import { fromCarePlan } from '../facts/from-care-plan.ts';
import { fromComposition } from '../facts/from-composition.ts';
import { toPlainText } from '../mdm/to-plain-text.ts';

/** A plan as it is read on paper: lines of text. */
export interface PrintedPlan {
  readonly title: string;
  /** Whose it is, and what it is. */
  readonly facts: readonly string[];
  /** What has to be read first. */
  readonly banners: readonly string[];
  readonly sections: readonly { readonly title: string; readonly lines: readonly string[] }[];
}

const day = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', dateStyle: 'long' });
/** `YYYY-MM-DD` in words; a part of a date as it stands. */
const inWords = (date: string): string => (/^\d{4}-\d\d-\d\d$/.test(date) ? day.format(Date.parse(`${date}T12:00:00Z`)) : date);

const STATUS: Readonly<Record<string, string>> = {
  draft: 'This is a draft. Nobody has approved it.',
  completed: 'A newer version has taken the place of this one.',
  revoked: 'This plan was withdrawn.',
};

/** What is printed: as it was signed, or would be; the status is that of now. */
export interface Printed {
  readonly carePlan: CarePlan;
  readonly composition: Composition;
  readonly refusals?: readonly RefusalResource[] | undefined;
}

/** The whole plan in its person's own words, every heading of it, whoever else may read which. Pure. */
export const toPrintedPlan = (
  { carePlan, composition, refusals = [] }: Printed,
  patient: Patient,
  publisher: string,
  now: Instant,
): PrintedPlan => {
  const { reviewDate, expiresAt, actions } = fromCarePlan(carePlan);
  const [name] = patient.name ?? [];
  const called = [...(name?.given ?? []), name?.family ?? ''].join(' ').trim();
  const named = refusalsIn(composition, refusals).map(({ refusal }) => refusal);
  const isOverdue = isReviewOverdue({ reviewDate }, now);
  const status = STATUS[carePlan.status];
  return {
    title: 'Crisis plan',
    facts: [
      ...(called === '' ? [] : [`Of: ${called}`]),
      ...(patient.birthDate === undefined ? [] : [`Born: ${inWords(patient.birthDate)}`]),
      `Written with: ${publisher}`,
      `To be reviewed by: ${inWords(reviewDate)}`,
      // The last day on which it is in force: an end is a midnight.
      ...(expiresAt === null ? [] : [`Ends: ${day.format(expiresAt - 1)}`]),
      `Printed: ${day.format(now)}`,
    ],
    banners: [
      NEVER_STOPS_CARE,
      ...(status === undefined ? [] : [status]),
      ...(expiresAt !== null && expiresAt <= now ? ['This plan has run out. Services are shown only whom to ring.'] : []),
      ...(isOverdue ? [`This plan was due for review on ${inWords(reviewDate)}. Check with the team that wrote it.`] : []),
    ],
    sections: headingsShown({ sections: fromComposition(composition), actions, refusals: named }).map((shown) => ({
      title: shown.title,
      lines: [
        ...shown.divs.flatMap((div) => toPlainText(div).split('\n')),
        ...shown.refusals.map(refusalLine),
        ...shown.actions.map((action) => `- ${action}`),
      ],
    })),
  };
};
