import { randomUUID } from 'node:crypto';
import type { CarePlan, Composition, Consent, Contract } from '@medplum/fhirtypes';
import type pg from 'pg';
import { fromCarePlan } from '../../mappings/facts/from-care-plan.ts';
import { fromContract } from '../../mappings/facts/from-contract.ts';
import { idOf } from '../../mappings/facts/reference-of.ts';
import { type Finding, findingsUnsigned } from '../decide/guardrails.ts';
import { anomaly } from '../model/anomaly.ts';
import { type Desired, holds } from '../model/ledger.ts';
import type { Principal } from '../model/principal.ts';
import { identifierOf, planByIdentifier, putPlan, versionOf } from './approve.ts';
import { draftToJudge } from './draft-to-judge.ts';
import { resolveParties } from './facts/resolve-parties.ts';
import type { HeldLocks } from './held-locks.ts';
import { type Sql, statement } from './pool.ts';
import { wouldSign } from './projections.ts';
import { checked, namedRefusals } from './refusals.ts';
import { readResource } from './resources.ts';
import { onRecord, type Shared, sharedNow } from './sharing.ts';
import { underLocks } from './under-locks.ts';
import { writeIn } from './write.ts';

/** What is tried out on a plan in force: a consent or an agreement; null tries out the approval of a draft. */
export type Trial = Consent | Contract | null;

/** What one service would see after it, against now. */
export interface Change {
  readonly recipient: Shared['recipient'];
  /** Null where the service has nothing to do with the plan. */
  readonly before: Desired | null;
  readonly after: Desired | null;
  /** Whether it would be asked to give up what it holds. */
  readonly isRecalled: boolean;
}

/** What is answered: what it would change, and of a draft what the guardrails find in it. */
export interface Preview {
  readonly changes: readonly Change[];
  readonly findings: readonly Finding[];
}

/** Carries the answer out of a transaction of which nothing is to be left. */
class Undone extends Error {
  readonly preview: Preview;
  constructor(preview: Preview) {
    super('a trial is undone');
    this.preview = preview;
  }
}

/**
 * What a change would give and take, and to whom. The change is really written, by the code that writes it and under its locks, looked at, and undone:
 * nothing is stored, nobody is told. On record, as whoever asks, before it answers. The caller has read the CarePlan of `publisher`, which would write
 * it. Throws what the write would throw.
 */
export async function preview(
  pool: pg.Pool,
  principal: Principal,
  { carePlan, publisher }: { readonly carePlan: CarePlan; readonly publisher: string },
  trial: Trial,
  messageLifetime: number,
): Promise<Preview> {
  const writer: Principal = { ...principal, organization: publisher, kind: 'publisher' };
  const patientId = idOf(carePlan.subject, 'Patient');
  if (patientId === null) throw anomaly('incorrect', 'is of no Patient', 'CarePlan.subject');
  // Before it is tried: what is refused was asked for, too.
  await onRecord(pool, 'preview', principal, patientId, `CarePlan/${carePlan.id}`);
  return tried(pool, async (tx, locks) => {
    const planId = await planOf(tx, writer, carePlan);
    const ofPlan = ({ plan_id }: { readonly plan_id: string }): boolean => plan_id === planId;
    const before = await sharedNow(tx, patientId, ofPlan);
    const findings = trial === null ? await approveDraft(tx, writer, carePlan, planId, patientId) : [];
    if (trial !== null) await write(tx, locks, writer, trial, patientId, messageLifetime);
    return { changes: changesOf(before, await sharedNow(tx, patientId, ofPlan)), findings };
  });
}

const tried = async (pool: pg.Pool, work: (tx: pg.PoolClient, locks: HeldLocks) => Promise<Preview>): Promise<Preview> => {
  try {
    return await underLocks({ pool, changed: () => {} }, async (tx, locks) => {
      throw new Undone(await work(tx, locks));
    });
  } catch (error) {
    if (error instanceof Undone) return error.preview;
    throw error;
  }
};

/** The plan of which this is a draft or the version in force; of a first draft a new one. */
async function planOf(tx: Sql, { organization }: Principal, carePlan: CarePlan): Promise<string> {
  const { businessIdentifier, patientId } = fromCarePlan(carePlan);
  const [plan] = await planByIdentifier(tx, organization, identifierOf(tx, businessIdentifier));
  if (plan !== undefined && plan.patient_id !== patientId)
    throw anomaly('conflict', 'this plan is of another person', 'CarePlan.identifier');
  return plan?.id ?? randomUUID();
}

