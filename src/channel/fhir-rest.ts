import type { Dispatcher } from 'undici';
import type { Found, Lying } from '../../mappings/rest/from-rest-search.ts';
import { fromRestSearch } from '../../mappings/rest/from-rest-search.ts';
import { fromRestAnswer } from '../../mappings/rest/from-rest-answer.ts';
import { documentQuery, documentUrl } from '../../mappings/rest/document-url.ts';
import type { RestWrite } from '../../mappings/rest/parcel.ts';
import { fromRestParcel } from '../../mappings/rest/parcel.ts';
import { restRequestId } from '../../mappings/rest/rest-request-id.ts';
import { combineOutcomes } from '../decide/combine-outcomes.ts';
import { compareSequence } from '../model/copy.ts';
import type { Outcome } from '../model/ledger.ts';
import { fromSequenceText } from '../../mappings/disclosure/sequence.ts';
import type { Channel, Limits, Parcel, Target } from './channel.ts';
import type { Asked } from './rest-exchange.ts';
import { exchange } from './rest-exchange.ts';
import type { WithCredential } from './with-credential.ts';

/** How often a write is decided anew because somebody else wrote in between. */
const TURNS = 3;

/** Everything that one write needs to be asked for. */
interface Putting {
  readonly agent: Dispatcher;
  readonly target: Target;
  readonly write: RestWrite;
  readonly headers: Readonly<Record<string, string>>;
  readonly limits: Limits;
  /** Ends the whole parcel. */
  readonly signal: AbortSignal;
}

/**
 * FHIR REST: the resources of a parcel are put on a plain FHIR server, each by conditional update on its document's identifier. Where the server may be
 * read, what lies there is looked at first, `If-Match` keeps it from changing in between, and what was stored is read back and compared.
 */
export const openFhirRest = (roads: WithCredential): Channel => ({
  send: (target, parcel, limits) =>
    roads.exchange(target, limits, (agent, more) => sendAll(agent, { ...target, headers: { ...target.headers, ...more } }, parcel, limits)),
  // The connections belong to whoever opened it, and no state is kept.
  close: async () => undefined,
});

const sendAll = async (agent: Dispatcher, target: Target, parcel: Parcel, limits: Limits): Promise<Outcome> => {
  const signal = AbortSignal.timeout(limits.timeoutMs);
  const outcomes: Outcome[] = [];
  for (const [index, write] of fromRestParcel(parcel.bytes).entries()) {
    const outcome = await put({ agent, target, write, headers: headersOf(target, parcel, index), limits, signal });
    outcomes.push(outcome);
    // Without the document nothing is to point to it, and what it was to replace stays.
    if (write.does === 'content' && outcome.kind !== 'accepted') break;
  }
  return combine(parcel.kind, outcomes);
};

const headersOf = (target: Target, parcel: Parcel, index: number): Readonly<Record<string, string>> => ({
  ...target.headers,
  accept: 'application/fhir+json',
  'x-request-id': restRequestId(parcel.requestId, index),
  'x-correlation-id': parcel.correlationId,
});

// The document of an update comes first: once it is stored, whatever else was refused is an update that had a part of its effect.
const combine = (kind: Parcel['kind'], outcomes: readonly Outcome[]): Outcome => {
  const [first, ...rest] = outcomes;
  // Nothing was ever sent there that has a name: there is nothing to take away.
  if (first === undefined) return { kind: 'accepted', level: 'transport' };
  if (kind === 'recall' || first.kind !== 'accepted') return combineWrites(kind, [first, ...rest]);
  const inPart = rest.map((each): Outcome => (each.kind === 'refused' ? { kind: 'unknown', because: `in-part-${each.because}` } : each));
  return combineWrites(kind, [first, ...inPart]);
};

// Each write carries something of a plan, or takes something away.
const combineWrites = (kind: Parcel['kind'], [first, ...more]: readonly [Outcome, ...Outcome[]]): Outcome =>
  combineOutcomes(kind, [{ outcome: first, carries: true }, ...more.map((outcome) => ({ outcome, carries: true }))]);

const put = (it: Putting): Promise<Outcome> => (it.target.readsBack === true ? putAndCompare(it) : putUnseen(it));

/** Without reading: the server's own conditional update finds what is to be replaced. */
const putUnseen = async (it: Putting): Promise<Outcome> => answered(it, { method: 'PUT', url: urlOf(it), body: it.write.body });

