import type pg from 'pg';
import { desired } from '../decide/desired.ts';
import { digest } from '../decide/digest.ts';
import { type Explained, explain } from '../decide/explain.ts';
import { contractsOf } from '../model/agreement.ts';
import { carriesContent } from '../model/copy.ts';
import type { Facts } from '../model/facts.ts';
import type { Instant } from '../model/instant.ts';
import type { Principal } from '../model/principal.ts';
import { type Destination, tellsEverybody } from '../model/recipient.ts';
import type { AskedBack, Ground, NamedRecipient, SharedAt } from '../model/sharing.ts';
import type { Stored } from './door.ts';
import { FACT_COLUMNS, factsOf, EVERY_KIND_COLUMN, type KeyRow, opened, type Sealed, VIEW } from './look.ts';
import { type Sql, statement } from './pool.ts';
import { readResource } from './resources.ts';

/** How one plan is shared with one service, with every fact that the decision read. */
export interface Shared {
  /** The broker's own id of the plan; it never leaves. */
  readonly planId: string;
  /** The CarePlan that is in force; null where there is none. */
  readonly carePlanId: string | null;
  readonly recipient: NamedRecipient;
  readonly facts: Facts;
  readonly explained: Explained;
  readonly at: readonly SharedAt[];
  /** Until when it may hold a list on which the person of the plan stands; null where it holds none, left out of what is told of the past. */
  readonly listedUntil?: Instant | null;
  readonly grounds: readonly Ground[];
  readonly now: Instant;
}

type Row = Omit<KeyRow, 'key_id' | 'state' | 'destination'> & {
  readonly key_id: string | null;
  readonly state: KeyRow['state'] | null;
  readonly destination: Destination | null;
  readonly recipient_name: string | null;
};

// Whoever is in reach, has an agreement with the publisher, ever had a key, or may hold a list: nobody else can see, hold or have held anything.
const SHARED = `SELECT k.id AS key_id, disclosure_id(p.id, r.id) AS disclosure_id, k.generation, k.version AS key_version, k.state, d.facts AS destination,
       (SELECT o.body::jsonb->>'name' FROM resource_token t JOIN resource o ON o.serial = t.serial
         WHERE t.type = 'Organization' AND t.param = 'identifier' AND t.token = 'https://fhir.nhs.uk/Id/ods-organization-code|' || r.ods LIMIT 1) AS recipient_name,
       ${EVERY_KIND_COLUMN}, ${FACT_COLUMNS}
  FROM plan p JOIN patient_fact pt ON pt.patient_id = p.patient_id JOIN person pe ON pe.id = pt.person_id
  JOIN recipient r ON r.id = ANY(p.reach_recipients) OR r.areas && p.reach_areas
       OR EXISTS (SELECT FROM agreement_fact a WHERE a.publisher = p.publisher AND a.recipient_ods = r.ods AND a.recipient_id IN ('', r.id))
       OR EXISTS (SELECT FROM ledger_key o WHERE o.plan_id = p.id AND o.recipient_id = r.id)
       OR EXISTS (SELECT FROM flag_listed o WHERE o.plan_id = p.id AND o.recipient_id = r.id AND o.until > clock_timestamp())
  LEFT JOIN ledger_key k ON k.plan_id = p.id AND k.recipient_id = r.id LEFT JOIN destination d ON d.id = k.destination_id`;
const sharedOfPatient = statement<[string], Sealed<Row>>(
  'shared-of-patient',
  `${SHARED} WHERE p.patient_id = $1 ORDER BY p.id, r.ods, r.id, k.id`,
);
const attempts = statement<
  [string[]],
  { id: string; key_id: string; action: string; begun_at: Date; outcome: AskedBack['outcome']; because: string | null }
>(
  'attempts-of-keys',
  'SELECT id, key_id, action, begun_at, outcome, because FROM delivery WHERE key_id = ANY($1::uuid[]) ORDER BY key_id, serial',
);
const lists = statement<[string[]], { plan_id: string; recipient_id: string; until: Date }>(
  'lists-with-plans',
  'SELECT plan_id, recipient_id, max(until) AS until FROM flag_listed WHERE plan_id = ANY($1::uuid[]) AND until > clock_timestamp() GROUP BY plan_id, recipient_id',
);
/** Looks at what is the publisher's own or the person's, what is done in the review of a draft, and what a person raises. */
type OwnEvent = 'sharing' | 'explain' | 'preview' | 'changes' | 'review' | 'access-log' | 'concern';
const leaveTrail = statement<[OwnEvent, string, string, string | null, string, string | null, string | null], never>(
  'trail-of-sharing',
  // One row for each plan of the person's record; where there is none, one of the person.
  `INSERT INTO audit (event, organization, kind, caller, person_id, plan_id, about, digest)
   SELECT $1, $2, $3, $4, pt.person_id, p.id, $6, $7 FROM patient_fact pt LEFT JOIN plan p ON p.patient_id = pt.patient_id WHERE pt.patient_id = $5`,
);

/** How the plans of a Patient are shared, service by service. On record before it answers. The caller has read the Patient. */
export const sharing = async (pool: pg.Pool, principal: Principal, patientId: string): Promise<readonly Shared[]> => {
  const shared = await sharedNow(pool, patientId);
  await onRecord(pool, 'sharing', principal, patientId, null);
  return shared;
};

/** A plan and a service, by the ids under which the publisher knows them. */
export interface ExplainAsked {
  /** ODS code of whose plan it is. */
  readonly publisher: string;
  readonly patientId: string;
  readonly carePlanId: string;
  readonly recipientId: string;
}

