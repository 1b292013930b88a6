import type { Received } from '../support/fake-recipient.ts';
import type { Kind, Person, State } from './person.ts';
import type { Town } from './town.ts';

/** Every version's words, in what a recipient got. */
const MARKER = /Marker p\d+-v\d+\./g;

/** `kind: number, marker` of each document that lies at a recipient; police keep no number. */
export const held = (town: Town): readonly string[] => {
  const push = (['epr', 'ed', 'ambulance'] as const).flatMap((kind) =>
    town[kind].holds().map(({ person, text }) => `${kind}: ${person} ${markersOf(text).join('+')}`),
  );
  const police = [...town.police.holds().values()].map((text) => `police: - ${markersOf(text).join('+')}`);
  const line = town.crisisLine.holds().map(({ person }) => `crisis-line: ${person}`);
  return [...push, ...police, ...line].sort();
};

/** The same, as the scenario says that it should be. */
export const due = (people: readonly Person[]): readonly string[] =>
  people.flatMap(({ last }) => [...last.mayHold].map((kind) => `${kind}: ${kind === 'police' ? '-' : last.number} ${last.marker}`)).sort();

const markersOf = (text: string): readonly string[] => [...new Set(text.match(MARKER) ?? [])];

/** What is in one list and not in the other, for a failure that can be read. */
export const difference = (is: readonly string[], should: readonly string[]) => {
  const [have, want] = [new Set(is), new Set(should)];
  return {
    tooMuch: is.filter((each) => !want.has(each)),
    missing: should.filter((each) => !have.has(each)),
    twice: is.filter((each, index) => is.indexOf(each) !== index),
  };
};

/** Contents that came to a recipient when no state of the scenario allowed it: I1, and misdelivery. `grace`: milliseconds after a revocation's 200. */
export const misdeliveries = (town: Town, people: readonly Person[], grace: number): readonly string[] => {
  const byMarker = new Map<string, State[]>();
  for (const { states } of people) for (const state of states) byMarker.set(state.marker, [...(byMarker.get(state.marker) ?? []), state]);
  const allowed = (kind: Kind, marker: string, from: number, at: number, number: string | null, slack: number): boolean =>
    (byMarker.get(marker) ?? []).some(
      (state) => state.mayHold.has(kind) && state.from <= at && from <= state.until + slack && (number === null || state.number === number),
    );
  const wrong = (kind: Kind, { at, person, bytes, id }: Received, text: string): readonly string[] => {
    const markers = markersOf(text);
    if (markers.length !== 1) return [`${kind}: ${markers.length} versions in message ${id}: ${bytes.slice(0, 80)}`];
    return markers
      .filter((marker) => !allowed(kind, marker, at, at, person, grace))
      .map(
        (marker) =>
          `${kind}: ${marker} under ${person} at ${at}; ${JSON.stringify(byMarker.get(marker)?.map((state) => ({ ...state, mayHold: [...state.mayHold] })))}`,
      );
  };
  const pushed = (['epr', 'ed', 'ambulance'] as const).flatMap((kind) =>
    town[kind]
      .received()
      .filter((message) => message.kind === 'update')
      .flatMap((message) => wrong(kind, message, message.bytes)),
  );
  const read = town.police
    .reads()
    .flatMap(({ text, askedAt, answeredAt }) =>
      (text === null ? [] : markersOf(text))
        .filter((marker) => !allowed('police', marker, askedAt, answeredAt, null, 0))
        .map((marker) => `police read ${marker} at ${askedAt}`),
    );
  const line = town.crisisLine.received().map(({ kind }) => `crisis-line received ${kind}`);
  return [...pushed, ...read, ...line];
};

/** NHS numbers that came to police by any road. */
export const numbersAtPolice = (town: Town, people: readonly Person[]): number => {
  const numbers = people.flatMap(({ states }) => states.map((state) => state.number));
  const all = [...town.police.reads().map(({ text }) => text ?? ''), ...town.police.hook.notifications().map(({ bytes }) => bytes)];
  return numbers.filter((number) => all.some((text) => text.includes(number))).length;
};
