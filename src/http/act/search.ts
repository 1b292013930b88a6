import type { Resource } from '@medplum/fhirtypes';
import type { Answer, Door, Exchange } from '../exchange.ts';
import { principalOf, reachOf, routeOf } from '../exchange.ts';
import { shown } from '../redact-header.ts';
import { askedOf } from '../search/asked.ts';
import type { Asked } from '../search/asked.ts';
import { disclosedSearch } from '../search/disclosed-search.ts';
import { type Page, turn } from '../search/page.ts';
import { openPage, sealPage } from '../search/page-links.ts';
import { runIncludes } from '../search/run-includes.ts';
import { ONE_PAGE, toSearchset } from '../search/searchset.ts';
import type { Found } from '../search/searchset.ts';
import { shapedAs } from '../search/shape.ts';
import { storedSearch } from '../search/stored-search.ts';
import { tokensAsked } from '../search/values.ts';
import type { Act } from './act.ts';
import { lookUpAs } from './disclosed.ts';
import { searchSelf } from './self.ts';

const answer = (found: Found): Answer => ({ status: 200, headers: {}, body: toSearchset(found) });

const show = async (exchange: Exchange, door: Door, page: Page, told: Pick<Found, 'used' | 'ignored'>): Promise<Answer> => {
  const principal = principalOf(exchange);
  const { base } = exchange;
  const { rows, total, next, previous } = await turn(door.store, principal, reachOf(exchange), page);
  const { rows: beside, isCut } = await runIncludes({ store: door.store, principal, base }, page.includes, rows);
  const seal = (other: Page | null): Promise<string | null> => sealPage(door, principal, other);
  const many = next !== null || page.kept !== null || page.search.before !== null;
  const first: Page = { ...page, search: { ...page.search, before: null }, kept: page.kept === null ? null : { ...page.kept, from: 0 } };
  return answer({
    base,
    type: page.search.type,
    matches: rows.map(({ body }) => shapedAs(page.shape, shown(body))),
    included: beside.map(({ body }) => shapedAs(page.shape.is === 'elements' ? { is: 'whole' } : page.shape, shown(body))),
    isCut,
    total,
    first: many ? await seal({ ...first, total }) : null,
    previous: await seal(previous),
    next: await seal(next),
    ...told,
  });
};

/** Whether a disclosed resource says one of these codes. */
const says = (resource: Resource, name: string, text: string): boolean => {
  const { status, code } = resource as {
    readonly status?: string;
    readonly code?: { readonly coding?: readonly { system?: string; code?: string }[] };
  };
  return tokensAsked(name, text).some((wanted) => {
    if (name === 'status') return status === wanted.code;
    return (code?.coding ?? []).some(
      (each) => (wanted.code === '' || each.code === wanted.code) && (wanted.system === null || each.system === wanted.system),
    );
  });
};

const searchDisclosed = async (exchange: Exchange, door: Door, type: string, asked: Asked): Promise<Answer> => {
  const { base } = exchange;
  const principal = principalOf(exchange);
  const { lookUp, ids, tokens, beside, used, ignored } = disclosedSearch(type, asked, { base, principal, now: door.now() });
  const found = lookUp === null ? [] : await lookUpAs(exchange, door, [type, ...beside], lookUp);
  const matches = found.filter(
    ({ disclosure, resources }) =>
      (ids === null || ids.includes(disclosure.id)) && tokens.every(({ name, text }) => says(resources[0], name, text)),
  );
  const page = matches.slice(0, asked.count);
  return answer({
    ...ONE_PAGE,
    base,
    type,
    matches: page.map(({ resources: [match] }) => shapedAs(asked.shape, match)),
    included: page.flatMap(({ resources: [, ...more] }) =>
      more.map((each) => shapedAs(asked.shape.is === 'elements' ? { is: 'whole' } : asked.shape, each)),
    ),
    total: asked.total ? matches.length : null,
    used,
    ignored,
  });
};

/** Search (R4 http, search), by GET and by POST: stored resources within reach, or what the caller may see of one person's plans. */
export const search: Act = async (exchange, door) => {
  const { type } = routeOf(exchange);
  const asked = askedOf(exchange);
  const reach = reachOf(exchange);
  if (reach === 'disclosed') return searchDisclosed(exchange, door, type, asked);
  if (reach === 'self') return searchSelf(exchange, door, asked);
  const principal = principalOf(exchange);
  if (asked.page !== null) return show(exchange, door, await openPage(door, principal, type, asked.page), { used: [], ignored: [] });
  const { search: wanted, includes, used, ignored } = storedSearch({ type, asked, reach, principal, base: exchange.base, now: door.now() });
  return show(exchange, door, { search: wanted, includes, shape: asked.shape, total: null, kept: null }, { used, ignored });
};
