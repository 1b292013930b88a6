const COMMENTS = 'fhir_comments';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a property holds nothing but remarks: `_name` beside a primitive, or an object that is only that. */
const isBare = (value: unknown): boolean =>
  value === null || (Array.isArray(value) ? value.every(isBare) : isObject(value) && Object.keys(value).length === 0);

/**
 * A resource without `fhir_comments`: DSTU 2 put remarks there, R4 has no such property, and published BaRS messages are full of them.
 * They say nothing to a system. Takes JSON of bounded depth, and leaves everything else as it stands.
 */
export const withoutComments = <T>(value: T): T => strip(value) as T;

const strip = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(strip);
  if (!isObject(value)) return value;
  const kept = Object.entries(value).flatMap(([name, each]) => {
    if (name === COMMENTS) return [];
    const inner = strip(each);
    return name.startsWith('_') && isBare(inner) && !isBare(each) ? [] : [[name, inner] as const];
  });
  return Object.fromEntries(kept);
};
