import type { Parameters, ParametersParameter } from '@medplum/fhirtypes';
import type { Instant } from '../../src/model/instant.ts';
import type { Desired } from '../../src/model/ledger.ts';
import { holds } from '../../src/model/ledger.ts';
import type { Ground, PastNote } from '../../src/model/sharing.ts';
import { toFhirInstant } from '../time.ts';
import { NOTE_WORDS } from './plain-words.ts';
import type { SharedWith } from './to-sharing.ts';

/** One decision with what it read. */
export interface Explanation extends SharedWith {
  readonly grounds: readonly Ground[];
  readonly now: Instant;
  /** Of a past instant. */
  readonly notes?: readonly PastNote[];
}

/** A decision in one word. */
export const answerOf = (want: Desired): string => (holds(want) ? 'hold' : 'freeze' in want ? 'freeze' : 'nothing');
const code = (name: string, valueCode: string | null): ParametersParameter[] => (valueCode === null ? [] : [{ name, valueCode }]);

/** What `CarePlan/[id]/$explain` answers: each gate in its order, the facts that were read, and the answer. */
export const toExplanation = ({ explained, grounds, at, now, notes = [] }: Explanation): Parameters => {
  const { want, gates, withheld } = explained;
  return {
    resourceType: 'Parameters',
    parameter: [
      { name: 'at', valueInstant: toFhirInstant(now) },
      { name: 'answer', valueCode: answerOf(want) },
      ...(holds(want) ? [] : code('because', want.because)),
      ...(holds(want) ? code('purpose', want.purpose) : []),
      ...(holds(want) ? want.headings.flatMap((heading) => code('heading', heading)) : []),
      ...(want.until === null ? [] : [{ name: 'until', valueInstant: toFhirInstant(want.until) }]),
      ...withheld.map(({ heading, by }) => ({ name: 'withheld', part: [...code('heading', heading), ...code('by', by)] })),
      ...gates.map(({ gate, outcome, because }) => ({
        name: 'gate',
        part: [...code('gate', gate), ...code('outcome', outcome), ...code('because', because)],
      })),
      ...grounds.map(({ reference, hash }) => ({
        name: 'fact',
        part: [
          { name: 'reference', valueReference: { reference } },
          { name: 'hash', valueString: hash },
        ],
      })),
      ...at.map(({ channel, wanted }) => ({
        name: 'address',
        part: [...code('channel', channel), ...code('answer', answerOf(wanted)), ...(holds(wanted) ? [] : code('because', wanted.because))],
      })),
      ...notes.map((note) => ({ name: 'note', valueString: NOTE_WORDS[note] })),
    ],
  };
};
