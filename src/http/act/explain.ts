import { idOf } from '../../../mappings/facts/reference-of.ts';
import { toExplanation } from '../../../mappings/sharing/to-explanation.ts';
import { anomaly } from '../../model/anomaly.ts';
import type { Instant } from '../../model/instant.ts';
import { principalOf } from '../exchange.ts';
import { badParameter } from '../refusal.ts';
import type { Act } from './act.ts';
import { readOwn } from './read.ts';

const PARAMETERS = ['recipient', 'at'];
/** R4 instant: to the second at least, with its zone. */
const INSTANT = /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/;

/** CarePlan/[id]/$explain?recipient=HealthcareService/[id]&at=[instant]: each gate, the facts that it read, and the answer, now or as it was then. */
export const explain: Act = async (exchange, door) => {
  const plan = await readOwn(exchange, door);
  const query = new URLSearchParams(exchange.query);
  const strange = [...query.keys()].find((name) => !PARAMETERS.includes(name));
  if (strange !== undefined) throw badParameter(strange, 'is no parameter of $explain, which takes one recipient and one instant, at');
  const recipientId = recipientOf(query);
  const at = instantOf(query);
  const patientId = plan.body.resourceType === 'CarePlan' ? idOf(plan.body.subject, 'Patient') : null;
  if (patientId === null) throw anomaly('conflict', 'is no plan of a Patient');
  const asked = { publisher: plan.owner, patientId, carePlanId: plan.id, recipientId };
  const principal = principalOf(exchange);
  const shared = at === null ? await door.store.explain(principal, asked) : await door.store.explainThen(principal, asked, at);
  if (shared === 'in the future') throw badParameter('at', 'is in the future: what will be decided then is not known');
  if (shared === 'before the plan') throw badParameter('at', 'is before this CarePlan was written');
  if (shared === null)
    throw anomaly(
      'not-found',
      at === null
        ? 'this plan is not in force, or the service is neither in its reach nor in an agreement with you, and never was'
        : 'this plan was not in force at that instant, or the service was neither in its reach nor in an agreement with you',
    );
  return { status: 200, headers: {}, body: toExplanation(shared) };
};

function recipientOf(query: URLSearchParams): string {
  const [named, ...more] = query.getAll('recipient');
  const id = /^(?:HealthcareService\/)?([A-Za-z0-9\-.]{1,64})$/.exec(named ?? '')?.[1];
  if (id === undefined || more.length > 0) throw badParameter('recipient', 'is one HealthcareService/[id]');
  return id;
}

/** The instant that is asked for; null for now. A plus sign of a zone that was not escaped arrives as a space. */
function instantOf(query: URLSearchParams): Instant | null {
  const [named, ...more] = query.getAll('at');
  if (named === undefined) return null;
  const text = named.replace(' ', '+');
  const day = INSTANT.exec(text)?.[1];
  const at = Date.parse(text);
  // `Date` rolls 30 February over to March: a day that does not come back as itself does not exist.
  const isDay = day !== undefined && !Number.isNaN(at) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
  if (!isDay || more.length > 0) throw badParameter('at', 'is one instant, like 2026-11-01T10:00:00Z');
  return at;
}
