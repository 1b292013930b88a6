import type { Composition, Consent, RelatedPerson, Resource } from '@medplum/fhirtypes';
import { fromAdvanceDecision, isAdvanceDecision } from '../../mappings/facts/from-advance-decision.ts';
import { fromLegalProxy, isLegalProxy } from '../../mappings/facts/from-legal-proxy.ts';
import { type RefusalEntry, type RefusalResource, refusalEntries } from '../../mappings/facts/refusals-of.ts';
import { Anomaly, type Issue } from '../model/anomaly.ts';
import type { Instant } from '../model/instant.ts';
import { includes, type Period } from '../model/period.ts';
import { REFUSAL_HEADING } from '../model/refusal.ts';
import { keysOf } from './keys/keys-of.ts';
import { type BodyRow, bodyColumns, openRows } from './keys/sealed-body.ts';
import { type Sql, statement } from './pool.ts';
import { lockResource, readResource } from './resources.ts';
import { ANY_REFERENCE } from './search/index-rows.ts';

/** Rows of the index that refer to `$1`, of a type and of the owner `$2`. A reference by an address is one to what its end names. */
export const REFERS_TO = (type: string): string =>
  `t.type = '${type}' AND t.param = '${ANY_REFERENCE}' AND t.owner = $2
     AND (t.token = $1 OR (t.token >= 'http' AND t.token < 'httq' AND right(t.token, length($1) + 1) = '/' || $1))`;

const consentsNaming = statement<[string, string], BodyRow>(
  'consents-naming',
  `SELECT ${bodyColumns('r')} FROM resource_token t JOIN resource r ON r.serial = t.serial WHERE ${REFERS_TO('Consent')}`,
);

/** The resources that the words name by their entries, and what of it cannot be signed. */
export interface NamedRefusals {
  /** Those that are the publisher's own and of the same Patient, each once; what it says may stand no longer. */
  readonly resources: readonly RefusalResource[];
  /** Why the words cannot be approved with them, each with its place; empty where they can. */
  readonly issues: readonly Issue[];
}

/** What the words are of, and when it is asked. */
interface Asked {
  readonly owner: string;
  readonly patientId: string;
  readonly now: Instant;
}

const factsOf = (resource: RefusalResource): { readonly patientId: string; readonly active: boolean; readonly period: Period } =>
  resource.resourceType === 'Consent' ? fromAdvanceDecision(resource) : fromLegalProxy(resource);

/** Id of the Patient whose it is. */
export const patientOf = (resource: RefusalResource): string => factsOf(resource).patientId;

/** Whether a resource is one that may stand under the heading of refusals at all. */
export const isRefusal = (resource: Resource): resource is RefusalResource =>
  (resource.resourceType === 'Consent' && isAdvanceDecision(resource as Consent)) ||
  (resource.resourceType === 'RelatedPerson' && isLegalProxy(resource as RelatedPerson));

/** Whether another advance decision of the publisher's, which stands, has taken the place of this one. */
async function isSuperseded(sql: Sql, { resourceType, id }: RefusalResource, owner: string): Promise<boolean> {
  if (resourceType !== 'Consent') return false;
  const others = await openRows(sql, await consentsNaming(sql, keysOf(sql).index.text(`Consent/${id}`), owner));
  return others.some(({ body }) => {
    if (body.resourceType !== 'Consent' || body.id === id || !isAdvanceDecision(body)) return false;
    const { active, supersedes } = fromAdvanceDecision(body);
    return active && supersedes.includes(id);
  });
}

/** Why a refusal or a proxy does not stand now; null where it does. */
export async function fallenBecause(sql: Sql, resource: RefusalResource, owner: string, now: Instant): Promise<string | null> {
  const { active, period } = factsOf(resource);
  if (!active) return 'is not active';
  if (!includes(period, now)) return 'is not in date';
  return (await isSuperseded(sql, resource, owner)) ? 'was superseded by another advance decision' : null;
}

async function readEntry(sql: Sql, { heading, reference }: RefusalEntry, { owner, patientId }: Asked): Promise<RefusalResource | string> {
  if (heading !== REFUSAL_HEADING) return 'an advance statement is words: what is refused stands under refusals';
  const [type = '', id = ''] = (reference ?? '').split('/');
  const stored = reference === null ? null : await readResource(sql, type, id);
  // Another's, and another person's, answer as what is not there.
  if (stored === null || stored.owner !== owner || !isRefusal(stored.body) || patientOf(stored.body) !== patientId)
    return 'names no advance decision and no legal proxy of this person, written by this organisation';
  return stored.body;
}

/** What the words name under the headings of refusals and advance statement. */
export async function namedRefusals(sql: Sql, composition: Composition, asked: Asked): Promise<NamedRefusals> {
  const resources = new Map<string, RefusalResource>();
  const issues: Issue[] = [];
  const say = (at: string, help: string): void => void issues.push({ at, code: 'business-rule', help });
  for (const entry of refusalEntries(composition)) {
    const read = await readEntry(sql, entry, asked);
    if (typeof read === 'string') {
      say(entry.at, read);
      continue;
    }
    const name = entry.reference ?? '';
    if (resources.has(name)) say(entry.at, 'stands once');
    const fallen = await fallenBecause(sql, read, asked.owner, asked.now);
    if (fallen !== null) say(entry.at, fallen);
    resources.set(name, read);
  }
  return { resources: [...resources.values()], issues };
}

/** The same, which nobody writes until the transaction ends: whoever does waits, and finds the plan that was approved with them. */
export async function lockedRefusals(tx: Sql, composition: Composition, asked: Asked): Promise<NamedRefusals> {
  const names = [...new Set(refusalEntries(composition).flatMap(({ reference }) => reference ?? []))].sort();
  for (const name of names) {
    const [type = '', id = ''] = name.split('/');
    await lockResource(tx, type, id);
  }
  return namedRefusals(tx, composition, asked);
}

/** Those that may be signed. Throws `incorrect` with each place that may not. */
export const checked = ({ resources, issues }: NamedRefusals): readonly RefusalResource[] => {
  if (issues.length > 0) throw new Anomaly('incorrect', issues);
  return resources;
};
