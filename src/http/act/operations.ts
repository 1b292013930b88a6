import type { Parameters, ParametersParameter, Resource } from '@medplum/fhirtypes';
import { toProjections } from '../../../mappings/approval/to-projections.ts';
import { toDocumentBundle } from '../../../mappings/disclosure/to-document-bundle.ts';
import { Anomaly } from '../../model/anomaly.ts';
import { errorsOf } from '../../validate/validate.ts';
import { versionHeaders } from '../etag.ts';
import { principalOf, resourceOf, routeOf } from '../exchange.ts';
import type { Door, Exchange } from '../exchange.ts';
import { notFound } from '../refusal.ts';
import { sealedByOthers } from '../change-rules.ts';
import { registeredUser } from '../access/needs-person.ts';
import type { Act } from './act.ts';
import { readOwn } from './read.ts';

const MAX_REASON = 1_000;
const LEAST_WORDS = 10;
const MOST_WORDS = 1_000;

/** What an operation needs and was not sent. */
export const required = (name: string, help: string): Anomaly =>
  new Anomaly('incorrect', { at: `Parameters.parameter.where(name='${name}')`, code: 'required', help });

/** The body of an operation. Throws `malformed` for another resource. */
export const parametersOf = (exchange: Exchange): Parameters => {
  const resource = resourceOf(exchange);
  if (resource.resourceType === 'Parameters') return resource;
  throw new Anomaly('malformed', { at: 'resourceType', help: 'an operation takes Parameters' });
};

/** The parameter of a name, which stands once. */
export const parameter = (parameters: Parameters, name: string): ParametersParameter | undefined => {
  const found = (Array.isArray(parameters.parameter) ? parameters.parameter : []).filter((each) => each?.name === name);
  if (found.length > 1) throw required(name, 'stands once');
  return found[0];
};

/** What a parameter of text says: something, in at most 1,000 characters. Throws `incorrect` otherwise. */
export const stringOf = (parameters: Parameters, name: string, help: string): string => {
  const value: unknown = parameter(parameters, name)?.valueString;
  if (typeof value !== 'string' || value.trim() === '' || value.length > MAX_REASON) throw required(name, help);
  return value;
};

/** Parameters of which none has another name. Throws `incorrect` at the first that has. */
export const onlyNamed = (parameters: Parameters, names: readonly string[]): Parameters => {
  const strange = (parameters.parameter ?? []).findIndex(({ name }) => !names.includes(name ?? ''));
  if (strange < 0) return parameters;
  const help = `is one of ${names.join(', ')}`;
  throw new Anomaly('incorrect', { at: `Parameters.parameter[${strange}].name`, code: 'not-supported', help });
};

/** A person's own words for the privacy officer, in the parameter `text`. */
export const textOf = (parameters: Parameters, says: string, most = MOST_WORDS): string => {
  const text = parameter(parameters, 'text')?.valueString?.trim() ?? '';
  if (text.length >= LEAST_WORDS && text.length <= most) return text;
  throw required('text', `says in ${LEAST_WORDS} to ${most} characters ${says}`);
};

/** The body of an operation, as valid FHIR. Throws `incorrect` with every place that is wrong. */
export const validParametersOf = (exchange: Exchange, door: Door): Parameters => {
  const parameters = parametersOf(exchange);
  const errors = errorsOf(door.validate(parameters));
  if (errors.length > 0) throw new Anomaly('incorrect', errors);
  return parameters;
};

/** CarePlan/[id]/$approve: the draft, at the version that the approver saw, becomes the plan. */
export const approve: Act = async (exchange, door) => {
  const draft = await readOwn(exchange, door);
  const parameters = parametersOf(exchange);
  const version = stringOf(parameters, 'version', 'names the versionId of the draft that is approved');
  const provenance: Resource | undefined = parameter(parameters, 'provenance')?.resource;
  if (provenance?.resourceType !== 'Provenance') throw required('provenance', 'is the Provenance of the approval');
  const unfit = errorsOf(door.validate(provenance));
  // Of what is no Provenance nothing can be asked further.
  const errors = unfit.length > 0 ? unfit : sealedByOthers(provenance, null);
  if (errors.length > 0)
    throw new Anomaly(
      'incorrect',
      errors.map((each) => ({ ...each, at: `Parameters.parameter.where(name='provenance').resource.${each.at ?? ''}` })),
    );
  const signs = parameter(parameters, 'signs') === undefined ? null : stringOf(parameters, 'signs', 'is what $projections answered');
  const user = registeredUser('approve', exchange.user);
  const stored = await door.store.approve(principalOf(exchange), draft.id, version, provenance, user, signs);
  return { status: 200, headers: versionHeaders(stored.version, stored.updatedAt), body: stored.body };
};

/** CarePlan/[id]/$projections: the draft as each kind of recipient would see it, and what its approver signs. */
export const projections: Act = async (exchange, door) => {
  const draft = await readOwn(exchange, door);
  const seen = await door.store.projections(principalOf(exchange), draft.id);
  return { status: 200, headers: {}, body: toProjections({ ...seen, at: door.now() }) };
};

/** CarePlan/[id]/$withdraw: nobody may hold the plan any longer. */
export const withdraw: Act = async (exchange, door) => {
  const plan = await readOwn(exchange, door);
  const reason = stringOf(validParametersOf(exchange, door), 'reason', `says why, in at most ${MAX_REASON} characters`);
  const stored = await door.store.withdraw(principalOf(exchange), plan.id, reason);
  return { status: 200, headers: versionHeaders(stored.version, stored.updatedAt), body: stored.body };
};

/** Composition/[id]/$document: the whole disclosure as a FHIR document, with an id of its own. */
export const document: Act = async (exchange, door) => {
  const { id } = routeOf(exchange);
  const disclosures = await door.store.lookUp(principalOf(exchange), { id }, true);
  const disclosure = disclosures.find((each) => each.id === id);
  if (disclosure === undefined) throw notFound();
  const body = toDocumentBundle(disclosure, { documentId: door.newId(), sequence: null, sentAt: door.now() });
  return { status: 200, headers: versionHeaders(disclosure.version, disclosure.issuedAt), body };
};
