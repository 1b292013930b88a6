/** A JSON value, as a body holds it. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

/** The way from the top of a value to a place in it. */
export type Way = readonly (string | number)[];

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** Every place in a value, the whole of it first. */
export const placesOf = (value: Json, way: Way = []): readonly Way[] => {
  if (isList(value)) return [way, ...value.flatMap((each, index) => placesOf(each, [...way, index]))];
  if (isObject(value)) return [way, ...Object.entries(value).flatMap(([name, each]) => placesOf(each ?? null, [...way, name]))];
  return [way];
};

/** What stands at a place. */
export const valueAt = (value: Json, way: Way): Json =>
  way.reduce<Json>((at, step) => {
    if (isList(at)) return at[Number(step)] ?? null;
    return isObject(at) ? (at[step] ?? null) : null;
  }, value);

/** A value with what `change` makes of a place in it: undefined leaves it out. `Object.fromEntries` sets any name, `__proto__` too. */
export const changedAt = (value: Json, way: Way, change: (at: Json) => Json | undefined): Json | undefined => {
  const [first, ...rest] = way;
  if (first === undefined) return change(value);
  if (isList(value))
    return value.map((each, index) => (index === first ? changedAt(each, rest, change) : each)).filter((each) => each !== undefined);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]): [string, Json][] => {
      if (name !== first) return each === undefined ? [] : [[name, each]];
      const changed = changedAt(each ?? null, rest, change);
      return changed === undefined ? [] : [[name, changed]];
    }),
  );
};
