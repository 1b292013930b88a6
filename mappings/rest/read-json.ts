import { System } from '../../profiles/canonicals.ts';

/** A JSON object that somebody else wrote. */
export type Json = Readonly<Record<string, unknown>>;

/** Whether a Bundle or a DocumentReference is known by the document's identifier. */
export const identifiesDocument = (resource: Json, document: string): boolean =>
  [resource['masterIdentifier'], ...(Array.isArray(resource['identifier']) ? resource['identifier'] : [resource['identifier']])].some(
    (each) => isJson(each) && each['system'] === System.document && each['value'] === document,
  );

/** Whether a value is a JSON object. */
export const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The objects of a list; none where it is no list. */
export const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isJson) : []);