/** Reads, writes on the condition that it is still so, and reads again: what is then seen is the acknowledgement. */
const putAndCompare = async (it: Putting): Promise<Outcome> => {
  const { write, limits } = it;
  let last: Outcome = { kind: 'unknown', because: 'changes-too-often' };
  let found = await search(it, limits);
  // Reading that is refused now must not keep a recall from being tried; it is then acknowledged as far as a server that only takes can.
  if (write.does === 'take-away' && found.kind === 'refused' && found.because.startsWith('http-')) return putUnseen(it);
  for (let turn = 0; turn < TURNS; turn += 1) {
    if (found.kind !== 'found') return found;
    if (lies(found)) return { kind: 'accepted', level: 'application' };
    if (found.lying.some((each) => isNewer(each, write))) return { kind: 'refused', because: 'newer-lies-there', retry: true };
    const wasEmpty = found.lying.length === 0;
    last = await writeOver(it, found.lying);
    if (last.kind === 'unknown') return last;
    // Reading carries nothing that could come too late.
    const after = await search(it, { ...limits, msLeft: () => Number.POSITIVE_INFINITY });
    if (after.kind !== 'found') return last;
    if (lies(after)) return { kind: 'accepted', level: 'application' };
    if (last.kind === 'refused' && !isContested(last)) {
      // A server that takes no such write, and on which nothing lies: that was read, before and after.
      return write.does === 'take-away' && wasEmpty && after.lying.length === 0 ? { kind: 'accepted', level: 'stored' } : last;
    }
    found = after;
  }
  // It said that it had stored, and what it shows is something else.
  return last.kind === 'accepted' ? { kind: 'unknown', because: 'read-back-differs' } : last;
};

const lies = (found: Found): boolean => found.kind === 'found' && found.lying.length > 0 && found.lying.every(({ isSame }) => isSame);

const isNewer = ({ sequence }: Lying, write: RestWrite): boolean => {
  const ours = fromSequenceText(write.sequence);
  return sequence !== null && ours !== null && compareSequence(sequence, ours) > 0;
};

const isContested = ({ because }: Extract<Outcome, { kind: 'refused' }>): boolean => because === 'http-412' || because === 'http-409';

/** Nothing there: created unless it has come meanwhile. One: updated if it is still that version. Several: each by its id, for none may stay. */
const writeOver = async (it: Putting, lying: readonly Lying[]): Promise<Outcome> => {
  const { write, target } = it;
  const [one, another] = lying;
  if (one === undefined) {
    const headers = { 'if-none-exist': documentQuery(write.document) };
    return answered(it, { method: 'POST', url: `${base(target)}/${write.type}`, body: write.body, headers });
  }
  if (another === undefined) return answered(it, { method: 'PUT', url: urlOf(it), body: write.body, headers: ifMatch(one) });
  const outcomes: [Outcome, ...Outcome[]] = [await putById(it, one)];
  for (const each of lying.slice(1)) outcomes.push(await putById(it, each));
  return combineWrites('recall', outcomes);
};

// R4: an update by id names it in the body too. Nothing else of the frozen bytes changes.
const putById = (it: Putting, lying: Lying): Promise<Outcome> =>
  answered(it, {
    method: 'PUT',
    url: `${base(it.target)}/${it.write.type}/${lying.id}`,
    body: it.write.body.replace('{', `{"id":${JSON.stringify(lying.id)},`),
    headers: ifMatch(lying),
  });

const ifMatch = ({ version }: Lying): Readonly<Record<string, string>> => (version === null ? {} : { 'if-match': `W/"${version}"` });

const base = ({ address }: Target): string => address.replace(/\/+$/, '');
const urlOf = ({ target, write }: Putting): string => documentUrl(target.address, write.type, write.document);

const answered = async (it: Putting, asked: Omit<Asked, 'signal'>): Promise<Outcome> => {
  const headers = { ...it.headers, 'content-type': 'application/fhir+json', prefer: 'return=minimal', ...asked.headers };
  const answer = await exchange(it.agent, { ...asked, headers, signal: it.signal }, it.limits);
  return 'kind' in answer ? answer : fromRestAnswer(answer.status, answer.body, it.write);
};

const search = async (it: Putting, limits: Limits): Promise<Found> => {
  const headers = { ...it.headers, 'cache-control': 'no-cache' };
  const answer = await exchange(it.agent, { method: 'GET', url: urlOf(it), headers, signal: it.signal }, limits);
  return 'kind' in answer ? answer : fromRestSearch(answer.status, answer.body, it.write);
};
