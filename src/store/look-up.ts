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
import { type BeginRead, openBeginRead, type Seen } from './begin-read.ts';
import { contentOf } from './content.ts';
import type { LookUp } from './door.ts';
import { inBatches } from './in-batches.ts';
import type { KeyRow } from './look.ts';
import { FACT_COLUMNS, factsOf, opened, type Sealed, stampOf } from './look.ts';
import { keysOf } from './keys/keys-of.ts';
import { sealState } from './keys/sealed-state.ts';
import { type Sql, statement } from './pool.ts';
import { sameMoment } from './same-moment.ts';

/** What is read under a person's number or a disclosure's id, at the destination where this recipient's reads are kept track of. */
export interface SeenRow extends Omit<KeyRow, 'key_id' | 'state'> {
  readonly key_id: string | null;
  readonly state: Ledger | null;
  readonly destination_id: string;
  readonly disclosure_id: string;
}

const SEEN = `k.id AS key_id, k.generation, k.version AS key_version, k.state, d.facts AS destination, d.id AS destination_id,
  disclosure_id(p.id, r.id) AS disclosure_id, ${FACT_COLUMNS}`;
// What reads of a plan belong to: a Subscription of a service in its reach, which is told when they are over; otherwise the destination
// that polls. Who is not in reach may look up and keep: at a Subscription that would be called back.
const atReader = (ods: string, kind: string): string => `
  JOIN recipient r ON r.ods = ${ods} AND r.kind = ${kind}
  JOIN LATERAL (
    SELECT d.* FROM destination d WHERE d.recipient_id = r.id AND (d.facts->>'channel' = 'pull' OR (d.facts->>'channel' = 'subscription'
       AND (d.facts->>'open')::boolean AND coalesce(d.facts->'asks'->'publishers' ? p.publisher, true) AND EXISTS (SELECT FROM ledger_key s WHERE s.plan_id = p.id AND s.destination_id = d.id)
       AND (r.id = ANY(p.reach_recipients) OR r.areas && p.reach_areas OR EXISTS (SELECT FROM contact c WHERE c.open AND c.sender = r.ods
            AND c.kind = r.kind AND (c.ends_at IS NULL OR c.ends_at > clock_timestamp()) AND (c.patient_id = p.patient_id OR c.nhs_number = pe.nhs_number)))))
     ORDER BY d.facts->>'channel' DESC, d.id LIMIT 1) d ON true
  LEFT JOIN ledger_key k ON k.plan_id = p.id AND k.destination_id = d.id`;

const byNumbers = statement<[string], Sealed<SeenRow> & { readonly asked: number }>(
  'look-up-by-numbers',
  // Person by person along indexes: OFFSET 0 keeps the planner from joining all of them at once. As JSON, for of arrays it counts the elements,
  // and plans anew each time: 0.8 ms (measured).
  `SELECT asked.at AS asked, one.*
     FROM jsonb_to_recordset($1) AS asked(at integer, "nhsNumber" text, organization text, kind text) CROSS JOIN LATERAL (
       SELECT ${SEEN} FROM person pe JOIN patient_fact pt ON pt.person_id = pe.id
         JOIN plan p ON p.patient_id = pt.patient_id ${atReader('asked.organization', 'asked.kind')}
        WHERE pe.nhs_number = asked."nhsNumber" ORDER BY p.id, r.id OFFSET 0) one
    ORDER BY asked.at, one.plan_id, one.recipient_id`,
);
const byId = statement<[string, string, string], Sealed<SeenRow>>(
  'look-up-by-id',
  `SELECT ${SEEN} FROM (SELECT DISTINCT plan_id, recipient_id FROM ledger_key WHERE disclosure_id = $1::uuid) known
     JOIN plan p ON p.id = known.plan_id JOIN patient_fact pt ON pt.patient_id = p.patient_id JOIN person pe ON pe.id = pt.person_id ${atReader('$2', '$3')}
    WHERE r.id = known.recipient_id`,
);
const byPointer = statement<[string, string, string], Sealed<SeenRow>>(
  'look-up-by-pointer',
  // The id is of the locator's key, and whoever asks is shown the plan under an id of their own.
  `SELECT ${SEEN} FROM (SELECT DISTINCT n.plan_id FROM ledger_key n JOIN destination l ON l.id = n.destination_id
                         WHERE n.disclosure_id = $1::uuid AND l.facts->>'channel' = 'nrl') known
     JOIN plan p ON p.id = known.plan_id JOIN patient_fact pt ON pt.patient_id = p.patient_id JOIN person pe ON pe.id = pt.person_id ${atReader('$2', '$3')}
    ORDER BY r.id`,
);
const rowsOfPerson = statement<[string, string, string], Sealed<SeenRow>>(
  'look-up-by-person',
  `SELECT ${SEEN} FROM person pe JOIN patient_fact pt ON pt.person_id = pe.id JOIN plan p ON p.patient_id = pt.patient_id ${atReader('$2', '$3')}
    WHERE pe.id = $1::uuid ORDER BY p.id, r.id`,
);
/** What is read under a person whom a match found, by the broker's own id of them: with or without a traced number. */
export const byPerson = async (sql: Sql, personId: string, organization: string, kind: string): Promise<readonly SeenRow[]> =>
  opened<SeenRow>(sql, await rowsOfPerson(sql, personId, organization, kind));
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

