import { randomUUID } from 'node:crypto';
import type { CarePlan, Composition, Provenance } from '@medplum/fhirtypes';
import type pg from 'pg';
import { toSealedProvenance } from '../../mappings/approval/to-sealed-provenance.ts';
import { type CarePlanFacts, fromCarePlan } from '../../mappings/facts/from-care-plan.ts';
import { idOf } from '../../mappings/facts/reference-of.ts';
import { againstPolicy } from '../decide/approval-policy.ts';
import { guardrails } from '../decide/guardrails.ts';
import { WORDS_VERSION } from '../decide/guardrails/word-lists.ts';
import type { Projected } from '../decide/project.ts';
import { differsFrom, signsOf } from '../decide/signs.ts';
import { Anomaly, anomaly } from '../model/anomaly.ts';
import type { PolicyOf } from '../model/approval-policy.ts';
import type { RecipientKind } from '../model/kind.ts';
import type { ApprovedVersion, Projection } from '../model/plan.ts';
import type { Principal } from '../model/principal.ts';
import type { UserIdentity } from '../model/user-identity.ts';
import { checkApprover } from './check-approver.ts';
import type { Stored } from './door.ts';
import { draftToJudge } from './draft-to-judge.ts';
import { personOf } from './facts/person-of.ts';
import { keysOf } from './keys/keys-of.ts';
import { personKey } from './keys/person-keys.ts';
import type { SealApproval } from './trail/approval-signature.ts';
import { noteChange } from './trail/note-change.ts';
import { sealBytes, sealProjections } from './keys/sealed-version.ts';
import { markChanged, NO_LOCKS, takePolicyLocks } from './policy-locks.ts';
import { type Sql, statement, transaction } from './pool.ts';
import { calmAbout, tellOfSecond } from './plans-to-look-at.ts';
import { wouldSign } from './projections.ts';
import { lockedRefusals } from './refusals.ts';
import { lockResource, putNext, readResource } from './resources.ts';
import { bytesInReview, checkNoOpenRequests, endReview } from './review.ts';
import { clock } from './versions.ts';
import { withoutRaces } from './without-races.ts';

export const planByIdentifier = statement<
  [string, string],
  { id: string; patient_id: string; withdrawn: boolean; version: ApprovedVersion | null; number: number }
>(
  'plan-by-identifier',
  `SELECT p.id, p.patient_id, p.withdrawn, p.version, (SELECT coalesce(max(number), 0) FROM approved_version WHERE plan_id = p.id) AS number
     FROM plan p WHERE p.publisher = $1 AND p.identifier = $2`,
);
const versionsOfWords = statement<[string], { care_plan_id: string }>(
  'versions-of-words',
  'SELECT care_plan_id FROM approved_version WHERE composition_id = $1',
);
export const putPlan = statement<[string, string, string, string, ApprovedVersion, readonly string[], readonly string[]], never>(
  'put-plan',
  `INSERT INTO plan (id, publisher, identifier, patient_id, version, reach_recipients, reach_areas) VALUES ($1, $2, $3, $4, $5, $6, $7)
   ON CONFLICT (id) DO UPDATE SET version = $5, reach_recipients = $6, reach_areas = $7, withdrawn = false`,
);
const addVersion = statement<[string, string, string, number, string, string, string, object, UserIdentity, string, number], never>(
  'add-approved-version',
  `INSERT INTO approved_version (care_plan_id, composition_id, plan_id, number, approved_at, bytes, hash, provenance_id, projections, approved_by, signs, rules_version)
   VALUES ($1, $2, $3, $4, clock_timestamp(), $5, $6, $7, $8, $9, $10, $11)`,
);
const addWithdrawal = statement<[string, string | null], never>(
  'add-withdrawal',
  'INSERT INTO withdrawal (care_plan_id, withdrawn_at, withdrawn_by) VALUES ($1, clock_timestamp(), $2) ON CONFLICT (care_plan_id) DO NOTHING',
);

/** What approving needs beside the database. */
export interface Approving {
  /** Puts the broker's seal under an approval. */
  readonly seal: SealApproval;
  readonly policyOf: PolicyOf;
}

/** An approval as it is asked for. */
export interface ApprovalAsked {
  readonly carePlanId: string;
  /** The draft's versionId. */
  readonly version: string;
  readonly provenance: Provenance;
  readonly user: UserIdentity;
  /** What the approver was shown; null where they do not say. */
  readonly signs: string | null;
}

/**
 * Approves one version of a draft: judges it by the guardrails, stores its signed bytes and each kind's projection, seals who approved what, and
 * lets it take the place of the version before. Throws `stale` when the draft is not the version that was named, `incorrect` with each guardrail that stops it,
 * `conflict` with each change request that is open, and with each part in which `signs`, what the approver was shown, is not what would be signed,
 * `forbidden` where the clinician who signs is not `user`; the user's verified claim is kept with the version.
 */
