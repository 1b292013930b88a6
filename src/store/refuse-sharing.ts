import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { toRefusedSharing } from '../../mappings/consent/to-refused-sharing.ts';
import { anomaly } from '../model/anomaly.ts';
import type { Principal } from '../model/principal.ts';
import type { RefusedSharing } from '../model/refused-sharing.ts';
import { callerOf, IS_OWN } from './own-records.ts';
import { statement } from './pool.ts';
import { underLocks } from './under-locks.ts';
import { type WriteOptions, writeIn } from './write.ts';

/** Refusals that one person may write in a day, with all trusts: each is a Consent that stays. */
const MOST_A_DAY = 20;

const recordOf = statement<[string, string, readonly string[]], { owner: string; unknown: string[]; today: string }>(
  'record-of-refusal',
  // An organisation that is not known here might be anybody: nobody can tell whom a deny of it is about, and everything would be frozen.
  `SELECT pt.owner, (SELECT count(DISTINCT a.about) FROM audit a WHERE a.person_id = pt.person_id AND a.event = 'consent' AND a.kind = 'person'
                       AND a.at > clock_timestamp() - interval '1 day') AS today, ARRAY(SELECT code FROM unnest($3::text[]) AS named(code) WHERE NOT EXISTS (SELECT FROM recipient r WHERE r.ods = named.code)) AS unknown
     FROM patient_fact pt WHERE pt.patient_id = $2 AND pt.person_id = $1::uuid AND ${IS_OWN}`,
);

/**
 * Writes what the person who calls no longer wants to be shared from one trust's plans, as a Consent of that trust's record, and answers its id. Under the
 * locks of every consent: what it forbids is not begun any more once this is answered, and what is held is asked back. On record as the person's.
 */
export const refuseSharing = (
  { pool, messageLifetime, changed }: WriteOptions & { readonly pool: pg.Pool },
  principal: Principal,
  patientId: string,
  refused: RefusedSharing,
): Promise<string> =>
  underLocks({ pool, changed }, async (tx, locks) => {
    const [record] = await recordOf(tx, callerOf(principal), patientId, refused.organizations);
    if (record === undefined) throw anomaly('not-found', 'there is no such resource here');
    if (record.unknown.length > 0)
      throw anomaly('incorrect', 'names an organisation that has no service here', "Parameters.parameter.where(name='organization')");
    const resource = toRefusedSharing(refused, { patientId, publisher: record.owner, now: Date.now() });
    const request = { principal, resource, id: null, newId: randomUUID(), ifMatch: null, keptBy: record.owner };
    const { id } = (await writeIn(tx, locks, request, messageLifetime)).stored;
    // Whose record it is named the locks, and is read again under them.
    const [still] = await recordOf(tx, callerOf(principal), patientId, refused.organizations);
    if (still === undefined) throw anomaly('not-found', 'there is no such resource here');
    if (Number(still.today) > MOST_A_DAY) throw anomaly('busy', `${MOST_A_DAY} may be written in a day: ring the trust`);
    return id;
  });
