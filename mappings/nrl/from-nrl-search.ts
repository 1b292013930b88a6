import { Code, System } from '../../profiles/canonicals.ts';
import { canonical } from '../../src/decide/digest.ts';
import type { Outcome } from '../../src/model/ledger.ts';
import { type Json, isJson, listOf } from '../rest/read-json.ts';
import { fromNrlAnswer } from './from-nrl-answer.ts';
import { hasNextNrlPage } from './next-nrl-page.ts';
import type { NrlWrite } from './parcel.ts';

/** A pointer of ours that stands at the locator. */
export interface Standing {
  /** `{ODS}-{uuid}`: given by the locator, and believed for this exchange alone. */
  readonly id: string;
  /** Whether it says what was frozen, but for what the locator sets itself. */
  readonly isSame: boolean;
}

/** Our pointers that a search found, or why that is not known. */
export type FoundPointers =
  | { readonly kind: 'found'; readonly standing: readonly Standing[] }
  | Exclude<Outcome, { readonly kind: 'accepted' }>;

/** R4: at most 64 letters, digits, `-` and `.`; the NRL also has `_`, and `|` before the suffix of an organisation. Anything else would lead a request astray. */
const ID = /^[A-Za-z0-9._|-]{1,128}$/;

/**
 * Reads the answer to a search, all its pages joined. Others' pointers, and the trust's own from other systems, are left alone. One of another person or another
 * type proves that the search was not done as asked, a page that was not read, or a pointer that came twice, that not all was seen: then nothing is known.
 */
export const fromNrlSearch = (status: number, body: unknown, write: NrlWrite): FoundPointers => {
  if (status !== 200) {
    const outcome = fromNrlAnswer(status, body);
    return outcome.kind === 'accepted' ? { kind: 'unknown', because: 'search-unreadable' } : outcome;
  }
  if (!isJson(body) || body['resourceType'] !== 'Bundle' || body['type'] !== 'searchset')
    return { kind: 'unknown', because: 'search-unreadable' };
  const found = listOf(body['entry']).flatMap(({ resource }) =>
    isJson(resource) && resource['resourceType'] === 'DocumentReference' ? [resource] : [],
  );
  const total = body['total'];
  if (hasNextNrlPage(body) || new Set(found.map(({ id }) => id)).size < found.length || (typeof total === 'number' && total > found.length))
    return { kind: 'refused', because: 'search-incomplete', retry: true };
  if (!found.every((each) => identifierOf(each['subject']) === `${System.nhsNumber}|${write.nhsNumber}` && isOfPlans(each)))
    return { kind: 'refused', because: 'search-ignored', retry: true };
  const ours = found.filter((each) => isOurs(each, write));
  if (!ours.every(({ id }) => typeof id === 'string' && ID.test(id))) return { kind: 'unknown', because: 'search-unreadable' };
  return { kind: 'found', standing: ours.map((each) => ({ id: String(each['id']), isSame: isSame(each, write) })) };
};

const identifierOf = (reference: unknown): string | null => {
  const identifier = isJson(reference) ? reference['identifier'] : null;
  return isJson(identifier) ? `${String(identifier['system'])}|${String(identifier['value'])}` : null;
};

const isOfPlans = ({ type }: Json): boolean =>
  isJson(type) && listOf(type['coding']).some(({ system, code }) => system === Code.crisisPlan.system && code === Code.crisisPlan.code);

const isOurs = (pointer: Json, { custodian, pointer: value }: NrlWrite): boolean =>
  identifierOf(pointer['custodian']) === `${System.odsOrganization}|${custodian}` &&
  listOf(pointer['identifier']).some((each) => each['system'] === System.plan && each['value'] === value);

const isSame = (pointer: Json, { body }: NrlWrite): boolean =>
  body !== '' && canonical(said(pointer)) === canonical(said(JSON.parse(body) as Json));

/** What a pointer says: the locator gives its id, `meta` and `date`, and keeps what it took the place of. */
const said = ({ id: _id, meta: _meta, date: _date, relatesTo: _relatesTo, ...rest }: Json): Json => rest;
