import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import { disclosedAs, emptyLedger } from '../decide/attempt.ts';
import { readBy, refusedBy } from '../decide/read-by.ts';
import { decidedBy } from '../decide/decided-by.ts';
import { desired, tracedNumber } from '../decide/desired.ts';
import { disclose } from '../decide/disclose.ts';
import type { Disclosure } from '../model/disclosure.ts';
import { anomaly } from '../model/anomaly.ts';
import type { Facts } from '../model/facts.ts';
import type { Instant } from '../model/instant.ts';
import type { Desired, Ledger } from '../model/ledger.ts';
import { holds } from '../model/ledger.ts';
import { isRecipientKind } from '../model/kind.ts';
import type { Principal } from '../model/principal.ts';
import type { DecidedBy } from '../model/trail.ts';
import { type BeginRead, beginReadOn, lockForRead, openBeginRead, type Seen } from './begin-read.ts';
import { contentOf } from './content.ts';
import type { LookUp } from './door.ts';
import { inBatches } from './in-batches.ts';
import { inTurn } from './in-turn.ts';
import { factsOf, stampOf } from './look.ts';
import { sealState } from './keys/sealed-state.ts';
import { type Sql, statement, transaction } from './pool.ts';
import { type Asked, byDisclosure, byPerson, byPointer, readTogether, type SeenRow } from './seen-rows.ts';
import { sameMoment } from './same-moment.ts';
import { openTurns } from './turns.ts';

const makeKey = statement<[string, string, string, object], never>(
  'make-read-key',
  `INSERT INTO ledger_key (id, plan_id, destination_id, recipient_id, disclosure_id, observed, look_at, state)
   VALUES (gen_random_uuid(), $1, $2, $3, disclosure_id($1, $3), 1, 'infinity', $4) ON CONFLICT (plan_id, destination_id) DO NOTHING`,
);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** How long a look-up tries: many who look at one person at once change the same ledger row, one after another. */
const PATIENCE_MS = 5_000;
/** Milliseconds, at most, before the next try; it grows with each, so that they come apart. */
const pauseAfter = (attempt: number): number => Math.random() * Math.min(4 * (attempt - 1), 40);
/** Refused and absent are answered at the same moment after the question, so that their work cannot be told apart by a clock (I6). */
const EMPTY_ANSWER_MS = 20;
/** A match asks more: whom, and then what may be seen. Both of its steps wait for this moment. */
export const EMPTY_MATCH_MS = 40;

/** Where a look-up reads and begins: shared with those that come at once, or one connection of its own. */
interface Reader {
  readonly sql: Sql;
  readonly epoch: number;
  readonly byNumber: (asked: Asked) => Promise<readonly SeenRow[]>;
  readonly beginRead: BeginRead;
}

const onOneConnection = (sql: Sql, epoch: number): Reader => ({
  sql,
  epoch,
  byNumber: async (asked) => (await readTogether(sql, [asked]))[0] ?? [],
  beginRead: beginReadOn(sql),
});

/**
 * What a recipient may see now of the plans of one person. A read is a delivery: decision, copy and audit row are committed, under
 * the shared policy locks, before anything is answered.
 */
export const openLookUp = (
  pool: pg.Pool,
  epoch: number,
): ((principal: Principal, what: LookUp, words: boolean) => Promise<readonly Disclosure[]>) => {
  const reader: Reader = {
    sql: pool,
    epoch,
    byNumber: inBatches((asked: readonly Asked[]) => readTogether(pool, asked), { most: 16, atOnce: 2 }),
    beginRead: openBeginRead(pool),
  };
  const turns = openTurns();
  return async (principal, what, words) => {
    const startedAt = performance.now();
    const whose = `${principal.organization} ${principal.kind} ${JSON.stringify(what)}`;
    const freely = () => lookOnce(reader, principal, what, words);
    const alone = () => lookUnderLocks(pool, epoch, principal, what, words);
    const first = turns.isTaken(whose) ? 'changed' : await freely();
    const shown = first === 'changed' ? await turns.take(whose, () => untilItStands(alone, startedAt)) : first;
    if (shown.length === 0) await sameMoment(startedAt, 'personId' in what ? EMPTY_MATCH_MS : EMPTY_ANSWER_MS);
    return shown;
  };
};

