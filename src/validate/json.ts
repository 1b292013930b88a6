/** A JSON object, before anything is known of it. */
export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The elements of an array, none for anything else. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The objects in an array, each with its index. */
export const objectsOf = (value: unknown): readonly (readonly [JsonObject, number])[] =>
  listOf(value).flatMap((each, index) => (isObject(each) ? [[each, index] as const] : []));
