import type { HealthcareService } from '@medplum/fhirtypes';
import { settled } from '../../../mappings/facts/declared-of.ts';
import { fromHealthcareService } from '../../../mappings/facts/from-healthcare-service.ts';
import { partyOf } from '../../../mappings/facts/reference-of.ts';
import { System } from '../../../profiles/canonicals.ts';
import { anomaly } from '../../model/anomaly.ts';
import type { Destination } from '../../model/recipient.ts';
import { NO_LOCKS } from '../policy-locks.ts';
import { statement } from '../pool.ts';
import { recordDestinations } from './destination-fact.ts';
import type { FactRecorder } from './fact.ts';
import { personsWhoNamed, resolveAgain } from './resolve-again.ts';
import { resolveParties } from './resolve-parties.ts';

const putRecipient = statement<[string, string, string, boolean, readonly string[], boolean, object], { moved: boolean }>(
  'put-recipient',
  `INSERT INTO recipient (id, ods, kind, retains, areas, active, declared) VALUES ($1, $2, $3, $4, $5, $6, $7)
   ON CONFLICT (id) DO UPDATE SET retains = $4, areas = $5, active = $6, declared = $7 WHERE recipient.ods = $2 AND recipient.kind = $3
   RETURNING false AS moved`,
);
const putPull = statement<[string, string, Destination], never>(
  'put-pull-destination',
  `INSERT INTO destination (id, recipient_id, facts) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET facts = $3`,
);

/** A HealthcareService says who may hold plans, and how it takes them back. It has one more destination of its own: where its reads are kept track of. */
export const recipientFact: FactRecorder<HealthcareService> = {
  async scope(sql, { resource }) {
    return { ...NO_LOCKS, persons: await personsWhoNamed(sql, `HealthcareService/${resource.id}`), recipients: [resource.id] };
  },
  async record(sql, fact) {
    const { recipient, active, providedBy, declared } = fromHealthcareService(fact.resource);
    const party = partyOf(providedBy, (await resolveParties(sql, fact.resource)).resolve);
    if (party === null || !('ods' in party))
      throw anomaly(
        'incorrect',
        `names no organisation that is registered with an ODS code (${System.odsOrganization})`,
        'HealthcareService.providedBy',
      );
    const [kept] = await putRecipient(sql, recipient.id, party.ods, recipient.kind, recipient.retains, recipient.areas, active, declared);
    if (kept === undefined) throw anomaly('conflict', 'a service keeps its organisation and its kind', 'HealthcareService');
    await putPull(sql, pullDestinationId(recipient.id), recipient.id, {
      id: pullDestinationId(recipient.id),
      recipientId: recipient.id,
      channel: 'pull',
      address: 'pull:',
      open: true,
      ...settled('pull', null, declared, fact.defaultLifetime),
      recallForm: 'task',
    });
    await recordDestinations(sql, recipient.id, fact.defaultLifetime);
    await resolveAgain(sql, `HealthcareService/${recipient.id}`);
  },
};

/** The id of the destination at which a recipient's reads are kept track of. */
export const pullDestinationId = (recipientId: string): string => `pull:${recipientId}`;