/**
 * Who was overtaken once, and who comes while such a one tries again, takes turns, and holds the locks from before it reads: nobody can overtake
 * it. Trying freely again and again, 16 readers of a person who changes all the time were overtaken for five seconds, on a busy machine.
 */
const lookUnderLocks = (
  pool: pg.Pool,
  epoch: number,
  principal: Principal,
  what: LookUp,
  words: boolean,
): Promise<readonly Disclosure[] | 'changed'> =>
  transaction(pool, async (tx) => {
    const reader = onOneConnection(tx, epoch);
    const rows = await rowsOf(reader, principal, what);
    await lockForRead(
      tx,
      rows.map(stampOf),
      rows.flatMap(({ key_id }) => key_id ?? []),
    );
    return lookOnce(reader, principal, what, words);
  });

/** Decides again, with growing pauses, until nothing that was decided upon has changed meanwhile. Throws `busy` after five seconds. */
export async function untilItStands<T>(decideOnce: () => Promise<T | 'changed'>, startedAt = performance.now()): Promise<T> {
  for (let attempt = 1; performance.now() - startedAt < PATIENCE_MS; attempt++) {
    const answer = await decideOnce();
    if (answer !== 'changed') return answer;
    await wait(pauseAfter(attempt));
  }
  throw anomaly('busy', 'what was asked for changes at this moment: try again');
}

const rowsOf = async ({ sql, byNumber }: Reader, { organization, kind }: Principal, what: LookUp): Promise<readonly SeenRow[]> => {
  if (!isRecipientKind(kind)) return [];
  if ('nhsNumber' in what) return byNumber({ nhsNumber: what.nhsNumber, organization, kind });
  if ('personId' in what) return byPerson(sql, what.personId, organization, kind);
  if ('pointer' in what) return UUID.test(what.pointer) ? byPointer(sql, what.pointer, organization, kind) : [];
  return UUID.test(what.id) ? byDisclosure(sql, what.id, organization, kind) : [];
};

async function lookOnce(reader: Reader, principal: Principal, what: LookUp, words: boolean): Promise<readonly Disclosure[] | 'changed'> {
  const { sql, epoch, beginRead } = reader;
  const { organization, kind } = principal;
  const matched = 'personId' in what;
  const rows = await rowsOf(reader, principal, what);
  const shown: { readonly row: SeenRow; readonly show: () => Promise<Disclosure | null> }[] = [];
  const seen: Seen[] = [];

  for (const { row, now, facts, want } of oneOfEachPlan(rows.map((row) => decide(row, matched)))) {
    if (!holds(want)) {
      seen.push({ ...refused(row, decidedBy(facts, want, now)), until: want.until, because: want.because, next: inVain(row, epoch) });
      continue;
    }
    if (row.key_id === null || row.state === null) {
      await makeKey(sql, row.plan_id, row.destination_id, row.recipient_id, emptyLedger(epoch));
      return 'changed';
    }
    const read = {
      id: randomUUID(),
      place: want.place,
      effect: want.hold,
      headings: want.headings,
      at: now,
      lifetime: row.destination.lifetime,
    };
    const number = tracedNumber(facts.person);
    // Without a traced number the match is all that this recipient may read by, and it is remembered with the key.
    const state: Ledger = matched && number === null ? { ...row.state, matched: true } : row.state;
    const disclosed = disclosedAs(state, want.hold, now);
    const isSeenBefore = disclosed === row.state.disclosed && state.matched === row.state.matched;
    const next = row.retains ? readBy(state, read, epoch) : isSeenBefore ? null : { ...state, disclosed };
    const version = facts.plan.version;
    if (version === null) throw new Error('a plan without an approved version is held');
    seen.push({
      ...refused(row, decidedBy(facts, want, now)),
      until: want.until,
      purpose: want.purpose,
      headings: want.headings,
      digest: want.hold,
      next: next === null ? null : { state: sealState(row.key, row.key_id, next), version: row.key_version },
    });
    shown.push({
      row,
      show: async () => {
        const content = words ? await contentOf(sql, version.carePlanId, facts.recipient.kind, row.publisher) : NO_CONTENT(number);
        return content === null ? null : disclose(facts, want, content, row.disclosure_id, disclosed, now);
      },
    });
  }
  if (shown.length > 1) await newestFirst(sql, shown);
  // The words are read before the audit row is committed: nothing that fails after it could take the answer back.
  const answers = (await inTurn(shown, ({ show }) => show())).filter((each) => each !== null);
  // The key was destroyed since it was decided.
  if (answers.length < shown.length) return 'changed';
  const event = matched ? ('confirm' as const) : words ? ('read' as const) : ('flag' as const);
  const trail = { event, organization, kind, caller: principal.user };
  if (!(await beginRead({ trail, seen }))) return 'changed';
  return answers;
}

