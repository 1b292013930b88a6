import fc from 'fast-check';
import { changedAt, isObject, type Json, type JsonObject, placesOf, valueAt, type Way } from './json.ts';
import { kinOf, NAMES, oddValue, pickFrom } from './odd-values.ts';
import { VALID } from './valid-resources.ts';

/** One change of a value: what is done, at which of its places. */
export interface Mutation {
  readonly how:
    | 'kin'
    | 'replace'
    | 'remove'
    | 'double'
    | 'wrap'
    | 'unwrap'
    | 'rename'
    | 'insert'
    | 'graft'
    | 'append'
    | 'refer'
    | 'shuffle';
  readonly pick: number;
  readonly other: number;
  readonly name: string;
  readonly value: Json;
}

export const mutation: fc.Arbitrary<Mutation> = fc.record({
  how: fc.constantFrom(
    ...([
      'kin',
      'kin',
      'kin',
      'kin',
      'kin',
      'kin',
      'replace',
      'replace',
      'replace',
      'remove',
      'remove',
      'double',
      'wrap',
      'unwrap',
      'rename',
      'insert',
      'graft',
      'append',
      'refer',
      'shuffle',
    ] as const),
  ),
  pick: fc.nat(),
  other: fc.nat(),
  name: fc.constantFrom(...NAMES),
  value: oddValue,
});

/** A part of another valid resource. */
const grafted = (pick: number): Json => {
  const from = pickFrom(VALID, pick)?.resource ?? {};
  return valueAt(from, pickFrom(placesOf(from), Math.floor(pick / 7)) ?? []);
};

const doubled = (at: Json, pick: number): Json => {
  if (Array.isArray(at)) return Array.from({ length: 1 + (pick % 3 === 0 ? 30 : 1) }, () => at as readonly Json[]).flat();
  return typeof at === 'string' ? at + at : [at, at];
};

const isReferring = (way: Way): boolean => way.at(-1) === 'reference' || way.at(-1) === 'url' || way.at(-1) === 'system';

/** A value with one change. */
export const mutated = (whole: Json, { how, pick, other, name, value }: Mutation): Json => {
  const all = placesOf(whole);
  const places =
    how === 'kin'
      ? all.filter((way) => typeof valueAt(whole, way) !== 'object')
      : how === 'refer'
        ? all.filter(isReferring)
        : how === 'insert' || how === 'rename'
          ? all.filter((way) => isObject(valueAt(whole, way)))
          : all;
  const way = pickFrom(places, pick);
  if (way === undefined) return whole;
  const change = (at: Json): Json | undefined => {
    switch (how) {
      case 'kin':
        return kinOf(at, other);
      case 'replace':
        return value;
      case 'remove':
        return undefined;
      case 'double':
        return doubled(at, other);
      case 'wrap':
        return other % 2 === 0 ? [at] : { [name]: at };
      case 'unwrap':
        return Array.isArray(at) ? (at[0] ?? null) : isObject(at) ? (Object.values(at)[0] ?? null) : value;
      case 'rename': {
        if (!isObject(at)) return at;
        const entries = Object.entries(at);
        return Object.fromEntries(
          entries.map(([each, inner], index) => [index === other % Math.max(entries.length, 1) ? name : each, inner]),
        );
      }
      case 'insert':
        return isObject(at) ? Object.fromEntries([...Object.entries(at), [name, value]]) : at;
      case 'graft':
        return grafted(other);
      case 'append':
        return typeof at === 'string' ? at + String(typeof value === 'string' ? value : name) : value;
      case 'refer':
        return typeof value === 'string' ? value : `Patient/${name}`;
      case 'shuffle':
        return Array.isArray(at)
          ? [...(at as readonly Json[])].reverse()
          : isObject(at)
            ? Object.fromEntries(Object.entries(at).reverse())
            : at;
      default:
        return how satisfies never;
    }
  };
  return changedAt(whole, way, change) ?? null;
};

/** A valid resource with its changes, and which it was. */
export interface Mutated {
  readonly of: number;
  readonly mutations: readonly Mutation[];
}

/** None for one in six: what is valid must be taken, and the rest of the request is odd then. */
export const mutatedResource: fc.Arbitrary<Mutated> = fc.record({
  of: fc.nat({ max: VALID.length - 1 }),
  mutations: fc.oneof(
    { weight: 1, arbitrary: fc.constant<Mutation[]>([]) },
    { weight: 4, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(mutation, { minLength: 2, maxLength: 5 }) },
  ),
});

/** The resource that a description stands for, under an id. */
export const resourceOf = ({ of, mutations }: Mutated, id: string | null): Json => {
  const { resource } = VALID[of] ?? { resource: {} };
  const named: JsonObject = id === null ? resource : { ...resource, id };
  return mutations.reduce<Json>(mutated, named);
};
