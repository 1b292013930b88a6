import type { Parameters, ParametersParameter, Resource } from '@medplum/fhirtypes';
import { Anomaly } from '../model/anomaly.ts';
import { parameter } from './act/operations.ts';
import type { Exchange } from './exchange.ts';
import { badParameter } from './refusal.ts';
import { askedOf } from './search/asked.ts';
import { checkedNames } from './search/parameter-name.ts';

/** What the resource is to be looked at for (R4 operation $validate, `mode`; code system resource-validation-mode). */
export const MODES = ['create', 'update', 'delete', 'profile'] as const;
export type Mode = (typeof MODES)[number];

/** What a call of $validate asks. */
export interface ValidateAsked {
  /** What was sent to be looked at; null where nothing was. */
  readonly resource: Resource | null;
  readonly mode: Mode | null;
  /** The canonical of a profile, as it was asked for. */
  readonly profile: string | null;
  /** Where the profile was asked for, as an issue names it. */
  readonly profileAt: string;
}

const isMode = (text: string): text is Mode => MODES.some((each) => each === text);

interface Said {
  readonly text: string | null;
  readonly at: string;
}

const fromQuery = (asked: readonly (readonly [string, string])[], name: string): Said => {
  const found = asked.filter(([each]) => each === name);
  if (found.length > 1) throw badParameter(name, 'stands once');
  return { text: found[0]?.[1] ?? null, at: `http.${name}` };
};

const malformed = (at: string, help: string): Anomaly => new Anomaly('malformed', { at, code: 'value', help });

const fromParameters = (parameters: Parameters | null, name: string, values: readonly (keyof ParametersParameter)[]): Said => {
  const at = `Parameters.parameter.where(name='${name}')`;
  const part = parameters === null ? undefined : parameter(parameters, name);
  if (part === undefined) return { text: null, at };
  const text: unknown = values.map((value) => part[value]).find((value) => value !== undefined);
  if (typeof text !== 'string') throw malformed(`${at}.value`, `has a ${values.join(' or ')}`);
  return { text, at };
};

const only = (query: Said, body: Said): Said => {
  if (query.text !== null && body.text !== null && query.text !== body.text) throw malformed(body.at, 'is not what the address says');
  return body.text === null ? query : body;
};

const NAMES: readonly string[] = ['mode', 'profile'];

/** Reads what is asked from the address and the body: a resource, or Parameters that hold one. Throws `malformed` where it cannot be read. */
export const validateAsked = (exchange: Exchange): ValidateAsked => {
  const { parameters: asked, strict } = askedOf(exchange);
  const strange = asked.find(([name]) => !NAMES.includes(name));
  if (strict && strange !== undefined) throw badParameter(checkedNames(strange[0]), 'is no parameter of $validate');
  const sent = exchange.resource;
  const parameters = sent?.resourceType === 'Parameters' ? sent : null;
  const mode = only(fromQuery(asked, 'mode'), fromParameters(parameters, 'mode', ['valueCode', 'valueString']));
  const profile = only(fromQuery(asked, 'profile'), fromParameters(parameters, 'profile', ['valueUri', 'valueCanonical', 'valueUrl']));
  if (mode.text !== null && !isMode(mode.text)) throw malformed(mode.at, `is one of ${MODES.join(', ')}`);
  return {
    resource: parameters === null ? sent : (parameter(parameters, 'resource')?.resource ?? null),
    mode: mode.text,
    profile: profile.text,
    profileAt: profile.at,
  };
};