/** How the plan of a CarePlan in force is decided for one service, now; null where the two have nothing to do with each other. On record. */
export const explainFor = async (
  pool: pg.Pool,
  principal: Principal,
  { patientId, carePlanId, recipientId }: ExplainAsked,
): Promise<Shared | null> => {
  const shared = await sharedNow(pool, patientId, (row) => row.approved?.carePlanId === carePlanId && row.recipient_id === recipientId);
  await onRecord(pool, 'explain', principal, patientId, `HealthcareService/${recipientId}`);
  return shared[0] ?? null;
};

/** The same inside a transaction, or outside: of the rows that are chosen. Nothing is put on record. */
export const sharedNow = async (sql: Sql, patientId: string, chosen: (row: Row) => boolean = () => true): Promise<readonly Shared[]> =>
  sharedWith(sql, (await opened<Row & KeyRow>(sql, (await sharedOfPatient(sql, patientId)) as never)).filter(chosen));

/** Puts such an event on record; `hash` is that of what it was about. */
export const onRecord = async (
  sql: Sql,
  event: OwnEvent,
  { organization, kind, user }: Principal,
  patientId: string,
  about: string | null,
  hash: string | null = null,
): Promise<void> => {
  await leaveTrail(sql, event, organization, kind, user, patientId, about, hash);
};

async function sharedWith(sql: Sql, rows: readonly Row[]): Promise<readonly Shared[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows)
    groups.set(`${row.plan_id} ${row.recipient_id}`, [...(groups.get(`${row.plan_id} ${row.recipient_id}`) ?? []), row]);
  const known = await attempts(
    sql,
    rows.flatMap(({ key_id }) => key_id ?? []),
  );
  const listed = await lists(sql, [...new Set(rows.map(({ plan_id }) => plan_id))]);
  const grounds = new Map<string, Ground | null>();
  const result: Shared[] = [];
  for (const group of groups.values()) {
    // At a record locator it is the pointer that is explained, at an event service the event: nobody reads there.
    const toAll = group.find(({ destination }) => destination !== null && tellsEverybody(destination));
    const first = toAll ?? group[0];
    if (first === undefined) continue;
    const now: Instant = Number(first.now);
    const facts = factsOf(
      { ...first, state: group.find(({ state }) => state?.matched === true)?.state ?? first.state },
      toAll?.destination ?? VIEW,
    );
    const carePlanId = first.approved?.carePlanId ?? null;
    const named = [
      `Patient/${first.patient_id}`,
      ...(carePlanId === null ? [] : [`CarePlan/${carePlanId}`]),
      // In an order of their own: the same facts are told alike, whenever it is asked.
      ...[...new Set(facts.agreements.flatMap(contractsOf))].map((id) => `Contract/${id}`).sort(),
      // Of what binds another trust's plans alone this one is told nothing.
      ...facts.consents
        .filter(({ binds }) => binds === null || binds === facts.plan.publisher)
        .map(({ id }) => `Consent/${id}`)
        .sort(),
    ];
    result.push({
      planId: first.plan_id,
      carePlanId,
      recipient: { ...facts.recipient, name: first.recipient_name ?? first.ods },
      facts,
      explained: explain(facts, now),
      at: group.filter(({ key_id }) => key_id !== null).map((row) => sharedAt(row, known)),
      listedUntil: listed.find((one) => one.plan_id === first.plan_id && one.recipient_id === first.recipient_id)?.until.getTime() ?? null,
      grounds: await groundsOf(sql, grounds, named),
      now,
    });
  }
  return result;
}

type Attempts = Awaited<ReturnType<typeof attempts>>;

function sharedAt(row: Row, known: Attempts): SharedAt {
  const own = known.filter(({ key_id }) => key_id === row.key_id);
  const asked = own.findLast(({ action }) => action === 'recall');
  const destination = row.destination ?? VIEW;
  return {
    channel: destination.channel,
    wanted: desired(factsOf(row, destination), Number(row.now)),
    held: (row.state?.copies ?? []).filter(carriesContent).map((copy) => ({
      state: copy.state,
      headings: copy.headings,
      since: own.find(({ id }) => id === copy.id)?.begun_at.getTime() ?? row.state?.disclosed?.at ?? null,
    })),
    askedBack: asked === undefined ? null : { at: asked.begun_at.getTime(), outcome: asked.outcome, because: asked.because },
  };
}

const groundsOf = async (sql: Sql, known: Map<string, Ground | null>, named: readonly string[]): Promise<readonly Ground[]> => {
  const grounds: Ground[] = [];
  // One after another: inside a transaction there is one connection.
  for (const reference of new Set(named)) {
    const ground = await groundOf(sql, known, reference);
    if (ground !== null) grounds.push(ground);
  }
  return grounds;
};

/** A fact by its version, and by its hash as the trail has it. */
export const groundIn = ({ type, id, version, body }: Stored): Ground => ({
  reference: `${type}/${id}/_history/${version}`,
  hash: digest(body),
});

/** The version of a fact that is stored now. */
async function groundOf(sql: Sql, known: Map<string, Ground | null>, reference: string): Promise<Ground | null> {
  const before = known.get(reference);
  if (before !== undefined) return before;
  const [type = '', id = ''] = reference.split('/');
  const stored = await readResource(sql, type, id);
  const ground = stored === null ? null : groundIn(stored);
  known.set(reference, ground);
  return ground;
}
