import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { TaskCode } from '../../profiles/canonicals.ts';
import { decidedBy } from '../decide/decided-by.ts';
import { disclose } from '../decide/disclose.ts';
import { EMERGENCY_LASTS, emergency } from '../decide/emergency.ts';
import { Anomaly, anomaly } from '../model/anomaly.ts';
import type { Disclosure } from '../model/disclosure.ts';
import type { EmergencyReason } from '../model/emergency.ts';
import type { Instant } from '../model/instant.ts';
import { MINUTE } from '../model/instant.ts';
import { isRecipientKind } from '../model/kind.ts';
import { holds } from '../model/ledger.ts';
import type { Principal } from '../model/principal.ts';
import type { Traits } from '../model/traits.ts';
import { raiseTask } from './broker-task.ts';
import { contentOf } from './content.ts';
import type { EmergencyShown } from './door.ts';
import { type Decided, oneOfEachPlan, untilItStands } from './look-up.ts';
import type { SeenRow } from './seen-rows.ts';
import { FACT_COLUMNS, factsOf, opened, type Sealed, stampOf, VIEW } from './look.ts';
import { certainlyMeant } from './match.ts';
import { type Sql, statement, transaction } from './pool.ts';
import { sameMoment } from './same-moment.ts';

/** How long after a person was named the reason may be given. */
const CONFIRM_WITHIN = 5 * MINUTE;
/** Emergency accesses that one caller may begin in an hour. */
export const MOST_AN_HOUR = 10;
/** Whatever was found, what shows nothing is answered at the same moment after the question (I6); it writes more than a look-up does. */
const EMPTY_EMERGENCY_MS = 150;

/** Who asks: a person, by a client of an organisation, as one kind of service. */
type Caller = readonly [organization: string, kind: string, caller: string];
const callerOf = ({ organization, kind, user }: Principal): Caller => {
  if (user === null) throw new Error('emergency access is a person’s');
  return [organization, kind, user];
};

const forget = statement<[], never>(
  'forget-emergency-access',
  `DELETE FROM emergency_access WHERE asked_at < clock_timestamp() - interval '1 day'`,
);
const keep = statement<[string, string | null, ...Caller], never>(
  'keep-emergency-access',
  'INSERT INTO emergency_access (id, person_id, organization, kind, caller) VALUES ($1, $2, $3, $4, $5)',
);
// One after another, and the lock before the statement that counts: its snapshot is taken when it begins. Two at once are two.
const takeTurn = statement<[...Caller], never>(
  'turn-of-emergency-access',
  `SELECT pg_advisory_xact_lock(8, hashtext($1 || ' ' || $2 || ' ' || $3))`,
);
const begunInAnHour = statement<[...Caller], { begun: string }>(
  'emergency-accesses-begun',
  `SELECT count(*) AS begun FROM emergency_access a
    WHERE a.organization = $1 AND a.kind = $2 AND a.caller = $3 AND a.started_at > clock_timestamp() - interval '1 hour'`,
);
interface Access {
  readonly id: string;
  readonly person_id: string | null;
  readonly ends_at: Date;
}
const begin = statement<[string, ...Caller, number, number], Access>(
  'begin-emergency-access',
  // Begun before, it may be given another reason while it lasts: its hour is the first one's.
  `UPDATE emergency_access SET started_at = coalesce(started_at, clock_timestamp()),
          ends_at = coalesce(ends_at, clock_timestamp() + $6 * interval '1 millisecond')
    WHERE id = $1::uuid AND organization = $2 AND kind = $3 AND caller = $4
      AND (started_at IS NULL AND asked_at > clock_timestamp() - $5 * interval '1 millisecond' OR ends_at > clock_timestamp())
   RETURNING id, person_id, ends_at`,
);
const beginForNobody = statement<[string, ...Caller, number], Access>(
  'begin-emergency-access-for-nobody',
  `INSERT INTO emergency_access (id, organization, kind, caller, started_at, ends_at)
   VALUES ($1::uuid, $2, $3, $4, clock_timestamp(), clock_timestamp() + $5 * interval '1 millisecond') RETURNING id, person_id, ends_at`,
);
const running = statement<[string, ...Caller], Access>(
  'running-emergency-access',
  `SELECT id, person_id, ends_at FROM emergency_access
    WHERE id = $1::uuid AND organization = $2 AND kind = $3 AND caller = $4 AND ends_at > clock_timestamp()`,
);
/** Services of the caller's that are switched on, against each plan of the person. No destination: what is shown is held by nobody. */
const plansOf = statement<[string, string, string], Sealed<SeenRow>>(
  'emergency-plans',
  `SELECT NULL AS key_id, NULL AS generation, NULL AS key_version, NULL AS state, NULL AS destination, NULL AS destination_id,
          disclosure_id(p.id, r.id) AS disclosure_id, ${FACT_COLUMNS}
     FROM person pe JOIN patient_fact pt ON pt.person_id = pe.id JOIN plan p ON p.patient_id = pt.patient_id
     JOIN recipient r ON r.ods = $2 AND r.kind = $3 AND r.active
    WHERE pe.id = $1::uuid ORDER BY p.id, r.id`,
);
const recordsOf = statement<[string], { patient_id: string; owner: string }>(
  'records-of-person',
  'SELECT patient_id, owner FROM patient_fact WHERE person_id = $1::uuid ORDER BY owner, patient_id',
);
const onRecord = statement<[string, string | null, string, string], never>(
  'begin-emergency',
  'SELECT begin_emergency($1::jsonb, $2::uuid, $3, $4::jsonb)',
);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const CHANGED = '40001';
const isChanged = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === CHANGED;

