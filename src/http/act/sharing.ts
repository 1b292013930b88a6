import { toPreview } from '../../../mappings/sharing/to-preview.ts';
import { toSharing } from '../../../mappings/sharing/to-sharing.ts';
import { Anomaly, anomaly } from '../../model/anomaly.ts';
import type { Door, Exchange } from '../exchange.ts';
import { principalOf, reachOf } from '../exchange.ts';
import { errorsOf } from '../../validate/validate.ts';
import type { Trial } from '../../store/preview.ts';
import type { Act } from './act.ts';
import { parameter, parametersOf, required } from './operations.ts';
import { readOwn } from './read.ts';

/** Patient/[id]/$sharing: with whom the plans are shared, in plain words. */
export const sharing: Act = async (exchange, door) => {
  const patient = await readOwn(exchange, door);
  return { status: 200, headers: {}, body: toSharing(await door.store.sharing(principalOf(exchange), patient.id)) };
};

const TRIALS = { consent: 'Consent', agreement: 'Contract' } as const;

/** The resource of one of the parameters, as valid as if it were to be stored. Throws `incorrect` with each place that is wrong. */
const trialOf = (exchange: Exchange, door: Door): Trial => {
  const parameters = parametersOf(exchange);
  const parts = Array.isArray(parameters.parameter) ? parameters.parameter : [];
  const strange = parts.findIndex((part) => !Object.keys(TRIALS).includes(part?.name ?? ''));
  if (strange >= 0)
    throw new Anomaly('incorrect', { at: `Parameters.parameter[${strange}].name`, code: 'not-supported', help: 'is consent or agreement' });
  if (parts.length > 1) throw required('consent', 'stands alone: one change is tried at a time');
  for (const [name, type] of Object.entries(TRIALS)) {
    const part = parameter(parameters, name);
    if (part === undefined) continue;
    const { resource } = part;
    if (
      resource === undefined ||
      (resource.resourceType !== 'Consent' && resource.resourceType !== 'Contract') ||
      resource.resourceType !== type
    )
      throw required(name, `is a ${type}`);
    const errors = errorsOf(door.validate(resource));
    if (errors.length === 0) return resource;
    throw new Anomaly(
      'incorrect',
      errors.map((each) => ({ ...each, at: `Parameters.parameter.where(name='${name}').resource.${each.at ?? ''}` })),
    );
  }
  return null;
};

/** CarePlan/[id]/$preview-release: what each service would gain or lose by the approval of this draft, or, on a plan in force, by a consent or an agreement. */
export const previewRelease: Act = async (exchange, door) => {
  const plan = await readOwn(exchange, door);
  const trial = trialOf(exchange, door);
  if (plan.body.resourceType !== 'CarePlan') throw anomaly('conflict', 'is no plan');
  const isByPerson = reachOf(exchange) === 'self';
  if (isByPerson && trial?.resourceType !== 'Consent') throw required('consent', 'is what a person tries out');
  // Nor does a person name one that is there: it might be another's.
  const tried = isByPerson && trial !== null ? { ...trial, id: undefined } : trial;
  const preview = await door.store.preview(principalOf(exchange), { carePlan: plan.body, publisher: plan.owner }, tried);
  return { status: 200, headers: {}, body: toPreview(preview) };
};
