import type { KeyObject } from 'node:crypto';
import type { CarePlan, Composition, Provenance } from '@medplum/fhirtypes';
import type pg from 'pg';
import { fromSealedProvenance, isApprovedBy } from '../../mappings/approval/from-sealed-provenance.ts';
import { type ApprovalEvidence, type ApprovalFinding, checkApproval } from '../decide/check-approval.ts';
import { canonical, digest } from '../decide/digest.ts';
import { type ProjectedWords, projectionOf } from '../decide/project.ts';
import type { ApprovalSeal, ApproverClaim } from '../model/approval-seal.ts';
import { RECIPIENT_KINDS, type RecipientKind } from '../model/kind.ts';
import type { Projection } from '../model/plan.ts';
import { keysOf } from './keys/keys-of.ts';
import { openBytes, openWords, type SealedWords } from './keys/sealed-version.ts';
import { AlteredText, isSealed } from './keys/sealed-text.ts';
import { type Sql, statement } from './pool.ts';
import { wouldSign } from './projections.ts';
import { readResource } from './resources.ts';
import { checkSealOf } from './trail/approval-signature.ts';

interface Row {
  readonly number: number;
  readonly hash: string;
  readonly bytes: string;
  readonly composition_id: string;
  readonly provenance_id: string;
  readonly projections: Readonly<Record<string, { readonly projection: Projection; readonly words: SealedWords | ProjectedWords }>>;
  readonly approved_by: ApproverClaim | null;
  /** What the gates work by; null where another version is in force. */
  readonly in_force: Readonly<Record<string, Projection>> | null;
  readonly wrapped: string | null;
}
const versionOf = statement<[string], Row>(
  'version-to-verify',
  `SELECT v.number, v.hash, v.bytes, v.composition_id, v.provenance_id, v.projections, v.approved_by,
          CASE WHEN p.version->>'carePlanId' = v.care_plan_id THEN p.version->'projections' END AS in_force,
          (SELECT k.wrapped FROM person_key k WHERE k.id = p.patient_id) AS wrapped
     FROM approved_version v JOIN plan p ON p.id = v.plan_id WHERE v.care_plan_id = $1`,
);

/** What a check of one approved version came to. */
export interface VerifiedPlan {
  readonly number: number;
  readonly sealedAt: string | null;
  readonly findings: readonly ApprovalFinding[];
}

const byKind = <T>(of: (kind: RecipientKind) => T | undefined): Readonly<Partial<Record<RecipientKind, T>>> =>
  Object.fromEntries(RECIPIENT_KINDS.map((kind) => [kind, of(kind)]));

/** Checks an approved version (by its CarePlan) against its seal, by these public keys; null where nothing was approved under that id. */
export async function verifyPlan(pool: pg.Pool, carePlanId: string, keys: ReadonlyMap<string, KeyObject>): Promise<VerifiedPlan | null> {
  const [row] = await versionOf(pool, carePlanId);
  if (row === undefined) return null;
  const stored = await readResource(pool, 'Provenance', row.provenance_id);
  const provenance = stored?.body as Provenance | undefined;
  const said = provenance === undefined ? null : fromSealedProvenance(provenance);
  const signature = provenance === undefined ? null : await checkSealOf(provenance, keys);
  const hashes = byKind((kind) => row.projections[kind]?.projection.hash);
  const evidence: ApprovalEvidence = {
    row: { bytes: row.hash, projections: hashes },
    words: await wordsOf(pool, carePlanId, row),
    seal:
      provenance === undefined || signature === null
        ? null
        : { signature, differs: said === null ? ['all of it'] : differences(said, row, provenance) },
  };
  return { number: row.number, sealedAt: said?.sealedAt ?? null, findings: checkApproval(evidence) };
}

/** Where what the broker works by is not what was sealed. */
function differences(said: Omit<ApprovalSeal, 'approver'>, row: Row, provenance: Provenance): readonly string[] {
  const kinds = RECIPIENT_KINDS.filter(
    (kind) =>
      said.projections[kind] !== row.projections[kind]?.projection.hash ||
      (row.in_force !== null && said.projections[kind] !== row.in_force[kind]?.hash),
  );
  return [
    ...(said.number === row.number ? [] : ['number']),
    ...(said.bytes === row.hash ? [] : ['bytes']),
    ...kinds.map((kind) => `projection for ${kind}`),
    ...(row.approved_by !== null && isApprovedBy(provenance, row.approved_by) ? [] : ['approver']),
  ];
}

async function wordsOf(sql: Sql, carePlanId: string, row: Row): Promise<ApprovalEvidence['words']> {
  if (isSealed(row.bytes) && row.wrapped === null) return null;
  const key = row.wrapped === null ? null : await keysOf(sql).keyOf(row.wrapped);
  const bytes = unaltered(() => (key === null || !isSealed(row.bytes) ? row.bytes : openBytes(key, carePlanId, row.bytes)));
  const stored = byKind((kind) => {
    const words = row.projections[kind]?.words;
    if (words === undefined) return undefined;
    const open = unaltered(() => (key === null ? (words as ProjectedWords) : openWords(key, carePlanId, kind, words)));
    return open === null ? undefined : projectionOf(kind, open).hash;
  });
  const signed = bytes === null ? null : signedIn(bytes);
  if (signed === null) return { bytes: '', projections: {}, stored, changed: [] };
  const again = wouldSign(signed.carePlan, signed.composition);
  const changed = await changedSince(sql, carePlanId, row.composition_id, signed);
  return { bytes: digest([bytes]), projections: byKind((kind) => again.projections[kind].projection.hash), stored, changed };
}

interface SignedResources {
  readonly carePlan: CarePlan;
  readonly composition: Composition;
}

/** What was sealed by its key for this place; null where it was altered, or belongs to another. */
function unaltered<T>(open: () => T): T | null {
  try {
    return open();
  } catch (fault) {
    if (fault instanceof AlteredText) return null;
    throw fault;
  }
}

/** Null where the bytes are no longer what anybody approved, however they read. */
function signedIn(bytes: string): SignedResources | null {
  try {
    const { carePlan, composition } = JSON.parse(bytes) as Partial<SignedResources>;
    return carePlan?.resourceType === 'CarePlan' && composition?.resourceType === 'Composition' ? { carePlan, composition } : null;
  } catch (fault) {
    if (fault instanceof SyntaxError) return null;
    throw fault;
  }
}

/** Status and the reason of a withdrawal lie beside the signed bytes: nothing else of the resources may be another. */
async function changedSince(sql: Sql, carePlanId: string, compositionId: string, signed: SignedResources): Promise<readonly string[]> {
  const plan = (await readResource(sql, 'CarePlan', carePlanId))?.body as CarePlan | undefined;
  const words = (await readResource(sql, 'Composition', compositionId))?.body as Composition | undefined;
  const bare = ({ status: _status, meta: _meta, note = [], ...rest }: CarePlan, notes: number): string =>
    canonical({ ...rest, note: note.slice(0, notes) });
  const notes = signed.carePlan.note?.length ?? 0;
  return [
    ...(plan !== undefined && bare(plan, notes) === bare(signed.carePlan, notes) ? [] : ['CarePlan']),
    ...(words !== undefined && canonical(words) === canonical(signed.composition) ? [] : ['Composition']),
  ];
}