/**
 * Names the person for whom emergency access may be asked, and answers the id under which this caller, and nobody else, asks for it in the next five
 * minutes: the same whether somebody is certainly meant or nobody.
 */
export async function nameForEmergency(pool: pg.Pool, principal: Principal, sent: Traits): Promise<string> {
  const startedAt = performance.now();
  const found = await certainlyMeant(pool, sent);
  const id = randomUUID();
  await forget(pool);
  await keep(pool, id, 'id' in found ? found.id : null, ...callerOf(principal));
  await sameMoment(startedAt, EMPTY_EMERGENCY_MS);
  return id;
}

/**
 * Emergency access to the plans of the person whom an id stands for: begun with a reason, or looked at again while its hour lasts (`why` null). Decided
 * under the policy locks; the trail, and where it begins the Tasks of both privacy officers, are committed before anything is answered.
 */
export async function emergencyAccess(
  pool: pg.Pool,
  principal: Principal,
  id: string,
  why: { readonly reason: EmergencyReason; readonly text: string } | null,
): Promise<EmergencyShown> {
  const startedAt = performance.now();
  const shown = await untilItStands(async () => {
    try {
      return await transaction(pool, (tx) => accessOnce(tx, principal, id, why));
    } catch (error) {
      if (isChanged(error)) return 'changed';
      // What was tried too often is undone, and on record all the same.
      if (error instanceof Anomaly && error.category === 'busy' && why !== null)
        await onRecord(pool, JSON.stringify({ ...trailOf(principal), reason: why.reason }), null, 'too-many', '[]');
      throw error;
    }
  });
  if (shown.disclosures.length === 0) await sameMoment(startedAt, EMPTY_EMERGENCY_MS);
  return shown;
}

/** Who asks, as the trail names them. */
const trailOf = ({ organization, kind, user }: Principal) => ({ organization, kind, caller: user });

