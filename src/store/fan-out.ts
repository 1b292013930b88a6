import type pg from 'pg';
import { emptyLedger } from '../decide/attempt.ts';
import { desired } from '../decide/desired.ts';
import { step } from '../decide/step.ts';
import { factsOf, KEY_WITH_FACTS, type KeyRow, opened, type Sealed } from './look.ts';
import { type Sql, statement, transaction } from './pool.ts';
import { withoutRaces } from './without-races.ts';

/** Plans in one batch: about 20 ms of this process's time, in which nobody else is served, and as long a lock on rows that deliveries wait for. */
const BATCH = 250;

interface FanOutRow {
  readonly id: string;
  readonly persons: string[];
  readonly pairs: string[];
  readonly recipients: string[];
  readonly cursor: string | null;
}

// What concerns a few plans goes before what concerns many: a revocation does not wait for the end of an agreement.
// A batch that is lost in a crash of PostgreSQL is done again with its cursor: it need not wait for the disk.
const nextFanOut = statement<[], FanOutRow>(
  'next-fan-out',
  `SELECT id, persons, pairs, recipients, cursor, set_config('synchronous_commit', 'off', true) FROM fan_out
    ORDER BY cardinality(pairs) + cardinality(recipients) > 0, id LIMIT 1 FOR UPDATE SKIP LOCKED`,
);
/** Plans that an open crisis contact puts in the reach of its sender, which may have registered its service or its address later. */
const BY_CONTACT = `
  SELECT p.id AS plan_id, r.id AS recipient_id FROM contact c JOIN recipient r ON r.ods = c.sender AND r.kind = c.kind
    JOIN plan p ON p.patient_id = c.patient_id WHERE c.open
   UNION SELECT p.id, r.id FROM contact c JOIN recipient r ON r.ods = c.sender AND r.kind = c.kind
    JOIN person pe ON pe.nhs_number = c.nhs_number JOIN patient_fact pt ON pt.person_id = pe.id JOIN plan p ON p.patient_id = pt.patient_id
    WHERE c.open`;
/** Plans after the cursor. */
const AFTER = `coalesce($4::uuid, '00000000-0000-0000-0000-000000000000')`;
const plansOf = statement<[string[], string[], string[], string | null, number], { id: string }>(
  'plans-of-fan-out',
  // Each branch stops by itself, along its index: a publisher's hundred thousand plans are not sorted anew for every batch.
  `SELECT id FROM (
     SELECT p.id FROM plan p JOIN patient_fact pt ON pt.patient_id = p.patient_id WHERE pt.person_id = ANY($1::uuid[])
     UNION (SELECT p.id FROM unnest($2::text[]) name CROSS JOIN LATERAL (
              SELECT id FROM plan WHERE publisher = split_part(name, ' ', 1) AND id > ${AFTER} ORDER BY publisher, id LIMIT $5) p)
     UNION SELECT p.id FROM plan p WHERE p.reach_recipients && $3::text[]
     UNION SELECT p.id FROM plan p JOIN recipient r ON r.id = ANY($3::text[]) AND p.reach_areas && r.areas
     UNION SELECT k.plan_id FROM ledger_key k WHERE k.recipient_id = ANY($3::text[])
     UNION SELECT c.plan_id FROM (${BY_CONTACT}) c WHERE c.recipient_id = ANY($3::text[])) plans
    WHERE id > ${AFTER} ORDER BY id LIMIT $5`,
);
const STILL_OPEN = `c.open AND (c.ends_at IS NULL OR c.ends_at > statement_timestamp())`;
/** Those of the plans whose person is in an open crisis contact, whoever tells of it. Plan by plan, along indexes: 2 ms a batch (measured). */
const plansInContact = statement<[string[]], { id: string }>(
  'plans-in-contact',
  `SELECT one.id FROM unnest($1::uuid[]) asked CROSS JOIN LATERAL (
     SELECT p.id FROM plan p JOIN patient_fact pt ON pt.patient_id = p.patient_id JOIN person pe ON pe.id = pt.person_id
      WHERE p.id = asked AND (EXISTS (SELECT FROM contact c WHERE c.nhs_number = pe.nhs_number AND ${STILL_OPEN})
         OR EXISTS (SELECT FROM patient_fact o JOIN contact c ON c.patient_id = o.patient_id WHERE o.person_id = pe.id AND ${STILL_OPEN})) OFFSET 0) one`,
);
/**
 * New keys for whoever is in reach, on every road out: a destination that only reads has a key once it has read. OFFSET 0 keeps it plan by
 * plan, along indexes: a hundred thousand persons are not read for a batch.
 */
