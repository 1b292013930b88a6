import { Extension } from '../../../profiles/canonicals.ts';
import { capabilityStatement } from '../capability-statement.ts';
import type { CONFORMANCE_PARAMETERS } from '../conformance.ts';
import type { Definition } from '../conformance.ts';
import { routeOf } from '../exchange.ts';
import type { Door, Exchange } from '../exchange.ts';
import { badParameter, notFound } from '../refusal.ts';
import { askedOf } from '../search/asked.ts';
import { checkedNames } from '../search/parameter-name.ts';
import { ONE_PAGE, toSearchset } from '../search/searchset.ts';
import type { Act } from './act.ts';

const folded = (text: string): string => text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();

type ConformanceParameter = (typeof CONFORMANCE_PARAMETERS)[number]['name'];

/** A topic says its canonical URL by an extension. */
const urlOf = ({ url, extension }: Definition): string | undefined =>
  url ?? extension?.find((each) => each.url === Extension.artifactUrl)?.valueUri;

/** How each parameter of a definition is matched (R4 search: uri whole, string by its beginning, token by its code). */
const MATCHES: Readonly<Record<ConformanceParameter, (definition: Definition, value: string) => boolean>> = {
  _id: ({ id }, value) => id === value,
  url: (definition, value) => urlOf(definition) === value,
  name: ({ name = '' }, value) => folded(name).startsWith(folded(value)),
  status: ({ status }, value) => status === (value.split('|').at(-1) ?? value),
  version: ({ version }, value) => version === value,
};

const isKnown = (name: string): name is ConformanceParameter => Object.hasOwn(MATCHES, name);

const definitionsOf = (exchange: Exchange, door: Door): readonly Definition[] => {
  const { type } = routeOf(exchange);
  if (type !== 'CapabilityStatement') return door.conformance.of(type);
  // It says the address at which it is read, so it is made for each caller.
  const statement = capabilityStatement(exchange.base);
  return [{ ...statement, id: statement.id ?? '' }];
};

/** What this door offers. */
export const capabilities: Act = (exchange) => ({ status: 200, headers: {}, body: capabilityStatement(exchange.base) });

/** One of the broker's definitions by its id. */
export const conformanceRead: Act = (exchange, door) => {
  const { id } = routeOf(exchange);
  const body = definitionsOf(exchange, door).find((each) => each.id === id);
  if (body === undefined) throw notFound();
  return { status: 200, headers: {}, body };
};

/** The broker's definitions of a type: all parameters hold, and of several values of one, any does. */
export const conformanceSearch: Act = (exchange, door) => {
  const { base } = exchange;
  const { parameters, strict, count } = askedOf(exchange);
  const used = parameters.filter(([name]) => isKnown(name));
  const ignored = parameters.filter(([name]) => !isKnown(name)).map(([name]) => name);
  const [unknown] = ignored;
  if (strict && unknown !== undefined) throw badParameter(checkedNames(unknown), 'is no parameter of this search');
  const matches = definitionsOf(exchange, door).filter((definition) =>
    used.every(([name, text]) => !isKnown(name) || text.split(',').some((value) => MATCHES[name](definition, value))),
  );
  // They are few, and no caller's: one page holds them all.
  const shown = count === 0 ? [] : matches;
  const { type } = routeOf(exchange);
  return { status: 200, headers: {}, body: toSearchset({ base, type, matches: shown, total: matches.length, used, ignored, ...ONE_PAGE }) };
};
