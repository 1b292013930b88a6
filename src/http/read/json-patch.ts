import type { Operation } from '@medplum/core';
import { applyPatch } from '@medplum/core';
import type { Resource } from '@medplum/fhirtypes';
import { Anomaly } from '../../model/anomaly.ts';
import { MAX_BODY } from './read-body.ts';
import { MAX_DEPTH } from './read-json.ts';

/** A JSON Patch (RFC 6902), read. */
export type JsonPatch = readonly Operation[];

const MAX_OPERATIONS = 200;
const POINTER = /^(?:\/(?:[^~/]|~[01])*)*$/;
const NAMES = ['add', 'remove', 'replace', 'move', 'copy', 'test'] as const;

const wrong = (index: number, part: string, help: string): Anomaly =>
  new Anomaly('malformed', { at: `patch[${index}]${part}`, code: 'value', help });

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const pointerAt = (operation: Readonly<Record<string, unknown>>, name: 'path' | 'from', index: number): string => {
  const value = operation[name];
  if (typeof value !== 'string' || !POINTER.test(value)) throw wrong(index, `.${name}`, 'is a JSON Pointer (RFC 6901)');
  return value;
};

const operationOf = (value: unknown, index: number): Operation => {
  if (!isObject(value)) throw wrong(index, '', 'is an object with op and path');
  const op = NAMES.find((name) => name === value['op']);
  if (op === undefined) throw wrong(index, '.op', `is one of ${NAMES.join(', ')}`);
  const path = pointerAt(value, 'path', index);
  if (op === 'remove') return { op, path };
  if (op === 'move' || op === 'copy') return { op, path, from: pointerAt(value, 'from', index) };
  if (!('value' in value)) throw wrong(index, '.value', 'is required');
  return { op, path, value: value['value'] };
};

/** Reads a JSON Patch. Throws `malformed` with the place of the operation that cannot be read. */
export const readJsonPatch = (value: unknown): JsonPatch => {
  if (!Array.isArray(value)) throw new Anomaly('malformed', { at: 'patch', help: 'is a list of operations (RFC 6902)' });
  if (value.length > MAX_OPERATIONS) throw new Anomaly('malformed', { at: 'patch', help: `has at most ${MAX_OPERATIONS} operations` });
  return value.map(operationOf);
};

/** A path of plain names and indexes as FHIRPath; any other is not repeated, for it may hold anything. */
const placeOf = (type: string, path: string): string =>
  /^(?:\/(?:[A-Za-z_][A-Za-z]{0,40}|\d{1,4}|-))*$/.test(path)
    ? path
        .split('/')
        .slice(1)
        .reduce((at, part) => (/^\d+$/.test(part) ? `${at}[${part}]` : part === '-' ? at : `${at}.${part}`), type)
    : type;

// What came as JSON is copied as JSON: the library tells arrays by their constructor, which a structured clone may have from elsewhere.
const copyOf = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const stepOf = (text: string): string => text.replaceAll('~1', '/').replaceAll('~0', '~');

/** Applies one operation. The library answers with what went wrong, and throws at names such as `__proto__`. */
const fits = (holder: object, operation: Operation): boolean => {
  try {
    return applyPatch(holder, [operation])[0] === null;
  } catch {
    return false;
  }
};

/** Characters of a value, of which its names and texts are counted, and its levels; neither goes past its bound, however large it is. */
const sizeOf = (value: unknown): { readonly characters: number; readonly depth: number } => {
  const rest: { readonly each: unknown; readonly depth: number }[] = [{ each: value, depth: 1 }];
  let characters = 0;
  let deepest = 0;
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { each, depth } = next;
    characters += typeof each === 'string' ? each.length + 2 : 4;
    deepest = Math.max(deepest, depth);
    if (characters > MAX_BODY || deepest > MAX_DEPTH) break;
    if (typeof each !== 'object' || each === null) continue;
    for (const [name, inner] of Object.entries(each)) {
      if (!Array.isArray(each)) characters += name.length + 3;
      rest.push({ each: inner, depth: depth + 1 });
    }
  }
  return { characters, depth: deepest };
};

/** The value at a pointer; undefined where there is none. */
const valueAt = (whole: unknown, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .map(stepOf)
    .reduce(
      (value: unknown, part) =>
        typeof value === 'object' && value !== null ? Object.entries(value).find(([name]) => name === part)?.[1] : undefined,
      whole,
    );

/** Whether a pointer that ends in a list ends in one of its places (RFC 6901 section 4): the library would write a property of the list. */
const isInPlace = (whole: unknown, pointer: string): boolean => {
  const at = pointer.lastIndexOf('/');
  return at === -1 || !Array.isArray(valueAt(whole, pointer.slice(0, at))) || /^(?:0|[1-9]\d*|-)$/.test(pointer.slice(at + 1));
};

const tooLarge = (help: string): Anomaly => new Anomaly('too-large', { at: 'patch', help });

/**
 * A resource as a patch leaves it; the one that is given stays as it is. Throws `incorrect` with the place of the first operation that
 * does not fit, a `test` that fails among them: then nothing of the patch counts (RFC 6902 section 5).
 */
export const patched = (resource: Resource, patch: JsonPatch): unknown => {
  const holder: { resource: unknown } = { resource: copyOf(resource) };
  // A copy of what was copied doubles it: thirty of them would make gigabytes of a line. All else adds what the patch itself holds.
  let copied = 0;
  for (const operation of patch) {
    if (operation.op === 'copy') {
      const { characters, depth } = sizeOf(valueAt(holder.resource, operation.from));
      copied += characters;
      if (copied > MAX_BODY) throw tooLarge(`copies at most ${MAX_BODY} characters`);
      if (depth > MAX_DEPTH) throw tooLarge(`copies what is nested at most ${MAX_DEPTH} deep`);
    }
    const within = {
      ...copyOf(operation),
      path: `/resource${operation.path}`,
      ...('from' in operation ? { from: `/resource${operation.from}` } : {}),
    };
    const pointers = 'from' in operation ? [operation.path, operation.from] : [operation.path];
    if (pointers.every((pointer) => isInPlace(holder.resource, pointer)) && fits(holder, within)) continue;
    const help = operation.op === 'test' ? 'is not what the test says' : `there is nothing here that could be done with ${operation.op}`;
    throw new Anomaly('incorrect', { at: placeOf(resource.resourceType, operation.path), code: 'processing', help });
  }
  if (sizeOf(holder.resource).depth > MAX_DEPTH) throw tooLarge(`makes nothing that is nested more than ${MAX_DEPTH} deep`);
  return holder.resource;
};
