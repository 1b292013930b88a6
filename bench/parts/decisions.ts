import { desired } from '../../src/decide/desired.ts';
import type { Facts } from '../../src/model/facts.ts';
import { consent, deny, facts, NOW, permit } from '../../test/decide/sample.ts';
import { median, quantile, short } from '../measure/figures.ts';
import { tell } from '../measure/verdict.ts';
import type { Part } from './part.ts';

const ROUNDS = 5;
const DECISIONS = 5_000;
const COUNTS = [1, 10, 200] as const;

/** A person who has said as much: permits by turns for the kind, the organisation and others, each superseded by none, and a deny of one heading among ten. */
const factsOf = (count: number): Facts =>
  facts({
    consents: Array.from({ length: count }, (_each, index) =>
      consent(`c${index}`, [
        index % 10 === 9
          ? deny({ headings: ['medicines'] })
          : permit({ actors: [index % 2 === 0 ? { is: 'kind', kind: 'ed' } : { is: 'organization', ods: 'OTHER' }] }),
      ]),
    ),
  });

/** Microseconds of each of so many runs. */
const timesOf = (run: () => unknown): readonly number[] =>
  Array.from({ length: DECISIONS }, () => {
    const startedAt = performance.now();
    run();
    return (performance.now() - startedAt) * 1_000;
  });

/** What one decision costs, by the number of the person's consents, beside reading the same facts from JSON: what comes before each. */
export const decisions: Part = async ({ say }) => {
  const rounds = new Map<number, { readonly p50: number; readonly p99: number; readonly parsed: number }[]>();
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const count of COUNTS) {
      const given = factsOf(count);
      const text = JSON.stringify(given);
      const parsed = median(timesOf(() => JSON.parse(text)));
      const times = timesOf(() => desired(given, NOW));
      const one = { p50: median(times), p99: quantile(times, 0.99), parsed };
      // The first warms up.
      if (round >= 0) rounds.set(count, [...(rounds.get(count) ?? []), one]);
      say(`a decision over ${count} consents: p50 ${short(one.p50)} us, p99 ${short(one.p99)} us; read from JSON ${short(one.parsed)} us`);
    }
  }
  return COUNTS.map((count) => {
    const figures = rounds.get(count) ?? [];
    const of = (name: 'p50' | 'p99' | 'parsed'): string => short(median(figures.map((each) => each[name])));
    return tell(
      `a decision over ${count} consents, of reading its facts from JSON`,
      figures.map(({ p50, parsed }) => p50 / parsed),
      `p50 ${of('p50')} us, p99 ${of('p99')} us; JSON ${of('parsed')} us`,
    );
  });
};
