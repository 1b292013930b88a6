import type { Consent, Parameters, ParametersParameter, Resource } from '@medplum/fhirtypes';
import { System } from '../../../profiles/canonicals.ts';
import { startOf } from '../../../mappings/facts/instant-of.ts';
import { namesOfActor } from '../../../mappings/consent/names-of.ts';
import { ANYTHING, classDatum, headingDatum, toDatum } from '../../../mappings/consent/to-datum.ts';
import { toEvaluation } from '../../../mappings/consent/to-evaluation.ts';
import { codedOf, toRules } from '../../../mappings/consent/to-rules.ts';
import { evaluate } from '../../decide/consent/evaluate.ts';
import { Anomaly } from '../../model/anomaly.ts';
import type { Coded } from '../../model/consent-rules.ts';
import { isHeading } from '../../model/heading.ts';
import type { Act } from './act.ts';
import { parameter, required, validParametersOf } from './operations.ts';

/** More consents than one person has, and more data than one page holds. */
const MOST = { consent: 200, resource: 500, actorResource: 200, heading: 100, class: 100 } as const;

type Many = keyof typeof MOST;

const all = ({ parameter: parts }: Parameters, name: Many): readonly (readonly [ParametersParameter, string])[] => {
  const found = (parts ?? []).flatMap((part, index): (readonly [ParametersParameter, string])[] =>
    part.name === name ? [[part, `Parameters.parameter[${index}]`]] : [],
  );
  if (found.length > MOST[name]) throw required(name, `stands at most ${MOST[name]} times`);
  return found;
};

const wrong = (at: string, help: string): Anomaly => new Anomaly('incorrect', { at, code: 'value', help });

const resourcesOf = (parameters: Parameters, name: Many): readonly (readonly [Resource, string])[] =>
  all(parameters, name).map(([{ resource }, at]) => {
    if (resource === undefined) throw wrong(`${at}.resource`, 'is a resource');
    return [resource, `${at}.resource`];
  });

const consentsOf = (parameters: Parameters): readonly Consent[] => {
  const consents = resourcesOf(parameters, 'consent').map(([resource, at]) => {
    if (resource.resourceType !== 'Consent') throw wrong(`${at}.resourceType`, 'is a Consent');
    return [resource, at] as const;
  });
  const [first] = consents;
  for (const [{ patient }, at] of consents)
    if (patient?.reference !== first?.[0].patient?.reference) throw wrong(`${at}.patient`, 'is of another person than the first consent');
  return consents.map(([consent]) => consent);
};

const headingsOf = (parameters: Parameters): readonly Coded[] =>
  all(parameters, 'heading').map(([{ valueCode, valueCoding }, at]) => {
    const code = valueCode ?? (valueCoding?.system === System.heading ? valueCoding.code : undefined);
    if (code === undefined || !isHeading(code)) throw wrong(at, 'is a heading of a plan, as a code or a Coding');
    return { system: System.heading, code };
  });

const classesOf = (parameters: Parameters): readonly Coded[] =>
  all(parameters, 'class').map(([{ valueCoding }, at]) => {
    const [coded] = codedOf(valueCoding ?? {});
    if (coded === undefined) throw wrong(`${at}.valueCoding`, 'is a Coding with a code');
    return coded;
  });

const purposeOf = (parameters: Parameters): Coded | null => {
  if ((parameters.parameter ?? []).filter(({ name }) => name === 'purpose').length > 1)
    throw required('purpose', 'stands once: several purposes are several questions, and none rides on another');
  const part = parameter(parameters, 'purpose');
  if (part === undefined) return null;
  const [coded] = codedOf(part.valueCoding ?? {});
  if (coded === undefined) throw required('purpose', 'is a Coding with a code');
  return coded;
};

const NAMES: readonly string[] = [...Object.keys(MOST), 'actor', 'purpose', 'at'];

const instantOf = (parameters: Parameters, now: number): number => {
  const part = parameter(parameters, 'at');
  if (part === undefined) return now;
  const text = part.valueInstant ?? part.valueDateTime;
  if (text === undefined) throw required('at', 'is an instant');
  return startOf(text, "Parameters.parameter.where(name='at')");
};

/**
 * Consent/$evaluate: what consents of one person release to one actor, by the same rules as the gate of a release (consent.md section 1.4). All that it
 * reads is sent with it: nothing is looked up, and nothing is stored.
 */
export const evaluateConsents: Act = (exchange, door) => {
  const parameters = validParametersOf(exchange, door);
  const strange = (parameters.parameter ?? []).findIndex(({ name }) => !NAMES.includes(name ?? ''));
  if (strange >= 0) throw wrong(`Parameters.parameter[${strange}].name`, 'is no parameter of this operation');
  const actor = parameter(parameters, 'actor')?.valueReference;
  if (actor === undefined || (actor.reference === undefined && actor.identifier === undefined))
    throw required('actor', 'is a Reference that points to somebody or has an identifier');
  const actors = resourcesOf(parameters, 'actorResource').map(([resource]) => resource);
  const resources = resourcesOf(parameters, 'resource').map(([resource]) => resource);
  const data = [...resources.map(toDatum), ...headingsOf(parameters).map(headingDatum), ...classesOf(parameters).map(classDatum)];
  const rules = consentsOf(parameters).map((consent, index) => toRules(consent, `consent[${index}]`, actors));
  const answer = evaluate(rules, {
    actor: namesOfActor(actor, actors),
    purpose: purposeOf(parameters),
    data: data.length === 0 ? [ANYTHING] : data,
    at: instantOf(parameters, door.now()),
  });
  return { status: 200, headers: {}, body: toEvaluation(answer) };
};