const makeKeys = statement<[string[], string[], string[], string[], object, string[]], { recipient_id: string }>(
  'make-keys',
  `INSERT INTO ledger_key (id, plan_id, destination_id, recipient_id, disclosure_id, state, rank)
   SELECT gen_random_uuid(), p.id, d.id, r.id, disclosure_id(p.id, r.id), $5, CASE WHEN p.id = ANY($6::uuid[]) THEN 1 ELSE 2 END
     FROM unnest($1::uuid[]) asked
     CROSS JOIN LATERAL (SELECT id, publisher, patient_id, reach_recipients, reach_areas FROM plan WHERE id = asked AND version IS NOT NULL OFFSET 0) p
     CROSS JOIN LATERAL (SELECT person.nhs_number FROM patient_fact pt JOIN person ON person.id = pt.person_id
                          WHERE pt.patient_id = p.patient_id OFFSET 0) pe
     JOIN recipient r ON r.id = ANY(p.reach_recipients) OR r.areas && p.reach_areas
          OR EXISTS (SELECT FROM contact c WHERE c.open AND c.sender = r.ods AND c.kind = r.kind
                      AND (c.patient_id = p.patient_id OR c.nhs_number = pe.nhs_number))
     JOIN destination d ON d.recipient_id = r.id AND d.facts->>'channel' <> 'pull'
    WHERE (cardinality($2::uuid[]) > 0 OR r.id = ANY($3::text[]) OR p.publisher || ' ' || r.ods = ANY($4::text[]))
      AND NOT EXISTS (SELECT FROM ledger_key k WHERE k.plan_id = p.id AND k.destination_id = d.id OFFSET 0)
   ON CONFLICT (plan_id, destination_id) DO NOTHING RETURNING recipient_id`,
);
const CONCERNED = `k.plan_id = ANY($1::uuid[]) AND r.id = k.recipient_id AND p.id = k.plan_id
      AND (cardinality($2::uuid[]) > 0 OR r.id = ANY($3::text[]) OR p.publisher || ' ' || r.ods = ANY($4::text[]))`;
const holdingKeys = statement<[string[], string[], string[], string[]], Sealed<KeyRow>>(
  'holding-keys',
  `SELECT one.* FROM (SELECT k.id FROM ledger_key k, recipient r, plan p WHERE ${CONCERNED} AND jsonb_array_length(k.state->'copies') > 0) asked
    CROSS JOIN LATERAL (${KEY_WITH_FACTS('asked.id')} OFFSET 0) one`,
);
/**
 * Bumps keys, and ends the fan-out where these were the last: a round trip less, which a recall waits for. A key that is due already, and that
 * nobody has claimed, is left as it is: whoever claims it looks at the facts after that, and each write of a row is a write to all its indexes.
 * One whose lease has run out may still be worked on by whoever had it, on facts of before: it is bumped.
 */
const bumpKeys = statement<[string[], string[], string[], string[], string[], string | null, string[]], { recipient_id: string }>(
  'bump-keys',
  `WITH ended AS (DELETE FROM fan_out WHERE id = $6::bigint),
   concerned AS MATERIALIZED (SELECT k.id, k.recipient_id, CASE WHEN k.id = ANY($5::uuid[]) THEN 0 WHEN k.plan_id = ANY($7::uuid[]) THEN 1 ELSE 2 END AS goes
                              FROM ledger_key k, recipient r, plan p WHERE ${CONCERNED}),
   bumped AS (
     UPDATE ledger_key k SET generation = k.generation + 1, look_at = least(k.look_at, clock_timestamp()),
            rank = concerned.goes
       FROM concerned WHERE k.id = concerned.id
        AND NOT (k.generation > k.observed AND k.look_at <= statement_timestamp() AND k.lease_until IS NULL
                 AND k.rank IN (0, concerned.goes)))
   SELECT DISTINCT recipient_id FROM concerned`,
);
/** Who waits for a handshake at a rest-hook, with plans or without any. */
const waitingForHandshakes = statement<[string[]], { recipient_id: string }>(
  'waiting-for-handshakes',
  `SELECT DISTINCT recipient_id FROM destination WHERE recipient_id = ANY($1::text[]) AND handshake_due AND facts->>'address' NOT LIKE 'websocket:%'`,
);
const moveOn = statement<[string, string], never>('move-fan-out', 'UPDATE fan_out SET cursor = $2 WHERE id = $1');
const endFanOut = statement<[string], never>('end-fan-out', 'DELETE FROM fan_out WHERE id = $1');

