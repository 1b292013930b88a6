import type { Resource } from '@medplum/fhirtypes';
import { Anomaly } from '../../model/anomaly.ts';
import { type ConditionPlace, theOne } from '../conditional.ts';
import type { Door, Exchange } from '../exchange.ts';
import { findRoute, type Matched } from '../routes.ts';
import type { Entry } from './entry.ts';
import { placed } from './placed.ts';
import { toExchange } from './to-exchange.ts';

/** What an entry will be known as: the one in its address, one that is new, or, unless nothing meets it, the one that its condition names. */
type Identity =
  | { readonly is: 'none'; readonly newId: null }
  | { readonly is: 'known'; readonly name: string; readonly newId: string | null }
  | {
      readonly is: 'conditional';
      readonly route: Matched;
      readonly condition: string;
      readonly place: ConditionPlace;
      /** Of what it creates where nothing meets the condition. */
      readonly newId: string;
    };

/** An entry of a transaction whose references to others of its Bundle are those that will stand, and the id of what it creates. */
export interface Resolved {
  readonly sent: Entry;
  readonly entry: Entry;
  readonly identity: Identity;
  readonly newId: string | null;
  /** `Type/id` by which others of the Bundle refer to it; null where none does, or it is not known yet. */
  readonly referredAs: string | null;
  /** Whether nothing in it hangs on a condition: what is judged before the transaction is what is done in it. */
  readonly isFinal: boolean;
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

/** Each is a search of a millisecond or more, while the transaction holds what others wait for. */
const MOST_CONDITIONS = 500;

/** Stands for the id of a resource that a condition names, until it is met: its type is all that can be judged before. */
const STAND_IN = 'of-a-condition';

const identityOf = (entry: Entry, newId: () => string): Identity => {
  const matched = findRoute(entry.method, `/fhir/${entry.url.split('?')[0] ?? ''}`);
  if (matched === null) return { is: 'none', newId: null };
  const { type, id, route } = matched;
  if (id !== '') return { is: 'known', name: `${type}/${id}`, newId: null };
  if (route.interaction !== 'create' && route.interaction !== 'update') return { is: 'none', newId: null };
  const isUpdate = route.interaction === 'update';
  const chosen = (isUpdate ? entry.resource?.id : undefined) ?? newId();
  const condition = isUpdate ? entry.url.split('?').slice(1).join('?') : entry.ifNoneExist;
  return condition === null
    ? { is: 'known', name: `${type}/${chosen}`, newId: chosen }
    : { is: 'conditional', route: matched, condition, place: isUpdate ? 'path' : 'If-None-Exist', newId: chosen };
};

/** What is wrong with a condition stands in the resource that refers by it. */
const inResource = (fault: unknown, { index }: Entry): unknown =>
  fault instanceof Anomaly
    ? new Anomaly(
        fault.category,
        fault.issues.map((issue) => ({ ...issue, at: `Bundle.entry[${index}].resource` })),
      )
    : fault;

/** Resolves what entries of a transaction call each other by as far as that can be said before anything is read. */
export const beforeConditions = (entries: readonly Entry[], newId: () => string): readonly Resolved[] => {
  const names = new Map<string, string>();
  const standIns = new Map<string, string>();
  const referred = new Set<string>();
  for (const { resource } of entries) referencesIn(resource, referred);
  const identities = entries.map((sent) => {
    const identity = identityOf(sent, newId);
    if (sent.fullUrl !== null && identity.is === 'known') names.set(sent.fullUrl, identity.name);
    if (sent.fullUrl !== null && identity.is === 'conditional') standIns.set(sent.fullUrl, `${identity.route.type}/${STAND_IN}`);
    return { sent, identity };
  });
  return identities.map(({ sent, identity }) => {
    let isFinal = identity.is !== 'conditional';
    const change = (text: string): string => {
      const name = names.get(text);
      if (name !== undefined) return name;
      const standIn = standIns.get(text) ?? text.replace(CONDITION, (_, type: string) => `${type}/${STAND_IN}`);
      if (standIn !== text) isFinal = false;
      return standIn;
    };
    const entry = sent.resource === null ? sent : { ...sent, resource: rewritten(sent.resource, change) };
    const referredAs = identity.is === 'known' && sent.fullUrl !== null && referred.has(sent.fullUrl) ? identity.name : null;
    return { sent, entry, identity, newId: identity.newId, referredAs, isFinal };
  });
};

/** What each entry is known as, once its condition is met. */
const nameOf = async (exchange: Exchange, door: Door, { sent, identity }: Resolved): Promise<string | null> => {
  if (identity.is !== 'conditional') return identity.is === 'known' ? identity.name : null;
  const { route, condition, place, newId } = identity;
  const one = { ...toExchange(exchange, sent, null), route };
  const found = await theOne(door, one, route.type, condition, place);
  return `${route.type}/${found?.id ?? newId}`;
};

/** Resolves what hangs on conditions. Throws `stale` or `incorrect` with the place. */
export const withConditions = async (
  exchange: Exchange,
  door: Door,
  all: readonly Resolved[],
  checkTime: () => void,
): Promise<readonly Resolved[]> => {
  if (all.every(({ isFinal }) => isFinal)) return all;
  const names = new Map<string, string>();
  for (const one of all) {
    checkTime();
    try {
      const name = await nameOf(exchange, door, one);
      if (name !== null && one.sent.fullUrl !== null) names.set(one.sent.fullUrl, name);
    } catch (fault) {
      throw placed(fault, one.sent.index);
    }
  }
  const referred = new Set<string>();
  for (const { sent } of all) referencesIn(sent.resource, referred);
  const resolved: Resolved[] = [];
  let conditions = 0;
  for (const each of all) {
    const { sent, isFinal } = each;
    const one = { ...each, referredAs: sent.fullUrl !== null && referred.has(sent.fullUrl) ? (names.get(sent.fullUrl) ?? null) : null };
    if (isFinal || sent.resource === null) {
      resolved.push(one);
      continue;
    }
    const found = new Set<string>();
    referencesIn(sent.resource, found);
    for (const reference of found) {
      const [, type = '', query = ''] = CONDITION.exec(reference) ?? [];
      if (type === '' || names.has(reference)) continue;
      conditions += 1;
      checkTime();
      if (conditions > MOST_CONDITIONS)
        throw new Anomaly('too-large', {
          at: `Bundle.entry[${sent.index}].resource`,
          help: `a transaction has at most ${MOST_CONDITIONS} conditional references`,
        });
      const met = await theOne(door, exchange, type, query, 'path').catch((fault: unknown) => {
        throw inResource(fault, sent);
      });
      if (met === null)
        throw new Anomaly('stale', { at: `Bundle.entry[${sent.index}].resource`, help: 'has a conditional reference that nothing meets' });
      names.set(reference, `${type}/${met.id}`);
    }
    const resource = rewritten(sent.resource, (text) => names.get(text) ?? text);
    resolved.push({ ...one, entry: { ...sent, resource } });
  }
  return resolved;
};
