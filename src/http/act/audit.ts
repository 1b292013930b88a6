import type { AuditEvent } from '@medplum/fhirtypes';
import { toAuditEvent } from '../../../mappings/audit/to-audit-event.ts';
import type { TrailEntry } from '../../model/trail.ts';
import type { TrailSearch } from '../../store/door.ts';
import { isUnchanged, versionHeaders } from '../etag.ts';
import { principalOf, routeOf } from '../exchange.ts';
import type { Answer, Door, Exchange } from '../exchange.ts';
import { badParameter, notFound } from '../refusal.ts';
import { askedOf } from '../search/asked.ts';
import type { Asked } from '../search/asked.ts';
import { ONE_PAGE, toSearchset } from '../search/searchset.ts';
import { shapedAs } from '../search/shape.ts';
import type { Shape } from '../search/shape.ts';
import { trailSearch } from '../search/trail-search.ts';
import type { AskedTrail } from '../search/trail-search.ts';
import type { Act } from './act.ts';

const shownAs = (door: Door, entry: TrailEntry): AuditEvent => toAuditEvent(entry, door.config.operatorOds);

/** Read of an AuditEvent: made from its row of the trail, if that is within the caller's reach. It has one version. */
export const readAuditEvent: Act = async (exchange, door) => {
  const { id } = routeOf(exchange);
  const only: TrailSearch = {
    ids: [id],
    from: null,
    before: null,
    patients: null,
    carePlans: null,
    agents: null,
    kinds: null,
    count: 1,
    after: null,
  };
  const [entry] = await door.store.trail(principalOf(exchange), only);
  if (entry === undefined) throw notFound();
  const headers = versionHeaders('1', entry.at);
  return isUnchanged(exchange.request.headers['if-none-match'], '1')
    ? { status: 304, headers, body: null }
    : { status: 200, headers, body: shownAs(door, entry) };
};

/** A page of the trail: what is asked, and how much of each row is shown. */
interface TrailPage {
  readonly search: TrailSearch;
  readonly shape: Shape;
}

const PAGES = 'search AuditEvent';

const show = async (exchange: Exchange, door: Door, page: TrailPage, told: Pick<AskedTrail, 'used' | 'ignored'>): Promise<Answer> => {
  const principal = principalOf(exchange);
  const { search, shape } = page;
  // One more is asked for, so that the last page says that it is the last.
  const entries = search.count === 0 ? [] : await door.store.trail(principal, { ...search, count: search.count + 1 });
  const shown = entries.slice(0, search.count);
  const last = shown.at(-1);
  const more = entries.length > shown.length && last !== undefined;
  const next = more ? door.pages.seal(principal, PAGES, { ...page, search: { ...search, after: last.id } }, door.now()) : null;
  const matches = shown.map((entry) => shapedAs(shape, shownAs(door, entry)));
  // It is not counted: the trail has no index for that, and grows with each look-up.
  const body = toSearchset({ ...ONE_PAGE, base: exchange.base, type: 'AuditEvent', matches, total: null, next, ...told });
  return { status: 200, headers: {}, body };
};

/** Newest first is the one order that the trail has. */
const checkOrder = (result: Asked['result']): void => {
  for (const [name, text] of result)
    if (name === '_sort' && text !== '-date' && text !== '-_lastUpdated') throw badParameter('_sort', 'is -date: newest first');
};

/** Search of AuditEvent: rows of the trail within the caller's reach, newest first. */
export const searchAuditEvents: Act = (exchange, door) => {
  const asked = askedOf(exchange);
  if (asked.page !== null)
    return show(exchange, door, door.pages.open<TrailPage>(principalOf(exchange), PAGES, asked.page, door.now()), {
      used: [],
      ignored: [],
    });
  checkOrder(asked.result);
  const { search, used, ignored } = trailSearch(asked, { base: exchange.base, now: door.now() });
  const beside = asked.result.map(([name]) => name).filter((name) => /^_(?:rev)?include/.test(name));
  return show(exchange, door, { search, shape: asked.shape }, { used, ignored: [...ignored, ...beside] });
};
