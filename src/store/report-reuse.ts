import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { TaskCode } from '../../profiles/canonicals.ts';
import { anomaly } from '../model/anomaly.ts';
import type { RecipientKind } from '../model/kind.ts';
import type { Principal } from '../model/principal.ts';
import type { Reuse } from '../model/reuse.ts';
import { raiseTask } from './broker-task.ts';
import { type Sql, statement, transaction } from './pool.ts';

/** A report that content was used beyond the recipient's duty. */
export interface ReuseReport {
  readonly reuse: Reuse;
  readonly text: string;
  /** The HealthcareService that did it, where the publisher reports; a recipient reports its own. */
  readonly recipientId: string | null;
  /** The CarePlan, by the id under which the reporter knows it. */
  readonly carePlanId: string | null;
}

interface PairRow {
  readonly publisher: string;
  readonly ods: string;
  readonly kind: RecipientKind;
}
const PARTIES = `SELECT DISTINCT a.publisher, r.ods, r.kind FROM agreement_party a JOIN recipient r ON r.ods = a.recipient_ods AND a.recipient_id IN ('', r.id)
  WHERE a.contract_id = $1`;
const pairsOfRecipient = statement<[string, string, string], PairRow>(
  'reuse-by-recipient',
  `${PARTIES} AND r.ods = $2 AND r.kind = $3 ORDER BY 1`,
);
const pairsOfPublisher = statement<[string, string, string], PairRow>(
  'reuse-by-publisher',
  `${PARTIES} AND a.publisher = $2 AND r.id = $3 ORDER BY 1`,
);
const isPartyOf = statement<[string, string, string, boolean], { party: boolean }>(
  'is-party',
  `SELECT EXISTS (SELECT FROM agreement_party a LEFT JOIN recipient r ON r.ods = a.recipient_ods AND a.recipient_id IN ('', r.id)
           WHERE a.contract_id = $1 AND (a.publisher = $2 AND $3 = 'publisher' OR $4 AND r.ods = $2 AND r.kind = $3)) AS party`,
);
interface PlanRow {
  readonly plan_id: string;
  readonly person_id: string;
  readonly publisher: string;
  readonly care_plan_id: string | null;
}
const PLAN = `p.id AS plan_id, pt.person_id, p.publisher,
  (SELECT v.care_plan_id FROM approved_version v WHERE v.plan_id = p.id ORDER BY v.number DESC LIMIT 1) AS care_plan_id
  FROM plan p JOIN patient_fact pt ON pt.patient_id = p.patient_id`;
const disclosedTo = statement<[string, string, string], PlanRow>(
  'plan-disclosed-to',
  `SELECT DISTINCT ${PLAN} JOIN ledger_key k ON k.plan_id = p.id JOIN recipient r ON r.id = k.recipient_id
    WHERE k.disclosure_id::text = $1 AND r.ods = $2 AND r.kind = $3`,
);
const ownPlan = statement<[string, string], PlanRow>(
  'plan-of-own-version',
  `SELECT DISTINCT ${PLAN} JOIN approved_version own ON own.plan_id = p.id WHERE own.care_plan_id = $1 AND p.publisher = $2`,
);
const leaveTrail = statement<[string, string, string | null, string | null, string | null, string, string], never>(
  'trail-of-reuse',
  `INSERT INTO audit (event, organization, kind, caller, person_id, plan_id, reason, about) VALUES ('reuse', $1, $2, $3, $4::uuid, $5::uuid, $6, $7)`,
);

/** Whether a service is, or was, a party to an agreement: as its publisher, or as either. */
export const isParty = async (sql: Sql, { organization, kind }: Principal, contractId: string, as: 'publisher' | 'either') =>
  (await isPartyOf(sql, contractId, organization, kind, as === 'either'))[0]?.party ?? false;

/**
 * Tells the privacy officers of both parties that content was used beyond the recipient's duty, and puts it on record; answers the id of the reporter's
 * own Task. The caller is a party. A plan that is named is told to its publisher only, and whether there is one changes nothing of the answer.
 */
export const reportReuse = (pool: pg.Pool, principal: Principal, contractId: string, report: ReuseReport): Promise<string> =>
  transaction(pool, async (tx) => {
    const { organization, kind, user } = principal;
    const isPublisher = report.recipientId !== null;
    const pairs = isPublisher
      ? await pairsOfPublisher(tx, contractId, organization, report.recipientId)
      : await pairsOfRecipient(tx, contractId, organization, kind);
    const [first] = pairs;
    if (first === undefined)
      throw anomaly('incorrect', 'names no recipient of yours in this agreement', "Parameters.parameter.where(name='recipient')");
    const plan = await planNamed(tx, principal, report);
    const id = randomUUID();
    const by = `${first.ods} (${first.kind})`;
    const said = `For the privacy officer: ${organization} (${kind}) reports that content which ${by} had under this agreement was reused: ${report.reuse}.`;
    const raise = async (owner: string, of: PairRow['kind'], text: string, focus: string): Promise<string> => {
      const task = {
        code: TaskCode.reuse,
        owner,
        kind: of,
        focus,
        reason: report.reuse,
        about: `${id} ${of}`,
        description: `${said}${text}`,
      };
      return (await raiseTask(tx, task, { reopen: [] })).id;
    };
    const agreement = `Contract/${contractId}`;
    // Its own words go from a recipient to the publisher; never to a recipient, who may know nothing of the person.
    const own = await raise(first.ods, first.kind, isPublisher ? '' : ` ${report.text}`, agreement);
    const told: string[] = [];
    // Whose plan it was; where that is not known, each publisher with which the recipient has this agreement.
    const isKnown = pairs.some(({ publisher }) => publisher === plan?.publisher);
    const focus = isKnown && plan?.care_plan_id != null ? `CarePlan/${plan.care_plan_id}` : agreement;
    for (const publisher of new Set(isKnown && plan !== null ? [plan.publisher] : pairs.map((pair) => pair.publisher)))
      told.push(await raise(publisher, 'publisher', ` ${report.text}`, focus));
    await leaveTrail(
      tx,
      organization,
      kind,
      user,
      isKnown ? (plan?.person_id ?? null) : null,
      isKnown ? (plan?.plan_id ?? null) : null,
      report.reuse,
      agreement,
    );
    return isPublisher ? (told[0] ?? own) : own;
  });

/** The plan that a report names, where its reporter has it by that id; null for any other, and for one of a publisher who is no party. */
const planNamed = async (tx: Sql, { organization, kind }: Principal, { carePlanId, recipientId }: ReuseReport): Promise<PlanRow | null> => {
  if (carePlanId === null) return null;
  const [plan] = recipientId === null ? await disclosedTo(tx, carePlanId, organization, kind) : await ownPlan(tx, carePlanId, organization);
  return plan ?? null;
};