export const approve = (pool: pg.Pool, approving: Approving, principal: Principal, asked: ApprovalAsked): Promise<Stored> =>
  withoutRaces(() => approveOnce(pool, approving, principal, asked));

async function approveOnce(
  pool: pg.Pool,
  { seal, policyOf }: Approving,
  principal: Principal,
  { carePlanId, version, provenance, user, signs }: ApprovalAsked,
): Promise<Stored> {
  const owner = principal.organization;
  return transaction(pool, async (tx) => {
    const named = await ownPlan(tx, carePlanId, owner);
    const person = await personOf(tx, fromCarePlan(named.body as CarePlan).patientId, owner, 'CarePlan.subject');
    const scope = { ...NO_LOCKS, persons: [person] };
    await takePolicyLocks(tx, scope);

    // A draft is no fact: whoever writes it takes no policy lock, and this one.
    await lockResource(tx, 'CarePlan', carePlanId);
    const draft = await ownPlan(tx, carePlanId, owner);
    const carePlan = draft.body as CarePlan;
    if (carePlan.status !== 'draft') throw anomaly('conflict', 'is no draft', 'CarePlan.status');
    if (String(draft.version) !== version)
      throw anomaly('stale', 'the draft has changed since that version', 'Parameters.parameter[0].valueString');
    await checkNoOpenRequests(tx, owner, carePlanId);
    const facts = fromCarePlan(carePlan);
    if ((await personOf(tx, facts.patientId, owner, 'CarePlan.subject')) !== person)
      throw anomaly('busy', 'the person was corrected meanwhile: try again');
    await lockResource(tx, 'Composition', facts.compositionId);
    const words = await readResource(tx, 'Composition', facts.compositionId);
    if (words === null || words.owner !== owner)
      throw anomaly('incorrect', 'names no Composition of this organisation', 'CarePlan.supportingInfo[0]');
    const composition = words.body as Composition;
    if ((await versionsOfWords(tx, facts.compositionId)).length > 0)
      throw anomaly('conflict', 'names words that were approved with another version', 'CarePlan.supportingInfo[0]');
    if (idOf(composition.subject, 'Patient') !== facts.patientId)
      throw anomaly('incorrect', 'names words about another person', 'CarePlan.supportingInfo[0]');
    checkTarget(provenance, carePlanId);

    const standing = await lockedRefusals(tx, composition, { owner, patientId: facts.patientId, now: Date.now() });
    const refusals = standing.resources;
    const { agreed, secondClinician } = facts.agreedWithPerson;
    const judgedDraft = await draftToJudge(tx, owner, { carePlan, composition, refusals, provenance });
    const signed = wouldSign({ carePlan, composition, refusals });
    const inReview = (await bytesInReview(tx, owner, carePlanId)) === signed.bytes;
    const { hands } = judgedDraft;
    const asked = { hands, agreed, person: `Patient/${facts.patientId}`, signs: signs !== null, inReview };
    const refused = [...standing.issues, ...guardrails(judgedDraft), ...againstPolicy(policyOf(owner), asked)];
    if (refused.length > 0) throw new Anomaly('incorrect', refused);
    await checkApprover(tx, owner, { provenance, secondClinician, patientId: facts.patientId }, user);

    const identifier = identifierOf(tx, facts.businessIdentifier);
    const [before] = await planByIdentifier(tx, owner, identifier);
    if (before !== undefined && before.patient_id !== facts.patientId)
      throw anomaly('conflict', 'this plan is of another person', 'CarePlan.identifier');
    if (before?.version != null && facts.replaces !== null && facts.replaces !== before.version.carePlanId) {
      throw anomaly('conflict', 'replaces a version that is not the one in force', 'CarePlan.replaces');
    }
    const planId = before?.id ?? randomUUID();
    const differs = signs === null ? [] : differsFrom(signs, signed);
    if (differs.length > 0)
      throw anomaly(
        'conflict',
        `what would be signed is not what was shown: ${differs.join(', ')}`,
        "Parameters.parameter.where(name='signs').valueString",
      );
    const { projections: projected, canonicalBytes: bytes } = signed;
    // Of the database, as of every other write: what was so at an instant is asked of all of them together.
    const now = await clock(tx);
    const approved = versionOf(facts, projected);
    const number = (before?.number ?? 0) + 1;
    const target = [{ reference: `CarePlan/${carePlanId}` }];
    const projections = Object.fromEntries(Object.entries(projected).map(([kind, { projection }]) => [kind, projection.hash]));
    const { bytes: hash, mapping } = signed;
    const sealedAt = now.toISOString();
    const whole = toSealedProvenance({ ...provenance, target }, { number, sealedAt, bytes: hash, mapping, projections, approver: user });
    const approval = await putNext(tx, await seal(whole, now), randomUUID(), owner, null, now);
    await putPlan(tx, planId, owner, identifier, facts.patientId, approved, facts.reach.recipientIds, facts.reach.areas);
    const key = await keysOf(tx).keyOf(await personKey(tx, facts.patientId));
    const sealed = [sealBytes(key, carePlanId, bytes), hash] as const;
    const sealedWords = sealProjections(key, carePlanId, projected);
    const judged = [user, signsOf(signed), WORDS_VERSION] as const;
    await addVersion(tx, carePlanId, facts.compositionId, planId, number, ...sealed, approval.id, sealedWords, ...judged);
    if (before?.version != null && !before.withdrawn) await setStatus(tx, before.version.carePlanId, 'completed', now);
    if (before?.version != null) await calmAbout(tx, owner, before.version.carePlanId);
    await tellOfSecond(tx, owner, facts.patientId, planId, carePlanId);
    await endReview(tx, owner, carePlanId);
    const stored = await putNext(tx, { ...carePlan, status: 'active' }, carePlanId, owner, draft, now);
    await noteChange(tx, 'approve', principal, { person, plan: planId }, stored.body);
    await markChanged(tx, scope);
    return stored;
  });
}

