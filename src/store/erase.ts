import type pg from 'pg';
import type { HeldLocks } from './held-locks.ts';
import { NO_LOCKS } from './policy-locks.ts';
import { type Sql, statement } from './pool.ts';
import { underLocks } from './under-locks.ts';
import { StartOver } from './without-races.ts';

/** A lawful erasure as an operator asks for it. */
export interface ErasureAsked {
  readonly patientId: string;
  /** Why, and by whose decision; kept in the trail. Names nobody. */
  readonly reason: string;
  /** ODS code of who runs the broker. */
  readonly operator: string;
  /** Only tells what would be erased. */
  readonly isRehearsal: boolean;
}

/** What was erased, or would be. */
export interface Erasure {
  readonly patient: string;
  readonly publisher: string;
  readonly plans: number;
  readonly resources: number;
  readonly erased: boolean;
}

/** Why nothing is erased: one line for the person at the terminal. */
export class CannotErase extends Error {
  override readonly name = 'CannotErase';
}

const recordOf = statement<[string], { person_id: string; owner: string; is_destroyed: boolean }>(
  'record-to-erase',
  `SELECT p.person_id, p.owner, EXISTS (SELECT FROM person_key k WHERE k.id = p.patient_id AND k.wrapped IS NULL) AS is_destroyed
     FROM patient_fact p WHERE p.patient_id = $1`,
);
// Whom one was recalled from is not among them: what is left there carries nothing.
const holdersOf = statement<[string], { ods: string; destination_id: string }>(
  'holders-of-patient',
  `SELECT DISTINCT r.ods, k.destination_id FROM ledger_key k JOIN plan p ON p.id = k.plan_id JOIN recipient r ON r.id = k.recipient_id
    WHERE p.patient_id = $1 AND (k.open_delivery IS NOT NULL OR k.state @? '$.copies[*] ? (@.effect != null)') ORDER BY 1, 2`,
);
const countsOf = statement<[string], { plans: string; resources: string }>(
  'counts-to-erase',
  `SELECT (SELECT count(*) FROM plan WHERE patient_id = $1) AS plans, (SELECT count(*) FROM resource WHERE sealed_by = $1) AS resources`,
);

const leaveTrail = statement<[string, string, string, string], never>(
  'trail-of-erasure',
  `INSERT INTO audit (event, organization, kind, caller, person_id, plan_id, because)
   SELECT 'erase', $2, 'operator', 'command line', $3, p.id, $4 FROM (SELECT 1) one LEFT JOIN plan p ON p.patient_id = $1`,
);
// What their leaves were of can be told by nobody any more; chain and proofs stay whole. No row of a plan is left out, whoever the person was then:
// there is no index by which it could be quick.
const forgetSalts = statement<[string], never>('forget-salts-of-erased', 'SELECT trail_forget($1)');
const destroyKey = statement<[string], never>(
  'destroy-person-key',
  'UPDATE person_key SET wrapped = NULL, destroyed_at = clock_timestamp() WHERE id = $1 AND wrapped IS NOT NULL',
);
const closePlans = statement<[string], never>(
  'close-plans-of-erased',
  `UPDATE plan SET withdrawn = true, version = NULL, reach_recipients = '{}', reach_areas = '{}', identifier = 'erased ' || id WHERE patient_id = $1`,
);
// What nobody holds any more has no identity under which it would lie there; hashes stay.
const emptyLedgers = statement<[string], never>(
  'empty-ledgers-of-erased',
  `UPDATE ledger_key k SET state = (k.state - 'sealed') || '{"copies": [], "last": null, "recallSince": null, "failures": 0}', version = k.version + 1
     FROM plan p WHERE p.id = k.plan_id AND p.patient_id = $1`,
);
const dropConsents = statement<[string], never>('drop-consents-of-erased', 'DELETE FROM consent_fact WHERE patient_id = $1');
// Their records are of a person by themselves from now on: what other trusts know under the number is theirs.
const partRecord = statement<[string], { id: string }>(
  'part-erased-record',
  `WITH alone AS (INSERT INTO person (id) VALUES (gen_random_uuid()) RETURNING id)
   UPDATE patient_fact SET person_id = alone.id, birth_index = NULL, disclosed = '{"sealed": ""}',
          facts = '{"alive": true, "restricted": false, "traced": false, "nhsNumber": null, "nameDigest": "", "identityDigest": ""}'
     FROM alone WHERE patient_id = $1 RETURNING alone.id`,
);
const forgetNumber = statement<[string], never>(
  'forget-number-of-erased',
  `UPDATE person SET nhs_number = NULL, sealed_number = NULL
    WHERE id = $1 AND NOT EXISTS (SELECT FROM patient_fact WHERE person_id = $1)`,
);
const partContacts = statement<[string], never>(
  'part-contacts-of-erased',
  `UPDATE contact SET nhs_number = NULL, patient_id = NULL, open = false
    WHERE patient_id = $1 OR encounter_id IN (SELECT id FROM resource WHERE type = 'Encounter' AND sealed_by = $1)`,
);
const removeBodies = statement<[string, Date], never>(
  'remove-bodies-of-erased',
  // A trigger takes away what they are found by.
  `WITH gone AS (DELETE FROM resource WHERE sealed_by = $1 RETURNING type, id, version, owner, service)
   INSERT INTO resource_version (type, id, version, owner, service, updated_at, body, deleted) SELECT type, id, version + 1, owner, service, $2, '', true FROM gone`,
);

