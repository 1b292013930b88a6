import { isJson } from '../rest/read-json.ts';

/** The frozen pointer with what it takes the place of: pointers that are known only when they have been found. Without any, the text as it is. */
export const withReplaced = (body: string, ids: readonly string[]): string => {
  if (ids.length === 0) return body;
  const pointer: unknown = JSON.parse(body);
  if (!isJson(pointer)) throw new Error('a pointer is an object');
  const relatesTo = ids.map((value) => ({ code: 'replaces', target: { type: 'DocumentReference', identifier: { value } } }));
  return JSON.stringify({ ...pointer, relatesTo });
};
