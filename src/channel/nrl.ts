import type { Dispatcher } from 'undici';
import { fromNrlAnswer, isGone } from '../../mappings/nrl/from-nrl-answer.ts';
import { type FoundPointers, fromNrlSearch, type Standing } from '../../mappings/nrl/from-nrl-search.ts';
import { joinNrlPages } from '../../mappings/nrl/join-nrl-pages.ts';
import { type NextNrlPage, nextNrlPage } from '../../mappings/nrl/next-nrl-page.ts';
import { fromNrlParcel, type NrlWrite } from '../../mappings/nrl/parcel.ts';
import { toNrlSearch } from '../../mappings/nrl/to-nrl-search.ts';
import { withReplaced } from '../../mappings/nrl/with-replaced.ts';
import { restRequestId } from '../../mappings/rest/rest-request-id.ts';
import type { Outcome } from '../model/ledger.ts';
import type { Channel, Limits, Parcel, Target } from './channel.ts';
import { type Answered, type Asked, exchange } from './rest-exchange.ts';
import type { WithCredential } from './with-credential.ts';

/** How often it is looked anew at what stands there because somebody else changed it in between. */
const TURNS = 3;
/** Pages of one search that are read. A trust has one pointer to a person's plan; others of its systems may have some beside it. */
const MOST_PAGES = 20;
/** FHIR as the NRL's producer interface speaks it (nhs.md section 1). */
const MEDIA = 'application/fhir+json;version=1';

/** Everything that one request needs. */
interface Publishing {
  readonly agent: Dispatcher;
  /** Of the locator, and of its pointers. */
  readonly address: string;
  readonly base: string;
  readonly write: NrlWrite;
  readonly parcel: Parcel;
  readonly limits: Limits;
  /** Ends the whole parcel. */
  readonly signal: AbortSignal;
}

/**
 * A record locator as its producer: what stands there of ours is searched for before and after each write, and no id of the locator's is kept. So what an
 * unknown outcome left behind is found, and at the end there is one pointer, or none.
 */
export const openNrl = (roads: WithCredential): Channel => ({
  send: (target, parcel, limits) =>
    roads.exchange(target, limits, (agent, more) => {
      const signal = AbortSignal.timeout(limits.timeoutMs);
      const address = target.address.replace(/\/+$/, '');
      const base = `${address}/DocumentReference`;
      const write = fromNrlParcel(parcel.bytes);
      const it: Publishing = { agent, address, base, write, parcel, limits, signal };
      return write.does === 'delete' ? withdraw(it, headersOf(target, more)) : publish(it, headersOf(target, more));
    }),
  // The connections belong to whoever opened it, and no state is kept.
  close: async () => undefined,
});

type Headers = Readonly<Record<string, string>>;
const headersOf = (target: Target, more: Headers): Headers => ({ ...target.headers, ...more });

/** One pointer, and this one: created, or put in the place of what says something else, in one request; what stands beside it is deleted. */
const publish = async (it: Publishing, headers: Headers): Promise<Outcome> => {
  let last: Outcome = { kind: 'unknown', because: 'changes-too-often' };
  let found = await search(it, headers, 'search', it.limits);
  for (let turn = 0; turn < TURNS; turn += 1) {
    if (found.kind !== 'found') return found;
    const { standing } = found;
    if (isAlone(standing)) return { kind: 'accepted', level: 'application' };
    const same = standing.find(({ isSame }) => isSame);
    const others = standing.filter((each) => each !== same);
    last = same === undefined ? await create(it, headers, others) : await deleteAll(it, headers, others);
    if (last.kind === 'unknown') return last;
    const after = await search(it, headers, `after-${turn}`, READING(it.limits));
    if (after.kind !== 'found') return inPart(last, same);
    if (isAlone(after.standing)) return { kind: 'accepted', level: 'application' };
    // It said that it had stored, and does not show it. A second create could only double it: the next attempt looks again.
    if (last.kind === 'accepted' && !after.standing.some(({ isSame }) => isSame)) return { kind: 'unknown', because: 'read-back-differs' };
    // What was to be replaced is gone since it was seen: the whole is refused for that (NRLF), and goes as a plain create.
    if (last.kind === 'refused' && !hasChanged(standing, after.standing)) return inPart(last, same);
    found = after;
  }
  return last.kind === 'accepted' ? { kind: 'unknown', because: 'read-back-differs' } : last;
};

// Reading carries nothing that could come too late.
const READING = (limits: Limits): Limits => ({ ...limits, msLeft: () => Number.POSITIVE_INFINITY });

const isAlone = (standing: readonly Standing[]): boolean => standing.length === 1 && standing[0]?.isSame === true;