async function accessOnce(
  tx: pg.PoolClient,
  principal: Principal,
  asked: string,
  why: { readonly reason: EmergencyReason; readonly text: string } | null,
): Promise<EmergencyShown> {
  const { organization, kind } = principal;
  const access = await accessOf(tx, callerOf(principal), asked, why !== null);
  const personId = access?.person_id ?? null;
  const decided = personId === null ? [] : oneOfEachPlan((await rowsOf(tx, personId, organization, kind)).map(decide));
  const shown = decided.flatMap((each) => (holds(each.want) ? [{ ...each, want: each.want }] : []));
  const disclosures: Disclosure[] = [];
  for (const { row, facts, want, now } of shown) {
    const version = facts.plan.version;
    const content = version === null ? null : await contentOf(tx, version.carePlanId, facts.recipient.kind, row.publisher);
    // The key was destroyed since it was decided.
    if (content === null) throw Object.assign(new Error('changed'), { code: CHANGED });
    disclosures.push(disclose(facts, want, content, row.disclosure_id, { digest: want.hold, version: 1, at: now }, now));
  }
  const trail = { ...trailOf(principal), reason: why?.reason ?? null };
  await onRecord(
    tx,
    JSON.stringify(trail),
    personId,
    personId === null ? 'no-such-person' : 'no-plan',
    JSON.stringify(decided.map(toSeen)),
  );
  if (access !== null && why !== null) await alert(tx, principal, access, why, decided);
  return { disclosures, endsAt: access?.ends_at.getTime() ?? 0 };
}

/** What an id stands for. One that is no longer any good, or never was, begins as one for nobody: it is on record, and told of, like any other. */
async function accessOf(tx: pg.PoolClient, caller: Caller, asked: string, begins: boolean): Promise<Access | null> {
  const id = UUID.test(asked) ? asked : randomUUID();
  if (!begins) return (await running(tx, id, ...caller))[0] ?? null;
  await takeTurn(tx, ...caller);
  const [hour] = await begunInAnHour(tx, ...caller);
  if (Number(hour?.begun ?? 0) >= MOST_AN_HOUR)
    throw anomaly('busy', `emergency access may be begun ${MOST_AN_HOUR} times in an hour by one person: ask your privacy officer`);
  const [known] = await begin(tx, id, ...caller, CONFIRM_WITHIN, EMERGENCY_LASTS);
  if (known !== undefined) return known;
  const [nobody] = await beginForNobody(tx, randomUUID(), ...caller, EMERGENCY_LASTS);
  if (nobody === undefined) throw new Error('what was stored is answered');
  return nobody;
}

const rowsOf = async (tx: Sql, personId: string, organization: string, kind: string): Promise<readonly SeenRow[]> =>
  isRecipientKind(kind) ? opened<SeenRow>(tx, await plansOf(tx, personId, organization, kind)) : [];

const decide = (row: SeenRow): Decided => {
  const now: Instant = Number(row.now);
  const facts = factsOf(row, VIEW);
  return { row, now, facts, want: emergency(facts, now) };
};

const toSeen = ({ row, facts, want, now }: Decided): object => ({
  stamp: stampOf(row),
  plan: row.plan_id,
  decidedBy: decidedBy(facts, want, now, true),
  until: want.until,
  ...(holds(want) ? { headings: want.headings, digest: want.hold } : { headings: [], because: want.because }),
});

/** Tells the privacy officer of who asked, in words that are the same whatever was found; and of each trust that has a record of the person. */
async function alert(
  tx: pg.PoolClient,
  { organization, kind, user }: Principal,
  { id, person_id: personId }: Access,
  { reason, text }: { readonly reason: EmergencyReason; readonly text: string },
  decided: readonly Decided[],
): Promise<void> {
  const asked = `${user} of ${organization} (${kind}) asked for emergency access: ${reason}`;
  const task = { code: TaskCode.emergency, reason } as const;
  await raiseTask(
    tx,
    {
      ...task,
      owner: organization,
      kind,
      focus: `Patient/${id}`,
      about: `asked ${id}`,
      description: `For the privacy officer: ${asked}. ${text}`,
    },
    { reopen: [] },
  );
  for (const { patient_id: patientId, owner } of personId === null ? [] : await recordsOf(tx, personId)) {
    const plans = decided.filter(({ row }) => row.patient_id === patientId);
    const said = plans.some(({ want }) => holds(want)) ? 'The plan was shown' : 'Nothing was shown';
    await raiseTask(
      tx,
      {
        ...task,
        owner,
        kind: 'publisher',
        focus: `Patient/${patientId}`,
        about: `of ${patientId} ${id}`,
        description: `For the privacy officer: ${asked}. ${said}.`,
      },
      { reopen: [] },
    );
  }
}
