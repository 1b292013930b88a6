import type { Parameters, ParametersParameter } from '@medplum/fhirtypes';
import { chaseEndOf } from '../../src/model/chase-end.ts';
import type { EndingItem, EndingProgress } from '../../src/model/ending.ts';
import { toFhirInstant } from '../time.ts';
import { toService } from './plain-words.ts';

const COUNTS = ['covered', 'waiting', 'asked', 'acknowledged', 'chased', 'refused', 'unknown', 'ended', 'kept'] as const;
type Counted = Readonly<Record<(typeof COUNTS)[number], number>>;

const countsOf = (one: Counted): ParametersParameter[] => COUNTS.map((name) => ({ name, valueUnsignedInt: one[name] }));
const instant = (name: string, at: number | null): ParametersParameter[] =>
  at === null ? [] : [{ name, valueInstant: toFhirInstant(at) }];

/** What `Contract/[id]/$ending-progress` answers: the whole, then service by service. Nothing but `ended` false while the agreement covers everyone. */
export const toEndingProgress = (services: readonly EndingProgress[]): Parameters => {
  const sum = (name: (typeof COUNTS)[number]): number => services.reduce((all, one) => all + one[name], 0);
  const completed = services.map(({ completedAt, covered }) => (covered === 0 ? 0 : completedAt));
  const last = completed.every((at) => at !== null) ? Math.max(...completed.map((at) => at ?? 0)) : null;
  return {
    resourceType: 'Parameters',
    parameter: [
      { name: 'over', valueBoolean: services.length > 0 },
      ...(services.length === 0
        ? []
        : [
            ...instant('barrier', Math.max(...services.map(({ barrier }) => barrier))),
            ...instant('completed', last === 0 ? null : last),
            ...COUNTS.map((name) => ({ name, valueUnsignedInt: sum(name) })),
          ]),
      ...services.map((one) => ({
        name: 'service',
        part: [
          { ...toService(one.recipient), name: 'recipient' },
          ...instant('barrier', one.barrier),
          ...instant('completed', one.completedAt),
          ...countsOf(one),
        ],
      })),
    ],
  };
};

/** What the recipient said, or what a person said of it: then nobody heard the recipient itself. */
const whyOf = (because: string | null): ParametersParameter[] => {
  const byHand = chaseEndOf(because);
  if (byHand === null) return because === null ? [] : [{ name: 'because', valueString: because }];
  const { level, basis } = byHand;
  return [{ name: 'level', valueCode: level }, ...(basis === null ? [] : [{ name: 'basis', valueCode: basis }])];
};

/** What `Contract/[id]/$ending-proof` answers: one `item` for each key, and where the next page begins. */
export const toEndingProof = (items: readonly EndingItem[], next: string | null): Parameters => ({
  resourceType: 'Parameters',
  parameter: [
    ...items.map((item) => ({
      name: 'item',
      part: [
        { ...toService(item.recipient), name: 'recipient' },
        ...(item.carePlanId === null ? [] : [{ name: 'plan', valueReference: { reference: `CarePlan/${item.carePlanId}` } }]),
        { name: 'disclosure', valueId: item.disclosureId },
        ...(item.sent === null
          ? []
          : [
              {
                name: 'sent',
                part: [
                  { name: 'document', valueId: item.sent.document },
                  { name: 'sequence', valueString: item.sent.sequence },
                  ...instant('at', item.sent.at),
                ],
              },
            ]),
        ...item.recalls.map(({ document, sequence, askedAt, outcome, because, answeredAt }) => ({
          name: 'recall',
          part: [
            { name: 'document', valueId: document },
            { name: 'sequence', valueString: sequence },
            ...instant('asked', askedAt),
            { name: 'outcome', valueCode: outcome },
            ...whyOf(because),
            ...instant('answered', answeredAt),
          ],
        })),
        { name: 'held', valueBoolean: item.isHeld },
      ],
    })),
    ...(next === null ? [] : [{ name: 'next', valueString: next }]),
  ],
});
