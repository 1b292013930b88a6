import type { Issue } from '../../model/anomaly.ts';

const MOST = 20;

const isEmpty = (value: unknown): boolean =>
  value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);

/**
 * Where a resource says nothing: R4 JSON knows no empty string, array or object, and `null` only to keep a place in an array of primitives. What
 * reads an empty value as absent and what does not would each see another resource. Takes JSON of bounded depth.
 */
export const emptyValues = (value: unknown, at: string): readonly Issue[] => {
  const found: Issue[] = [];
  const look = (each: unknown, here: string, inArray: boolean): void => {
    if (found.length >= MOST) return;
    if (isEmpty(each) || (each === null && !inArray)) found.push({ at: here, code: 'structure', help: 'is empty: leave it out' });
    else if (Array.isArray(each)) each.forEach((inner: unknown, index) => look(inner, `${here}[${index}]`, true));
    // A name that is not one of FHIR is not repeated: it is refused by the validation that follows.
    else if (typeof each === 'object' && each !== null)
      for (const [name, inner] of Object.entries(each))
        look(inner, /^_?[a-z][A-Za-z0-9]{0,63}$/.test(name) ? `${here}.${name}` : here, false);
  };
  look(value, at, false);
  return found;
};