/** The version that a draft becomes, without its words. */
export const versionOf = (
  { id, reviewDate, expiresAt }: Pick<CarePlanFacts, 'id' | 'reviewDate' | 'expiresAt'>,
  projected: Readonly<Record<RecipientKind, Projected>>,
): ApprovedVersion => ({
  carePlanId: id,
  projections: Object.fromEntries(Object.entries(projected).map(([kind, one]) => [kind, one.projection])) as Record<
    RecipientKind,
    Projection
  >,
  reviewDate,
  expiresAt,
  reissue: 0,
});

/** Withdraws the plan of which this is a version: everyone who may hold it is asked to give it up. The user behind it is kept, where one is known. */
export async function withdraw(pool: pg.Pool, principal: Principal, carePlanId: string, reason: string): Promise<Stored> {
  const owner = principal.organization;
  if (reason.trim() === '') throw anomaly('incorrect', 'a reason is required', 'Parameters.parameter[0].valueString');
  return transaction(pool, async (tx) => {
    const named = await ownPlan(tx, carePlanId, owner);
    const facts = fromCarePlan(named.body as CarePlan);
    const scope = { ...NO_LOCKS, persons: [await personOf(tx, facts.patientId, owner, 'CarePlan.subject')] };
    await takePolicyLocks(tx, scope);
    const [plan] = await planByIdentifier(tx, owner, identifierOf(tx, facts.businessIdentifier));
    if (plan?.version?.carePlanId !== carePlanId || plan.withdrawn)
      throw anomaly('conflict', 'is not the version in force', 'CarePlan.status');
    if ((await personOf(tx, facts.patientId, owner, 'CarePlan.subject')) !== scope.persons[0])
      throw anomaly('busy', 'the person was corrected meanwhile: try again');
    const now = await clock(tx);
    await tx.query('UPDATE plan SET withdrawn = true WHERE id = $1', [plan.id]);
    await addWithdrawal(tx, carePlanId, principal.user);
    await calmAbout(tx, owner, carePlanId);
    const stored = await setStatus(tx, carePlanId, 'revoked', now, reason);
    await noteChange(tx, 'withdraw', principal, { person: scope.persons[0] ?? null, plan: plan.id }, stored.body);
    await markChanged(tx, scope);
    return stored;
  });
}

/** A plan's own number, as it is stored. */
export const identifierOf = (sql: Sql, { system, value }: { readonly system: string; readonly value: string }): string =>
  keysOf(sql).index.text(`${system}|${value}`);

/** Status lives beside the signed bytes: those stay in `approved_version` as they were. */
async function setStatus(tx: pg.PoolClient, id: string, status: CarePlan['status'], now: Date, reason?: string): Promise<Stored> {
  const previous = await readResource(tx, 'CarePlan', id);
  if (previous === null) throw anomaly('not-found', 'is not there', 'CarePlan.id');
  const body = previous.body as CarePlan;
  const note = reason === undefined ? body.note : [...(body.note ?? []), { text: reason }];
  return putNext(tx, { ...body, status, ...(note === undefined ? {} : { note }) }, id, previous.owner, previous, now);
}

async function ownPlan(tx: pg.PoolClient, id: string, owner: string): Promise<Stored> {
  const stored = await readResource(tx, 'CarePlan', id);
  if (stored === null || stored.owner !== owner) throw anomaly('not-found', 'there is no such resource here');
  return stored;
}

function checkTarget(provenance: Provenance, carePlanId: string): void {
  const others = (provenance.target ?? []).filter((target) => idOf(target, 'CarePlan') !== carePlanId);
  if (others.length > 0) throw anomaly('incorrect', 'signs another resource', 'Provenance.target');
}