const approvals = statement<[string], { plan_id: string }>(
  'newest-approvals',
  `SELECT v.plan_id FROM approved_version v WHERE v.plan_id IN (SELECT value::uuid FROM jsonb_array_elements_text($1))
    GROUP BY v.plan_id ORDER BY max(v.approved_at) DESC, v.plan_id`,
);
/** Several plans of one person are shown together, the one that was approved last first. Only the order is told, and no date. */
async function newestFirst(sql: Sql, shown: { readonly row: SeenRow }[]): Promise<void> {
  const order = (await approvals(sql, JSON.stringify(shown.map(({ row }) => row.plan_id)))).map(({ plan_id }) => plan_id);
  shown.sort((one, other) => order.indexOf(one.row.plan_id) - order.indexOf(other.row.plan_id));
}

/** A plan as this recipient's road to it is decided. */
export interface Decided {
  readonly row: SeenRow;
  readonly now: Instant;
  readonly facts: Facts;
  readonly want: Desired;
}

/** In reach a destination is told; anyone with agreement and consent may look up. `matched` is a road that needs no traced number. */
export function decide(row: SeenRow, matched: boolean): Decided {
  const now = Number(row.now);
  const stored = factsOf(row, row.destination);
  const facts = { ...stored, matched: stored.matched || matched };
  return { row, now, facts, want: desired({ ...facts, destination: { ...facts.destination, channel: 'pull' } }, now) };
}

/** A caller is an organisation and a kind, which may be several services: of each plan it sees what the first that may see it sees. */
export function oneOfEachPlan(decided: readonly Decided[]): readonly Decided[] {
  const chosen = new Map<string, Decided>();
  for (const one of decided) {
    const before = chosen.get(one.row.plan_id);
    if (before === undefined || (!holds(before.want) && holds(one.want))) chosen.set(one.row.plan_id, one);
  }
  return [...chosen.values()];
}

/** The trail of one row until it is decided: nothing is shown. */
export const refused = (row: SeenRow, by: DecidedBy): Seen => ({
  stamp: stampOf(row),
  plan: row.plan_id,
  key: row.key_id,
  until: null,
  purpose: null,
  headings: [],
  digest: null,
  because: null,
  decidedBy: by,
  next: null,
});

/** What a refusal leaves in the ledger: something only where a Subscription was told of the plan. */
function inVain({ state, destination, key_id, key, key_version }: SeenRow, epoch: number): Seen['next'] {
  if (state === null || key_id === null || destination.channel !== 'subscription') return null;
  const next = refusedBy(state, randomUUID(), epoch);
  return next === state ? null : { state: sealState(key, key_id, next), version: key_version };
}

/** A Flag says that there is a plan, and for whom; none of its words. */
const NO_CONTENT = (nhsNumber: string | null) => ({
  words: { sections: [], actions: [] },
  person: { nhsNumber, family: '', given: [], preferredName: null, birthDate: '', gender: null, address: null, telecom: [] },
  publisherName: '',
});