/**
 * Erases a Patient's record lawfully: its key is destroyed, and with it every body, version, signed byte and parcel that was sealed by it, for good;
 * facts, search values and plans go with it. Hashes and the trail stay. In one transaction under the policy locks of the person. Throws CannotErase
 * while anybody holds or may hold a copy: a recall needs the identity under which it was sent.
 */
export const erase = (pool: pg.Pool, asked: ErasureAsked, changed: () => void = () => {}): Promise<Erasure> =>
  underLocks({ pool, changed }, (tx, locks) => eraseIn(tx, locks, asked));

async function eraseIn(tx: pg.PoolClient, locks: HeldLocks, { patientId, reason, operator, isRehearsal }: ErasureAsked): Promise<Erasure> {
  const { person_id: personId, owner } = await eraseable(tx, patientId);
  const scope = { ...NO_LOCKS, persons: [personId] };
  await locks.take({ policy: scope });
  // What named the lock is read again under it.
  if ((await eraseable(tx, patientId)).person_id !== personId) throw new StartOver();
  const holders = await holdersOf(tx, patientId);
  if (holders.length > 0) {
    const named = holders.map((one) => `${one.ods} (${one.destination_id})`).join(', ');
    throw new CannotErase(`a copy lies, or may lie, with ${named}: withdraw the plan, and wait until every recall is answered`);
  }
  const [counts] = await countsOf(tx, patientId);
  const told = { patient: patientId, publisher: owner, plans: Number(counts?.plans ?? 0), resources: Number(counts?.resources ?? 0) };
  if (isRehearsal) return { ...told, erased: false };

  const now = await locks.now();
  await closePlans(tx, patientId);
  await emptyLedgers(tx, patientId);
  await dropConsents(tx, patientId);
  const [alone] = await partRecord(tx, patientId);
  if (alone === undefined) throw new Error('the record was there a moment ago');
  // Under the person that the record is of now: by them a trail is searched.
  await leaveTrail(tx, patientId, operator, alone.id, reason);
  await forgetNumber(tx, personId);
  await partContacts(tx, patientId);
  await removeBodies(tx, patientId, now);
  await destroyKey(tx, patientId);
  await forgetSalts(tx, patientId);
  locks.changed({ ...scope, persons: [personId, alone.id] });
  return { ...told, erased: true };
}

async function eraseable(sql: Sql, patientId: string): Promise<{ readonly person_id: string; readonly owner: string }> {
  const [record] = await recordOf(sql, patientId);
  if (record === undefined) throw new CannotErase('there is no such Patient');
  if (record.is_destroyed) throw new CannotErase('this Patient was erased before');
  return record;
}
