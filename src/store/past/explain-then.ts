import type { HealthcareService } from '@medplum/fhirtypes';
import type pg from 'pg';
import { fromHealthcareService } from '../../../mappings/facts/from-healthcare-service.ts';
import { desired } from '../../decide/desired.ts';
import { explain } from '../../decide/explain.ts';
import type { Instant } from '../../model/instant.ts';
import type { Principal } from '../../model/principal.ts';
import { type Recipient, tellsEverybody } from '../../model/recipient.ts';
import type { PastNote } from '../../model/sharing.ts';
import type { Stored } from '../door.ts';
import { type FactRow, factsOf, VIEW } from '../look.ts';
import { pairName } from '../policy-locks.ts';
import { type Sql, statement, transaction } from '../pool.ts';
import { type ExplainAsked, groundIn, onRecord, type Shared } from '../sharing.ts';
import { clock } from '../versions.ts';
import { type AddressThen, addressesThen } from './addresses-then.ts';
import { contractsOf } from '../../model/agreement.ts';
import { agreementsThen } from './agreements-then.ts';
import { consentsThen } from './consents-then.ts';
import { contactsThen } from './contacts-then.ts';
import { personThen } from './person-then.ts';
import { planThen } from './plan-then.ts';
import { versionsThen, versionsUntil } from './versions-then.ts';

/** How a decision was come to at an instant, and what of it could be read only as it is now. */
export interface SharedThen extends Shared {
  readonly notes: readonly PastNote[];
}

/** Why an instant is none of which anything can be said. */
export type NoSuchThen = 'in the future' | 'before the plan';

const odsOf = statement<[string], { ods: string }>('ods-of-recipient', 'SELECT ods FROM recipient WHERE id = $1');
const numberOf = statement<[string], { nhs_number: string | null }>('number-of-person', 'SELECT nhs_number FROM person WHERE id = $1');
const waitForWriters = statement<[patient: string, pair: string, recipient: string], never>(
  'wait-for-writers',
  // In the order of every transaction. A write has its time once it has its locks: of an instant before these are had, all is committed that ever will be.
  `WITH person AS MATERIALIZED (
     SELECT pg_advisory_xact_lock_shared(1, hash) FROM (SELECT hashtext(person_id::text) AS hash FROM patient_fact WHERE patient_id = $1) p),
   pair AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(2, hashtext($2)) FROM (SELECT count(*) FROM person) had),
   recipient AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(3, hashtext($3)) FROM (SELECT count(*) FROM pair) had)
   SELECT count(*) FROM recipient`,
);

/**
 * How the plan of a CarePlan was decided for one service at an instant: by the facts that were committed then and by the functions that decide now; null
 * where the CarePlan was not in force then, or the two had nothing to do with each other. On record.
 */
export async function explainThen(
  pool: pg.Pool,
  principal: Principal,
  asked: ExplainAsked,
  at: Instant,
): Promise<SharedThen | NoSuchThen | null> {
  await onRecord(pool, 'explain', principal, asked.patientId, `HealthcareService/${asked.recipientId}`);
  const [known] = await odsOf(pool, asked.recipientId);
  const pair = pairName(asked.publisher, known?.ods ?? '');
  // The locks are given back before anything is read: a revocation waits for no explanation, and what is past changes no more.
  const now = await transaction(pool, async (tx) => {
    await waitForWriters(tx, asked.patientId, pair, asked.recipientId);
    return clock(tx);
  });
  if (at > now.getTime()) return 'in the future';
  if ((await versionsUntil(pool, 'CarePlan', [asked.carePlanId], at)).length === 0) return 'before the plan';
  return known === undefined ? null : sharedThen(pool, principal, asked, known.ods, at);
}

async function sharedThen(sql: Sql, { personId }: Principal, asked: ExplainAsked, ods: string, at: Instant): Promise<SharedThen | null> {
  const { patientId, carePlanId, recipientId, publisher } = asked;
  const [registered] = await versionsThen(sql, 'HealthcareService', [recipientId], at);
  if (registered === undefined) return null;
  const { recipient: service, active } = fromHealthcareService(registered.body as HealthcareService);
  const recipient: Recipient = { ...service, ods };
  const person = await personThen(sql, patientId, at);
  const plan = await planThen(sql, carePlanId, recipient.kind, at);
  if (person === null || plan === null) return null;
  // Under another number it was the record of somebody else: what was decided of them is theirs.
  if (personId !== undefined && (await numberOf(sql, personId))[0]?.nhs_number !== person.number) return null;
  const agreements = await agreementsThen(sql, publisher, recipient, at);
  const addresses = await addressesThen(sql, plan.planId, recipientId, at);
  const isInReach = plan.reach.recipientIds.includes(recipientId) || plan.reach.areas.some((area) => recipient.areas.includes(area));
  if (!isInReach && agreements.agreements.length === 0 && addresses.length === 0) return null;
  // At a record locator it is the pointer that is explained, at an event service the event: nobody reads there.
  const toAll = addresses.find(({ destination }) => tellsEverybody(destination));
  const consents = await consentsThen(sql, person.patientIds, at);
  const row: FactRow = {
    plan_id: plan.planId,
    patient_id: patientId,
    key: null,
    publisher,
    withdrawn: plan.withdrawn,
    approved: plan.approved,
    projection: plan.projection,
    projections: toAll === undefined ? null : plan.projections,
    reach_recipients: [...plan.reach.recipientIds],
    reach_areas: [...plan.reach.areas],
    patient: person.person,
    // By whom a row is locked and stamped nothing is decided, nor told.
    person_id: patientId,
    person_epoch: '0',
    consents: [...consents.consents],
    agreements: [...agreements.agreements],
    contacts: [...(await contactsThen(sql, recipient, patientId, person.number, at))],
    pair_epoch: '0',
    recipient_id: recipientId,
    ods,
    kind: recipient.kind,
    retains: recipient.retains,
    areas: [...recipient.areas],
    recipient_active: active,
    recipient_epoch: '0',
    now: String(at),
  };
  // By a confirmed match whose person had no verified number at that moment: one that had leaves nothing to find them by later.
  const isMatched = ({ confirmedAt }: AddressThen): boolean => confirmedAt.some((moment) => !person.wasTraced(moment));
  const matched = addresses.some(isMatched);
  const facts = { ...factsOf({ ...row, state: null }, toAll?.destination ?? VIEW), matched };
  // Of a service that was switched off no agreement is read.
  const isRead = ({ id }: Stored): boolean => facts.agreements.some((one) => contractsOf(one).includes(id));
  const isBinding = ({ id }: Stored): boolean =>
    facts.consents.some((one) => one.id === id && (one.binds === null || one.binds === publisher));
  return {
    planId: plan.planId,
    carePlanId,
    recipient: { ...facts.recipient, name: ods },
    facts,
    explained: explain(facts, at),
    // What lay there then is not asked.
    at: addresses.map((one) => ({
      channel: one.destination.channel,
      wanted: desired({ ...facts, destination: one.destination, matched: isMatched(one) }, at),
      held: [],
      askedBack: null,
    })),
    grounds: [person.stored, plan.stored, ...agreements.stored.filter(isRead), ...consents.stored.filter(isBinding)].map(groundIn),
    now: at,
    notes: [
      'rules',
      'records',
      'contacts',
      ...(matched ? (['matched'] as const) : []),
      ...(addresses.every(({ isDated }) => isDated) ? [] : (['addresses'] as const)),
    ],
  };
}
