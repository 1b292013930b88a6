import { setImmediate as othersTurn } from 'node:timers/promises';
import type { Bundle, BundleEntry } from '@medplum/fhirtypes';
import { Anomaly } from '../../model/anomaly.ts';
import type { Answer, Door, Exchange } from '../exchange.ts';
import { resourceOf, routeOf } from '../exchange.ts';
import { type Entry, readEntries } from '../bundle/entry.ts';
import { placed } from '../bundle/placed.ts';
import { toEntryAnswer } from '../bundle/to-entry-answer.ts';
import { toExchange } from '../bundle/to-exchange.ts';
import { beforeConditions, withConditions } from '../bundle/with-references.ts';
import { conditionLock } from '../conditional.ts';
import { toFailure } from '../failure.ts';
import { act, applyPolicy, matchRoute, parseBody, validateResource } from '../steps.ts';
import type { Act } from './act.ts';

const isWriting = (exchange: Exchange): boolean => ['create', 'update'].includes(routeOf(exchange).route.interaction);

/** What is left of the pipeline for an entry: its caller is known. What it says is judged before anything is done. */
const judged = async (exchange: Exchange, door: Door): Promise<Exchange> => {
  matchRoute(exchange);
  applyPolicy(exchange);
  await parseBody(exchange);
  const { interaction } = routeOf(exchange).route;
  if (interaction === 'bundle' || interaction === 'process-message')
    throw new Anomaly('unsupported', { at: 'http.path', help: 'does not stand in a Bundle' });
  if (isWriting(exchange)) validateResource(exchange, door);
  return exchange;
};

const answered = async (exchange: Exchange, door: Door): Promise<Answer> => {
  await act(exchange, door);
  if (exchange.answer === null) throw new Error('an interaction answers');
  return exchange.answer;
};

/** Each entry by itself: one that fails is answered so, and the others are done (R4 http, batch). */
const batch = async (exchange: Exchange, door: Door, entries: readonly Entry[]): Promise<readonly Answer[]> => {
  const answers: Answer[] = [];
  const checkTime = inTimeFrom(door, 'one batch');
  for (const entry of entries) {
    const one = toExchange(exchange, entry, null);
    // What waits for nothing would keep everyone else waiting until the last entry: 0.4 s for 350 validations (measured).
    await othersTurn();
    try {
      checkTime();
      answers.push(await answered(await judged(one, door), door));
    } catch (fault) {
      answers.push(toFailure(fault, one, door));
    }
  }
  return answers;
};

/** The order in which a transaction is done, whatever the order of its entries (R4 http, transaction). */
const ORDER = ['DELETE', 'POST', 'PUT', 'PATCH', 'GET', 'HEAD'];

/**
 * So long may a transaction hold what others wait for, and a batch keep everyone else waiting; 500 creations take a second (measured). A contact of a
 * person among many slow searches would keep everyone from that person's plan.
 */
const MOST_MS = 10_000;

/** A check that what begins now is still in time. */
const inTimeFrom = ({ now }: Door, as: string): (() => void) => {
  const begunAt = now();
  return () => {
    if (now() - begunAt > MOST_MS)
      throw new Anomaly('busy', {
        at: 'Bundle.entry',
        code: 'too-costly',
        help: `takes too long as ${as}: send fewer entries at once`,
      });
  };
};

/** Throws what a transaction fails for, with its place in the Bundle. */
const inPlace = async <T>({ index }: Entry, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (fault) {
    throw placed(fault, index);
  }
};

/** All entries or none. Everything that can be judged by itself is judged first, and told together. */
const transaction = async (exchange: Exchange, door: Door, entries: readonly Entry[]): Promise<readonly Answer[]> => {
  const inTurn = [...entries].sort((a, b) => ORDER.indexOf(a.method) - ORDER.indexOf(b.method) || a.index - b.index);
  const sent = beforeConditions(inTurn, door.newId);
  const ready = new Map<number, Exchange>();
  const wrong: Anomaly[] = [];
  const conditions = new Set<string>();
  for (const { entry, newId, isFinal } of sent) {
    await othersTurn();
    try {
      const one = await inPlace(entry, () => judged(toExchange(exchange, entry, newId), door));
      if (isFinal) ready.set(entry.index, one);
      if (entry.ifNoneExist !== null || (routeOf(one).id === '' && ['PUT', 'PATCH', 'DELETE'].includes(entry.method)))
        conditions.add(conditionLock(one, routeOf(one).type));
    } catch (fault) {
      if (!(fault instanceof Anomaly) || fault.category !== 'incorrect') throw fault;
      wrong.push(fault);
    }
  }
  if (wrong.length > 0)
    throw new Anomaly(
      'incorrect',
      wrong.flatMap(({ issues }) => issues),
    );
  return door.store.transaction([...conditions], async (store) => {
    const within: Door = { ...door, store };
    const checkTime = inTimeFrom(door, 'one transaction');
    const answers = new Map<number, Answer>();
    for (const { entry, newId, referredAs } of await withConditions(exchange, within, sent, checkTime)) {
      checkTime();
      const before = ready.get(entry.index);
      const answer = await inPlace(entry, async () => {
        // What hung on a condition is judged again with the references as they now are.
        const one = before === undefined ? await judged(toExchange(exchange, entry, newId), within) : { ...before };
        return answered(one, within);
      });
      const written = answer.headers['Location'];
      if (referredAs !== null && written !== undefined && !written.startsWith(`${exchange.base}/${referredAs}/`))
        throw placed(
          new Anomaly('conflict', {
            at: null,
            help: 'is another resource than others here refer to: it was there already, or came with this Bundle',
          }),
          entry.index,
        );
      answers.set(entry.index, answer);
    }
    return entries.map(({ index }) => {
      const answer = answers.get(index);
      if (answer === undefined) throw new Error('every entry is answered');
      return answer;
    });
  });
};

/** Several interactions in one Bundle (R4 http, batch and transaction). Each is judged as if it had come alone. */
export const bundle: Act = async (exchange, door) => {
  const sent = resourceOf(exchange);
  if (sent.resourceType !== 'Bundle') throw new Error('the route takes a Bundle');
  if (sent.type !== 'batch' && sent.type !== 'transaction')
    throw new Anomaly('unsupported', { at: 'Bundle.type', help: 'is batch or transaction here; a message goes to $process-message' });
  const entries = readEntries(sent, exchange.base);
  const answers = sent.type === 'batch' ? await batch(exchange, door, entries) : await transaction(exchange, door, entries);
  const entry = answers.map((answer, index): BundleEntry => toEntryAnswer(exchange, entries[index]?.method ?? 'GET', answer));
  const body: Bundle = { resourceType: 'Bundle', type: `${sent.type}-response`, ...(entry.length === 0 ? {} : { entry }) };
  return { status: 200, headers: {}, body };
};