/**
 * One batch of the oldest fan-out: makes the keys that should be, bumps those that are, and answers whose they were. The facts
 * were committed before; this only says whom to look at.
 */
export function fanOut(pool: pg.Pool, epoch: number): Promise<FanOutEnd> {
  // Two fan-outs of one person, or one and a read, may each hold a key that the other waits for: whoever gives way does it again.
  return withoutRaces(() => fanOutOnce(pool, epoch));
}

/** What one batch came to: whether more wait, and whose keys are to be looked at. */
interface FanOutEnd {
  readonly more: boolean;
  readonly recipients: readonly string[];
}

function fanOutOnce(pool: pg.Pool, epoch: number): Promise<FanOutEnd> {
  return transaction(pool, async (tx) => {
    const [row] = await nextFanOut(tx);
    if (row === undefined) return { more: false, recipients: [] };
    const { persons, pairs, recipients } = row;
    const waiting = recipients.length > 0 ? (await waitingForHandshakes(tx, recipients)).map((each) => each.recipient_id) : [];
    const plans = (await plansOf(tx, persons, pairs, recipients, row.cursor, BATCH)).map(({ id }) => id);
    // Nobody has a plan of the persons who are new.
    if (plans.length === 0) {
      await endFanOut(tx, row.id);
      return { more: true, recipients: waiting };
    }
    const inContact = (await plansInContact(tx, plans)).map(({ id }) => id);
    const made = await makeKeys(tx, plans, persons, recipients, pairs, emptyLedger(epoch), inContact);
    // Before the rows are locked: a delivery that waits for one holds its policy locks meanwhile, and a revocation waits for those.
    const recalls = recallsAmong(await opened<KeyRow>(tx, await holdingKeys(tx, plans, persons, recipients, pairs)));
    const last = plans.length === BATCH ? plans.at(-1) : undefined;
    const bumped = await bumpKeys(tx, plans, persons, recipients, pairs, recalls, last === undefined ? row.id : null, inContact);
    if (last !== undefined) await moveOn(tx, row.id, last);
    return { more: true, recipients: [...new Set([...waiting, ...[...made, ...bumped].map((key) => key.recipient_id)])] };
  });
}

/** Which will be recalls: they are put in front. Only an order of work: each is decided again when its turn comes. */
function recallsAmong(rows: readonly KeyRow[]): string[] {
  const recalls = rows.filter((row) => {
    const now = Number(row.now);
    return step(desired(factsOf(row, row.destination), now), row.state, now, row.destination).kind === 'recall';
  });
  return recalls.map((row) => row.key_id);
}

const anyFanOut = statement<[], { pending: boolean }>('any-fan-out', 'SELECT EXISTS (SELECT FROM fan_out) AS pending');

export const isFanOutPending = async (sql: Sql): Promise<boolean> => (await anyFanOut(sql))[0]?.pending ?? false;

/** How many keys a resync found that the fan-out had missed. Each is an alarm. */
const resyncKeys = statement<[object], { recipient_id: string }>(
  'resync-keys',
  `INSERT INTO ledger_key (id, plan_id, destination_id, recipient_id, disclosure_id, state)
   SELECT gen_random_uuid(), p.id, d.id, d.recipient_id, disclosure_id(p.id, d.recipient_id), $1
     FROM (SELECT p.id AS plan_id, r.id AS recipient_id FROM plan p JOIN recipient r ON r.id = ANY(p.reach_recipients)
            UNION SELECT p.id, r.id FROM plan p JOIN recipient r ON r.areas && p.reach_areas
            UNION ${BY_CONTACT}) reach
     JOIN plan p ON p.id = reach.plan_id JOIN destination d ON d.recipient_id = reach.recipient_id AND d.facts->>'channel' <> 'pull'
     LEFT JOIN ledger_key k ON k.plan_id = p.id AND k.destination_id = d.id
    WHERE p.version IS NOT NULL AND k.id IS NULL AND NOT EXISTS (SELECT FROM fan_out)
   ON CONFLICT (plan_id, destination_id) DO NOTHING RETURNING recipient_id`,
);

/** Recomputes the set of keys by anti-join, while no fan-out is under way; answers whose keys were missing. */
export const resync = async (sql: Sql, epoch: number): Promise<readonly string[]> =>
  (await resyncKeys(sql, emptyLedger(epoch))).map((row) => row.recipient_id);