/** Whom a caller asks for. */
interface Asked {
  readonly nhsNumber: string;
  readonly organization: string;
  readonly kind: string;
}

/** What look-ups share: those that come at once are read and begun together. */
interface Reader {
  readonly pool: pg.Pool;
  readonly epoch: number;
  readonly byNumber: (asked: Asked) => Promise<readonly SeenRow[]>;
  readonly beginRead: BeginRead;
}

/**
 * What a recipient may see now of the plans of one person. A read is a delivery: decision, copy and audit row are committed, under
 * the shared policy locks, before anything is answered.
 */
export const openLookUp = (
  pool: pg.Pool,
  epoch: number,
): ((principal: Principal, what: LookUp, words: boolean) => Promise<readonly Disclosure[]>) => {
  const readTogether = async (asked: readonly Asked[]): Promise<readonly (readonly SeenRow[])[]> => {
    const found: SeenRow[][] = asked.map(() => []);
    const { index } = keysOf(pool);
    const sent = asked.map(({ nhsNumber, ...one }, at) => ({ at, nhsNumber: index.number(nhsNumber), ...one }));
    const rows = await opened<SeenRow & { readonly asked: number }>(pool, await byNumbers(pool, JSON.stringify(sent)));
    for (const row of rows) found[row.asked]?.push(row);
    return found;
  };
  const reader: Reader = { pool, epoch, byNumber: inBatches(readTogether, { most: 16, atOnce: 2 }), beginRead: openBeginRead(pool) };
  return async (principal, what, words) => {
    const startedAt = performance.now();
    const shown = await untilItStands(() => lookOnce(reader, principal, what, words));
    if (shown.length === 0) await sameMoment(startedAt, 'personId' in what ? EMPTY_MATCH_MS : EMPTY_ANSWER_MS);
    return shown;
  };
};

/** Decides again, with growing pauses, until nothing that was decided upon has changed meanwhile. Throws `busy` after five seconds. */
export async function untilItStands<T>(decideOnce: () => Promise<T | 'changed'>): Promise<T> {
  const startedAt = performance.now();
  for (let attempt = 1; performance.now() - startedAt < PATIENCE_MS; attempt++) {
    const answer = await decideOnce();
    if (answer !== 'changed') return answer;
    await wait(pauseAfter(attempt));
  }
  throw anomaly('busy', 'what was asked for changes at this moment: try again');
}

async function lookOnce(
  { pool, epoch, byNumber, beginRead }: Reader,
  principal: Principal,
  what: LookUp,
  words: boolean,
): Promise<readonly Disclosure[] | 'changed'> {
  const { organization, kind } = principal;
  const matched = 'personId' in what;
  const rows = !isRecipientKind(kind)
    ? []
    : 'nhsNumber' in what
      ? await byNumber({ nhsNumber: what.nhsNumber, organization, kind })
      : matched
        ? await byPerson(pool, what.personId, organization, kind)
        : 'pointer' in what
          ? await byIdOf(pool, byPointer, what.pointer, organization, kind)
          : await byIdOf(pool, byId, what.id, organization, kind);
  const shown: { readonly row: SeenRow; readonly show: () => Promise<Disclosure | null> }[] = [];
  const seen: Seen[] = [];

  for (const { row, now, facts, want } of oneOfEachPlan(rows.map((row) => decide(row, matched)))) {
    if (!holds(want)) {
      seen.push({ ...refused(row, decidedBy(facts, want, now)), until: want.until, because: want.because, next: inVain(row, epoch) });
      continue;
    }
    if (row.key_id === null || row.state === null) {
      await makeKey(pool, row.plan_id, row.destination_id, row.recipient_id, emptyLedger(epoch));
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
        const content = words ? await contentOf(pool, version.carePlanId, facts.recipient.kind, row.publisher) : NO_CONTENT(number);
        return content === null ? null : disclose(facts, want, content, row.disclosure_id, disclosed, now);
      },
    });
  }
  if (shown.length > 1) await newestFirst(pool, shown);
  // The words are read before the audit row is committed: nothing that fails after it could take the answer back.
  const answers = (await Promise.all(shown.map(({ show }) => show()))).filter((each) => each !== null);
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

const byIdOf = async (pool: pg.Pool, ask: typeof byId, id: string, organization: string, kind: string): Promise<readonly SeenRow[]> =>
  UUID.test(id) ? opened<SeenRow>(pool, await ask(pool, id, organization, kind)) : [];

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
