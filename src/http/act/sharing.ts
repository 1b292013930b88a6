import { idOf } from '../../../mappings/facts/reference-of.ts';
import { toExplanation } from '../../../mappings/sharing/to-explanation.ts';
import { toSharing } from '../../../mappings/sharing/to-sharing.ts';
import { anomaly } from '../../model/anomaly.ts';
import { principalOf } from '../exchange.ts';
import { badParameter } from '../refusal.ts';
import type { Act } from './act.ts';
import { readOwn } from './read.ts';

/** Patient/[id]/$sharing: with whom the plans are shared, in plain words. */
export const sharing: Act = async (exchange, door) => {
  const patient = await readOwn(exchange, door);
  return { status: 200, headers: {}, body: toSharing(await door.store.sharing(principalOf(exchange), patient.id)) };
};

/** CarePlan/[id]/$explain?recipient=HealthcareService/[id]: each gate, the facts that it read, and the answer, now. */
export const explain: Act = async (exchange, door) => {
  const plan = await readOwn(exchange, door);
  const query = new URLSearchParams(exchange.query);
  const strange = [...query.keys()].find((name) => name !== 'recipient');
  if (strange !== undefined) throw badParameter(strange, 'is no parameter of $explain, which takes one recipient and answers for now');
  const [named, ...more] = query.getAll('recipient');
  const recipientId = /^(?:HealthcareService\/)?([A-Za-z0-9\-.]{1,64})$/.exec(named ?? '')?.[1];
  if (recipientId === undefined || more.length > 0) throw badParameter('recipient', 'is one HealthcareService/[id]');
  const patientId = plan.body.resourceType === 'CarePlan' ? idOf(plan.body.subject, 'Patient') : null;
  if (patientId === null) throw anomaly('conflict', 'is no plan of a Patient');
  const shared = await door.store.explain(principalOf(exchange), { patientId, carePlanId: plan.id, recipientId });
  if (shared === null)
    throw anomaly(
      'not-found',
      'this plan is not in force, or the service is neither in its reach nor in an agreement with you, and never was',
    );
  return { status: 200, headers: {}, body: toExplanation(shared) };
};