/** Puts a draft in force, whatever the guardrails find in it, and answers that. */
async function approveDraft(
  tx: Sql,
  { organization }: Principal,
  carePlan: CarePlan,
  planId: string,
  patientId: string,
): Promise<readonly Finding[]> {
  if (carePlan.status !== 'draft')
    throw anomaly('conflict', 'is no draft: a consent or an agreement is what can be tried on it', 'CarePlan.status');
  const facts = fromCarePlan(carePlan);
  const words = await readResource(tx, 'Composition', facts.compositionId);
  if (words === null || words.owner !== organization)
    throw anomaly('incorrect', 'names no Composition of this organisation', 'CarePlan.supportingInfo[0]');
  const composition = words.body as Composition;
  const named = await namedRefusals(tx, composition, { owner: organization, patientId, now: Date.now() });
  const refusals = checked(named);
  const { projections } = wouldSign({ carePlan, composition, refusals });
  const { recipientIds, areas } = facts.reach;
  const identifier = identifierOf(tx, facts.businessIdentifier);
  await putPlan(tx, planId, organization, identifier, patientId, versionOf(facts, projections), recipientIds, areas);
  return findingsUnsigned(await draftToJudge(tx, organization, { carePlan, composition, refusals, provenance: { agent: [] } }));
}

/** An agreement is written by the operator; what it would mean for one's own plan a trust may know before. */
async function write(
  tx: pg.PoolClient,
  locks: HeldLocks,
  principal: Principal,
  trial: Consent | Contract,
  patientId: string,
  lifetime: number,
) {
  if (trial.resourceType === 'Consent' && idOf(trial.patient, 'Patient') !== patientId)
    throw anomaly('incorrect', 'is of another person than the plan', "Parameters.parameter.where(name='consent').resource.patient");
  const known = trial.id === undefined ? null : await readResource(tx, trial.resourceType, trial.id);
  const isAgreement = trial.resourceType === 'Contract';
  for (const each of isAgreement ? [known?.body as Contract | undefined, trial] : [])
    if (each !== undefined) await checkOwnAgreement(tx, principal, each);
  const by: Principal = isAgreement ? { ...principal, kind: 'operator' } : principal;
  await writeIn(tx, locks, { principal: by, resource: trial, id: known?.id ?? null, ifMatch: null }, lifetime);
}

const joined = statement<[string], { joined: boolean }>(
  'is-agreement-joined',
  'SELECT EXISTS (SELECT FROM agreement WHERE framework = $1) AS joined',
);
const isJoined = async (sql: Sql, id: string): Promise<boolean> => (await joined(sql, id))[0]?.joined ?? true;

/** A trial holds the locks of what it writes for a moment: those of other publishers' agreements are not for the caller to hold. */
async function checkOwnAgreement(tx: Sql, { organization }: Principal, agreement: Contract): Promise<void> {
  // What others joined, or it joins itself, is theirs too.
  const isShared = agreement.instantiatesCanonical !== undefined || (agreement.id !== undefined && (await isJoined(tx, agreement.id)));
  const pairs = fromContract({ ...agreement, id: agreement.id ?? 'trial' }, (await resolveParties(tx, agreement)).resolve);
  if (isShared || pairs.some(({ publisher }) => publisher !== organization))
    throw anomaly(
      'incorrect',
      'is an agreement of your own organisation, as its only publisher',
      "Parameters.parameter.where(name='agreement').resource",
    );
}

function changesOf(before: readonly Shared[], after: readonly Shared[]): readonly Change[] {
  const now = new Map(before.map((one) => [one.recipient.id, one]));
  const then = new Map(after.map((one) => [one.recipient.id, one]));
  return [...new Set([...now.keys(), ...then.keys()])].sort().flatMap((id) => {
    const [one, other] = [now.get(id), then.get(id)];
    const recipient = (other ?? one)?.recipient;
    if (recipient === undefined) return [];
    const isRecalled = (other?.at ?? []).some(({ held, wanted }) => held.length > 0 && !holds(wanted) && !('freeze' in wanted));
    return [{ recipient, before: one?.explained.want ?? null, after: other?.explained.want ?? null, isRecalled }];
  });
}
