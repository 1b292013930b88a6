import type { Resource } from '@medplum/fhirtypes';
import { Anomaly } from '../../model/anomaly.ts';
import { theOne } from '../conditional.ts';
import type { Door, Exchange } from '../exchange.ts';
import { findRoute } from '../routes.ts';
import type { Entry } from './entry.ts';
import { placed } from './placed.ts';
import { toExchange } from './to-exchange.ts';

/** An entry whose references to others of its Bundle are those that will stand, and the id of what it creates. */
export interface Resolved {
  readonly entry: Entry;
  readonly newId: string | null;
}

/** Elements whose values refer (R4 http, transaction: Reference.reference, uri, url, oid, uuid). */
const REFERRING = /^(?:reference|uri|url|value(?:Uri|Url|Uuid|Oid|Canonical))$/;

type Change = (text: string) => string;

const changed = (value: unknown, key: string, change: Change): unknown => {
  if (typeof value === 'string') return REFERRING.test(key) ? change(value) : value;
  if (Array.isArray(value)) return value.map((each: unknown) => changed(each, key, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, changed(each, name, change)]));
};

// The shape stays: only texts change.
const rewritten = (resource: Resource, change: Change): Resource => changed(resource, '', change) as Resource;

const referencesIn = (value: unknown, found: Set<string>): void => {
  if (Array.isArray(value)) for (const each of value) referencesIn(each, found);
  else if (typeof value === 'object' && value !== null)
    for (const [name, each] of Object.entries(value)) {
      if (name === 'reference' && typeof each === 'string') found.add(each);
      else referencesIn(each, found);
    }
};

/** `Type?condition` (R4 http, conditional references). */
const CONDITION = /^([A-Z][A-Za-z]+)\?(.+)$/s;

/** An entry as it can be judged before its conditions are met: each stands for a reference to some resource of its type. */
export const asIfMet = (entry: Entry): Entry =>
  entry.resource === null
    ? entry
    : { ...entry, resource: rewritten(entry.resource, (text) => text.replace(CONDITION, (_, type: string) => `${type}/of-a-condition`)) };

/** What an entry will be known as: the one that its condition names, the one in its address, or one that is new. */
const identityOf = async (
  exchange: Exchange,
  door: Door,
  entry: Entry,
): Promise<{ readonly name: string | null; readonly newId: string | null }> => {
  const matched = findRoute(entry.method, `/fhir/${entry.url.split('?')[0] ?? ''}`);
  if (matched === null) return { name: null, newId: null };
  const { type, id, route } = matched;
  if (id !== '') return { name: `${type}/${id}`, newId: null };
  if (route.interaction !== 'create' && route.interaction !== 'update') return { name: null, newId: null };
  const one = { ...toExchange(exchange, entry, null), route: matched };
  const condition = route.interaction === 'update' ? one.query : entry.ifNoneExist;
  const found =
    condition === null ? null : await theOne(door, one, type, condition, route.interaction === 'update' ? 'path' : 'If-None-Exist');
  if (found !== null) return { name: `${type}/${found.id}`, newId: null };
  const sentId = route.interaction === 'update' ? entry.resource?.id : undefined;
  const newId = sentId ?? door.newId();
  return { name: `${type}/${newId}`, newId };
};

/** What is wrong with a condition stands in the resource that refers by it. */
const inResource = (fault: unknown, { index }: Entry): unknown =>
  fault instanceof Anomaly
    ? new Anomaly(
        fault.category,
        fault.issues.map((issue) => ({ ...issue, at: `Bundle.entry[${index}].resource` })),
      )
    : fault;

/** Resolves what entries of a transaction call each other by: full URLs, and conditions. Throws `stale` or `incorrect` with the place. */
export const withReferences = async (exchange: Exchange, door: Door, entries: readonly Entry[]): Promise<readonly Resolved[]> => {
  const names = new Map<string, string>();
  const ids: (string | null)[] = [];
  for (const entry of entries) {
    try {
      const { name, newId } = await identityOf(exchange, door, entry);
      ids.push(newId);
      if (name !== null && entry.fullUrl !== null) names.set(entry.fullUrl, name);
    } catch (fault) {
      throw placed(fault, entry.index);
    }
  }
  const resolved: Resolved[] = [];
  for (const [place, entry] of entries.entries()) {
    const newId = ids[place] ?? null;
    if (entry.resource === null) {
      resolved.push({ entry, newId });
      continue;
    }
    const found = new Set<string>();
    referencesIn(entry.resource, found);
    for (const reference of found) {
      const [, type = '', query = ''] = CONDITION.exec(reference) ?? [];
      if (type === '') continue;
      const one = await theOne(door, exchange, type, query, 'path').catch((fault: unknown) => {
        throw inResource(fault, entry);
      });
      if (one === null)
        throw new Anomaly('stale', { at: `Bundle.entry[${entry.index}].resource`, help: 'has a conditional reference that nothing meets' });
      names.set(reference, `${type}/${one.id}`);
    }
    const resource = rewritten(entry.resource, (text) => names.get(text) ?? text);
    resolved.push({ entry: { ...entry, resource }, newId });
  }
  return resolved;
};
