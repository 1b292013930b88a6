import type { Parameters, ParametersParameter } from '@medplum/fhirtypes';
import type { Explained } from '../../src/decide/explain.ts';
import { chaseEndOf, type EndedByHand, RETENTION_BASES } from '../../src/model/chase-end.ts';
import type { Instant } from '../../src/model/instant.ts';
import { holds } from '../../src/model/ledger.ts';
import type { NamedRecipient, SharedAt } from '../../src/model/sharing.ts';
import { toFhirInstant } from '../time.ts';
import { BECAUSE_WORDS, day, PURPOSE_WORDS, titles, toService } from './plain-words.ts';

/** How a plan is shared with one service. */
export interface SharedWith {
  readonly carePlanId: string | null;
  readonly recipient: NamedRecipient;
  readonly explained: Explained;
  readonly at: readonly SharedAt[];
  /** Until when it may hold a list that says that there is a plan; null or left out where it holds none. */
  readonly listedUntil?: Instant | null;
}

const seesOf = ({ explained: { want } }: SharedWith): string => {
  if (holds(want)) return `May see: ${titles(want.headings)}.`;
  const frozen = 'freeze' in want ? 'Sees nothing new' : 'May see nothing';
  return `${frozen}: ${BECAUSE_WORDS[want.because]}.`;
};

const whyOf = ({ explained: { want } }: SharedWith): string | null =>
  holds(want) ? `You permit it, and an agreement with them allows it ${PURPOSE_WORDS[want.purpose]}.` : null;

/** What cannot be disproved, they hold; nobody is ever said to have erased anything. */
const holdsOf = ({ recipient, at }: SharedWith): string => {
  const held = at.flatMap((each) => each.held);
  const isKept = at.some(({ askedBack }) => chaseEndOf(askedBack?.because ?? null)?.level === 'retained-by-law');
  if (held.length === 0 && isKept) return 'Keeps a copy that the law has it keep, and may not use it.';
  if (held.length === 0) return recipient.retains ? 'Holds nothing that the broker knows of.' : 'Reads it and keeps no copy.';
  return held
    .map(({ state, headings, since }) => {
      const how = state === 'held' ? 'Holds a copy' : 'May still hold a copy';
      return `${how}${since === null ? '' : `, since ${day(since)}`}: ${titles(headings)}.`;
    })
    .join(' ');
};

/** Nobody can call such a list back, and the person is told so. */
const listedOf = ({ listedUntil }: SharedWith): string | null =>
  listedUntil == null
    ? null
    : `May hold until ${day(listedUntil)} a list, for use without a connection, that says that there is a plan, and nothing of it. It cannot be called back, and ends by itself.`;

const ANSWERS: Readonly<Record<NonNullable<SharedAt['askedBack']>['outcome'], string>> = {
  open: 'is being asked now',
  accepted: 'said that it has',
  refused: 'refused',
  unknown: 'has not said so yet, and is asked again',
};

/** By hand: nobody heard it from the recipient's own system, and the person is told so. */
const byHandOf = ({ level, basis }: EndedByHand, on: string): string => {
  switch (level) {
    case 'attested':
      return `On ${on} somebody who is named in the record attested, having checked, that they have given it up.`;
    case 'retained-by-law':
      return `On ${on} it was recorded that they keep it by law: ${basis === null ? 'the basis is not known' : RETENTION_BASES[basis]}. They are not asked for it any more.`;
    case 'use-stopped':
      return `On ${on} it was recorded that they cannot remove it and have stopped using it. They are not asked for it any more.`;
    default:
      return level satisfies never;
  }
};

const askedOf = ({ at }: SharedWith): readonly string[] =>
  at.flatMap(({ askedBack }) => {
    if (askedBack === null) return [];
    const byHand = chaseEndOf(askedBack.because);
    return byHand !== null
      ? [byHandOf(byHand, day(askedBack.at))]
      : [
          `Was asked on ${day(askedBack.at)} to give it up, and ${ANSWERS[askedBack.outcome]}${askedBack.because === null ? '' : ` (${askedBack.because})`}.`,
        ];
  });

const text = (name: string, valueString: string | null): ParametersParameter[] => (valueString === null ? [] : [{ name, valueString }]);

/** What `Patient/[id]/$sharing` answers: in plain words, and in codes beside them. */
export const toSharing = (shared: readonly SharedWith[]): Parameters => {
  const parameter = shared.map((one): ParametersParameter => {
    const { recipient, carePlanId, explained, at } = one;
    const { want } = explained;
    const since = at.flatMap(({ held }) => held.flatMap((each) => each.since ?? []));
    return {
      name: 'organization',
      part: [
        toService(recipient),
        { name: 'kind', valueCode: recipient.kind },
        ...(carePlanId === null ? [] : [{ name: 'plan', valueReference: { reference: `CarePlan/${carePlanId}` } }]),
        { name: 'sees', valueString: seesOf(one) },
        ...(holds(want)
          ? want.headings.map((heading) => ({ name: 'heading', valueCode: heading }))
          : [{ name: 'because', valueCode: want.because }]),
        ...text('why', whyOf(one)),
        { name: 'holds', valueString: holdsOf(one) },
        ...text('listed', listedOf(one)),
        ...(since.length === 0 ? [] : [{ name: 'since', valueInstant: toFhirInstant(Math.min(...since)) }]),
        ...askedOf(one).flatMap((each) => text('asked', each)),
      ],
    };
  });
  return { resourceType: 'Parameters', ...(parameter.length === 0 ? {} : { parameter }) };
};