const hasChanged = (before: readonly Standing[], after: readonly Standing[]): boolean =>
  before.length !== after.length || before.some(({ id }) => !after.some((each) => each.id === id));

/** Where the right one stands, and something beside it was not taken away, it is not so that nothing was stored. */
const inPart = (outcome: Outcome, same: Standing | undefined): Outcome =>
  outcome.kind === 'refused' && same !== undefined ? { kind: 'unknown', because: `in-part-${outcome.because}` } : outcome;

/** None: each of ours is deleted, and it is looked whether any is left. */
const withdraw = async (it: Publishing, headers: Headers): Promise<Outcome> => {
  let found = await search(it, headers, 'search', it.limits);
  for (let turn = 0; turn < TURNS; turn += 1) {
    if (found.kind !== 'found') return found;
    if (found.standing.length === 0) return { kind: 'accepted', level: 'application' };
    const last = await deleteAll(it, headers, found.standing);
    const after = await search(it, headers, `after-${turn}`, READING(it.limits));
    if (after.kind !== 'found') return last;
    if (after.standing.length > 0 && last.kind !== 'accepted') return last;
    found = after;
  }
  return found.kind === 'found' && found.standing.length === 0
    ? { kind: 'accepted', level: 'application' }
    : { kind: 'unknown', because: 'read-back-differs' };
};

const create = async (it: Publishing, headers: Headers, replaced: readonly Standing[]): Promise<Outcome> => {
  const ids = replaced.map(({ id }) => id);
  const body = withReplaced(it.write.body, ids);
  const answer = await ask(
    it,
    headers,
    ['create', ...ids].join(' '),
    { method: 'POST', url: it.base, body, headers: { 'content-type': MEDIA } },
    it.limits,
  );
  return 'kind' in answer ? answer : fromNrlAnswer(answer.status, answer.body);
};

/** Deletes each of several. A refusal or a doubt of any is that of all. */
const deleteAll = async (it: Publishing, headers: Headers, standing: readonly Standing[]): Promise<Outcome> => {
  let worst: Outcome = { kind: 'accepted', level: 'stored' };
  for (const { id } of standing) {
    const answer = await ask(it, headers, `delete ${id}`, { method: 'DELETE', url: `${it.base}/${encodeURIComponent(id)}` }, it.limits);
    const outcome: Outcome =
      'kind' in answer ? answer : isGone(answer.status, answer.body) ? worst : fromNrlAnswer(answer.status, answer.body);
    if (outcome.kind === 'unknown' || (outcome.kind === 'refused' && worst.kind === 'accepted')) worst = outcome;
  }
  return worst;
};

/** All pages of it, as far as they may be followed: where they end before the search does, nothing is known. */
const search = async (it: Publishing, headers: Headers, name: string, limits: Limits): Promise<FoundPointers> => {
  const pages: unknown[] = [];
  for (let next: NextNrlPage | null = null; ; ) {
    const answer = await ask(it, headers, next === null ? name : [name, JSON.stringify(next)].join(' '), askedFor(it, next), limits);
    if ('kind' in answer) return answer;
    pages.push(answer.body);
    next = answer.status === 200 && pages.length < MOST_PAGES ? nextNrlPage(answer.body, it.address, it.write) : null;
    if (next === null) return fromNrlSearch(answer.status, joinNrlPages(pages), it.write);
  }
};

const askedFor = ({ base, write }: Publishing, next: NextNrlPage | null): Omit<Asked, 'signal'> =>
  next !== null && 'url' in next
    ? { method: 'GET', url: next.url }
    : {
        method: 'POST',
        url: `${base}/_search`,
        body: toNrlSearch(write, next?.token),
        headers: { 'content-type': 'application/json' },
      };

/**
 * `name` tells the requests of one parcel apart: a retry of the same request has the same X-Request-ID, and no other request has it. The NRL mirrors it,
 * so that an answer to another request is known: an empty search that was somebody else's would end a recall.
 */
const ask = async (
  { agent, write, parcel, signal }: Publishing,
  headers: Headers,
  name: string,
  asked: Omit<Asked, 'signal'>,
  limits: Limits,
): Promise<Answered | Exclude<Outcome, { kind: 'accepted' }>> => {
  const requestId = restRequestId(parcel.requestId, name);
  const more = {
    ...headers,
    accept: MEDIA,
    'nhsd-end-user-organisation-ods': write.custodian,
    'x-request-id': requestId,
    'x-correlation-id': parcel.correlationId,
    ...asked.headers,
  };
  const answer = await exchange(agent, { ...asked, signal, headers: more }, limits);
  const isOfAnother = !('kind' in answer) && answer.requestId !== null && answer.requestId.toLowerCase() !== requestId;
  return isOfAnother ? { kind: 'unknown', because: 'answer-to-another' } : answer;
};
