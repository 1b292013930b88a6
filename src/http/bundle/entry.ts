import type { Bundle, Resource } from '@medplum/fhirtypes';
import { Anomaly } from '../../model/anomaly.ts';
import type { Issue } from '../../model/anomaly.ts';
import { isResource } from '../read/is-resource.ts';
import { findRoute } from '../routes.ts';

/** One entry of a batch or transaction, read. */
export interface Entry {
  readonly index: number;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the base, without its slash: `Patient/example?…`. */
  readonly url: string;
  readonly fullUrl: string | null;
  readonly resource: Resource | null;
  readonly ifMatch: string | null;
  readonly ifNoneMatch: string | null;
  readonly ifNoneExist: string | null;
}

/** One Bundle holds at most this many. */
export const MAX_ENTRIES = 500;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const MAX_URL = 8_192;

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (object: Json, name: string, at: string, issues: Issue[]): string | null => {
  const value = object[name];
  if (value === undefined) return null;
  if (typeof value === 'string' && value.length <= MAX_URL) return value;
  issues.push({ at: `${at}.${name}`, code: 'value', help: 'is a text' });
  return null;
};

const readEntry = (value: unknown, index: number, base: string, issues: Issue[]): Entry | null => {
  const at = `Bundle.entry[${index}]`;
  const request = isObject(value) ? value['request'] : null;
  if (!isObject(value) || !isObject(request)) {
    issues.push({ at: `${at}.request`, code: 'required', help: 'says what to do: method and url' });
    return null;
  }
  const method = METHODS.find((each) => each === request['method']);
  if (method === undefined) issues.push({ at: `${at}.request.method`, code: 'value', help: `is one of ${METHODS.join(', ')}` });
  const url = textOf(request, 'url', `${at}.request`, issues);
  if (url === null) issues.push({ at: `${at}.request.url`, code: 'required', help: 'is required' });
  const { resource } = value;
  if (resource !== undefined && !isResource(resource))
    issues.push({ at: `${at}.resource`, code: 'structure', help: 'is a resource: a JSON object with its resourceType' });
  const isSending = method === 'POST' || method === 'PUT' || method === 'PATCH';
  if (isSending && resource === undefined) issues.push({ at: `${at}.resource`, code: 'required', help: `is what ${method} sends` });
  const fullUrl = textOf(value, 'fullUrl', at, issues);
  const ifMatch = textOf(request, 'ifMatch', `${at}.request`, issues);
  const ifNoneMatch = textOf(request, 'ifNoneMatch', `${at}.request`, issues);
  const ifNoneExist = textOf(request, 'ifNoneExist', `${at}.request`, issues);
  if (method === undefined || url === null) return null;
  const path = (url.startsWith(`${base}/`) ? url.slice(base.length) : url).replace(/^\/+/, '');
  return { index, method, url: path, fullUrl, resource: isResource(resource) ? resource : null, ifMatch, ifNoneMatch, ifNoneExist };
};

/** The resource that an address names, however it is spelled; the address itself where it names none. */
const namedBy = (method: string, url: string): string => {
  const path = `/fhir/${url.split('?')[0] ?? ''}`;
  try {
    const matched = findRoute(method, path);
    return matched === null || matched.id === '' ? url : `${matched.type}/${matched.id}`;
  } catch (error) {
    // What cannot be read is refused where the entry is judged.
    if (error instanceof Anomaly) return url;
    throw error;
  }
};

/** Finds two entries that name the same resource: which of them should win, nobody can say. */
const checkDistinct = (entries: readonly Entry[], issues: Issue[]): void => {
  const seen = new Set<string>();
  for (const { index, method, url, fullUrl } of entries) {
    const named = [
      ...(method === 'PUT' || method === 'PATCH' || method === 'DELETE' ? [`at ${namedBy(method, url)}`] : []),
      ...(fullUrl !== null && method !== 'GET' && method !== 'HEAD' ? [`as ${fullUrl}`] : []),
    ];
    if (named.some((each) => seen.has(each)))
      issues.push({ at: `Bundle.entry[${index}]`, code: 'duplicate', help: 'is about the same resource as an entry before it' });
    for (const each of named) seen.add(each);
  }
};

/** Reads the entries of a batch or transaction; an address may begin with `base`. Throws `incorrect` with every place that cannot be done, `too-large` for too many. */
export const readEntries = (bundle: Bundle, base: string): readonly Entry[] => {
  const list: unknown = bundle.entry ?? [];
  if (!Array.isArray(list)) throw new Anomaly('malformed', { at: 'Bundle.entry', help: 'is a list' });
  if (list.length > MAX_ENTRIES) throw new Anomaly('too-large', { at: 'Bundle.entry', help: `has at most ${MAX_ENTRIES} entries` });
  const issues: Issue[] = [];
  const entries = list.flatMap((value: unknown, index) => readEntry(value, index, base, issues) ?? []);
  if (bundle.type === 'transaction') checkDistinct(entries, issues);
  if (issues.length > 0) throw new Anomaly('incorrect', issues);
  return entries;
};
