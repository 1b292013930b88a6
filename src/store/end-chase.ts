import { randomUUID } from 'node:crypto';
import type { Provenance } from '@medplum/fhirtypes';
import type pg from 'pg';
import { toChaseProvenance } from '../../mappings/approval/to-chase-provenance.ts';
import { desired } from '../decide/desired.ts';
import { digest } from '../decide/digest.ts';
import { endedByHand, idsNeeded } from '../decide/end-by-hand.ts';
import { owedCopies } from '../decide/owed.ts';
import { anomaly } from '../model/anomaly.ts';
import { chaseEndText, type EndedByHand } from '../model/chase-end.ts';
import type { Copy } from '../model/copy.ts';
import type { Ledger } from '../model/ledger.ts';
import type { Principal } from '../model/principal.ts';
import type { UserIdentity } from '../model/user-identity.ts';
import { sealState } from './keys/sealed-state.ts';
import { factsOf, type KeyRow, lookAtKeys } from './look.ts';
import { type Sql, statement, transaction } from './pool.ts';
import { doneByHand } from './by-hand-task.ts';
import { takeBackTasks } from './recall-task.ts';
import { putNext } from './resources.ts';
import type { SealApproval } from './trail/approval-signature.ts';
import { clock } from './versions.ts';

/** What a signed-in person says of a chase. */
export interface ChaseEndAsked extends EndedByHand {
  /** Id of the HealthcareService. */
  readonly recipientId: string;
  /** Under which it knows the plan. */
  readonly disclosureId: string;
  /** The documents that it is about; none is all that is asked back there. */
  readonly documents: readonly string[];
  readonly reason: string;
  readonly checked: string | null;
  readonly user: UserIdentity;
}

const lockKeys = statement<[string, string], { id: string; care_plan_id: string | null }>(
  'keys-of-chase',
  `SELECT k.id, (SELECT v.care_plan_id FROM approved_version v WHERE v.plan_id = k.plan_id ORDER BY v.number DESC LIMIT 1) AS care_plan_id
     FROM ledger_key k WHERE k.disclosure_id::text = $1 AND k.recipient_id = $2 ORDER BY k.id FOR UPDATE OF k`,
);
// Whoever works on the key meanwhile finds another version, and works what it knows into this one.
const putState = statement<[string, Ledger], never>(
  'end-chase',
  `UPDATE ledger_key SET state = $2, version = version + 1, generation = generation + 1, look_at = least(look_at, clock_timestamp()) WHERE id = $1`,
);
const putRecall = statement<[string, string, number, number, number, string, string], never>(
  'recall-by-hand',
  `INSERT INTO delivery (id, key_id, action, epoch, count, begun_at, since, send_before, headings, document_id, outcome, because, settled_at)
   SELECT $1, $2, 'recall', $3, $4, at, at, at, '{}', $6, 'accepted', $7, at FROM to_timestamp($5::double precision / 1000) at`,
);
const leaveTrail = statement<[string, string, string | null, string, string, string, string, string, string, string], never>(
  'trail-of-chase-end',
  `INSERT INTO audit (event, organization, kind, caller, person_id, plan_id, key_id, delivery_id, because, digest, about)
   VALUES ('chase-end', $1, $2, $3, $4::uuid, $5::uuid, $6::uuid, $7::uuid, $8, $9, $10)`,
);

/** One key of the chase, and what it is about there. */
interface Covered {
  readonly row: KeyRow;
  readonly copies: readonly Copy[];
}

/**
 * Ends a chase by a person's word: what is asked back there counts as recalled at that level, under the broker's seal, with a row of the trail. What may still
 * arrive, and what is sent later, is recalled as before (I2). Throws `not-found` where that service never had the plan, `conflict` where nothing is asked back.
 */
export async function endChase(
  pool: pg.Pool,
  { seal, epoch }: { readonly seal: SealApproval; readonly epoch: number },
  principal: Principal,
  asked: ChaseEndAsked,
): Promise<Provenance> {
  const { stored, over } = await transaction(pool, async (tx) => {
    const keys = await lockKeys(tx, asked.disclosureId, asked.recipientId);
    const carePlanId = keys[0]?.care_plan_id ?? null;
    if (carePlanId === null) throw anomaly('not-found', 'there is no such resource here');
    const covered = coveredBy(
      await lookAtKeys(
        tx,
        keys.map(({ id }) => id),
      ),
      asked,
    );
    const now = await clock(tx);
    const documents = [...new Set(covered.flatMap(({ copies }) => copies.map((copy) => copy.documentId)))].filter((id) => id !== '');
    const { name: _name, ...by } = asked.user;
    const said = toChaseProvenance({ ...asked, carePlanId, documents, operator: principal.organization, by, at: now.toISOString() });
    const publisher = covered[0]?.row.publisher ?? '';
    const written = await putNext(tx, await seal(said, now, 'chase-end'), randomUUID(), publisher, null, now);
    for (const one of covered) await recallByHand(tx, one, { at: now.getTime(), epoch, principal, asked, written });
    return { stored: written.body as Provenance, over: covered };
  });
  // Nobody need answer what is asked no more; a key at which something is left asks anew.
  for (const { row } of over) {
    await takeBackTasks(pool, { keyId: row.key_id, ods: row.ods });
    await doneByHand(pool, row);
  }
  return stored;
}

function coveredBy(rows: readonly KeyRow[], { documents }: ChaseEndAsked): readonly Covered[] {
  const owed = rows.map(
    (row): Covered => ({ row, copies: owedCopies(desired(factsOf(row, row.destination), Number(row.now)), row.state, row.destination) }),
  );
  if (owed.every(({ copies }) => copies.length === 0)) throw anomaly('conflict', 'nothing is asked back there', 'HealthcareService');
  const strange = documents.find((id) => !owed.some(({ copies }) => copies.some((copy) => copy.documentId === id)));
  if (strange !== undefined)
    throw anomaly('conflict', 'names a document that is not asked back there', "Parameters.parameter.where(name='document')");
  const isMeant = (copy: Copy): boolean => documents.length === 0 || documents.includes(copy.documentId);
  return owed.map(({ row, copies }) => ({ row, copies: copies.filter(isMeant) })).filter(({ copies }) => copies.length > 0);
}

async function recallByHand(
  tx: Sql,
  { row, copies }: Covered,
  how: {
    readonly at: number;
    readonly epoch: number;
    readonly principal: Principal;
    readonly asked: ChaseEndAsked;
    readonly written: { readonly id: string; readonly body: object };
  },
): Promise<void> {
  const { at, epoch, principal, asked, written } = how;
  const ids = Array.from({ length: idsNeeded(copies) }, () => ({ id: randomUUID(), documentId: randomUUID() }));
  const { ledger, recalls } = endedByHand(row.state, copies, { level: asked.level, at, epoch, destination: row.destination, ids });
  await putState(tx, row.key_id, sealState(row.key, row.key_id, ledger));
  const because = chaseEndText(asked);
  const { organization, kind, user } = principal;
  const hash = digest(written.body);
  const about = `Provenance/${written.id}/_history/1`;
  for (const { id, sequence, documentId } of recalls) {
    await putRecall(tx, id, row.key_id, sequence.epoch, sequence.count, at, documentId, because);
    await leaveTrail(tx, organization, kind, user, row.person_id, row.plan_id, row.key_id, id, because, hash, about);
  }
}
