import type { Rule } from './rule.ts';

/** A plan is read by its person: it has no place for words that are meant for others only (domain.md G10). Its headings are that place. */
export const noHiddenWords: Rule = {
  id: 'G10',
  sentence: 'A plan has no notes beside its headings: what is written of a person is written where the person reads it.',
  check: ({ carePlan, composition }) => [
    ...(carePlan.note ?? []).map((_, index) => ({ at: `CarePlan.note[${index}]`, stops: true })),
    ...(carePlan.activity ?? []).flatMap(({ progress }, index) =>
      progress === undefined || progress.length === 0 ? [] : [{ at: `CarePlan.activity[${index}].progress`, stops: true }],
    ),
    ...(composition.section ?? []).flatMap(({ text }, index) =>
      /<!--|\bdisplay ?: ?none|\bvisibility ?: ?hidden/i.test(text?.div ?? '')
        ? [{ at: `Composition.section[${index}].text.div`, stops: true }]
        : [],
    ),
  ],
};
