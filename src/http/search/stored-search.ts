import { System } from '../../../profiles/canonicals.ts';
import type { Principal } from '../../model/principal.ts';
import type { DoorStore, Search } from '../../store/door.ts';
import type { Reach } from '../policy.ts';
import { badParameter, Refusal } from '../refusal.ts';
import type { Asked } from './asked.ts';
import { checkedNames } from './parameter-name.ts';
import { PARAMETERS } from './parameters.ts';
import type { Parameter } from './parameters.ts';
import { checkedToken, choicesOf, referenceOf, spanOf, tokenOf } from './values.ts';

type Token = Search['tokens'][number];

/** A search that the store can run, and what was left out of it. */
export interface StoredSearch {
  readonly search: Search;
  readonly used: readonly (readonly [string, string])[];
  readonly ignored: readonly string[];
}

interface Asking {
  readonly type: string;
  readonly asked: Asked;
  readonly reach: Reach;
  readonly principal: Principal;
  readonly base: string;
  readonly store: DoorStore;
}

/** A name of a parameter in its parts: `patient`, `patient:identifier`, `patient.identifier`. Null where the type has no such parameter. */
export const parameterOf = (
  type: string,
  name: string,
): { readonly parameter: Parameter; readonly by: 'value' | 'identifier' | 'chain' } | null => {
  const [, base = '', mark, rest] = /^([^:.]+)(?:([:.])(.+))?$/s.exec(name) ?? [];
  const parameter = (PARAMETERS.get(type) ?? []).find((each) => each.name === base);
  if (parameter === undefined) return null;
  if (mark === undefined) return { parameter, by: 'value' };
  if (parameter.type === 'reference' && rest === 'identifier') return { parameter, by: mark === ':' ? 'identifier' : 'chain' };
  // R4: a modifier that is not understood must not be ignored, for the answer would hold more than was asked for.
  throw badParameter(checkedNames(name), 'has a modifier or a chain that this search does not know');
};

const literals = async ({ store, principal }: Asking, identifiers: readonly string[]): Promise<readonly string[]> => {
  const { rows } = await store.search({
    type: 'Patient',
    owner: principal.organization,
    tokens: [{ param: 'identifier', anyOf: identifiers }],
    ids: null,
    updatedFrom: null,
    updatedBefore: null,
    count: 100,
    after: null,
  });
  return rows.map(({ id }) => `Patient/${id}`);
};

const tokenFor = async (
  asking: Asking,
  name: string,
  parameter: Parameter,
  by: 'value' | 'identifier' | 'chain',
  text: string,
): Promise<Token> => {
  const param = parameter.index ?? parameter.name;
  const choices = choicesOf(name, text);
  if (by === 'identifier') return { param, anyOf: choices.map((each) => checkedToken(name, each)) };
  if (by === 'chain' || (parameter.target === 'Patient' && choices.every((each) => each.includes('|')))) {
    const identifiers = choices.map((each) => checkedToken(name, each));
    return { param, anyOf: [...identifiers, ...(await literals(asking, identifiers))] };
  }
  if (parameter.type === 'reference')
    return { param, anyOf: choices.map((each) => referenceOf(name, each, asking.base, parameter.target)) };
  // A status has one system, so the index holds its code alone.
  if (parameter.index === 'status') return { param, anyOf: choices.map((each) => tokenOf(each).code) };
  return { param, anyOf: choices.map((each) => checkedToken(name, each)) };
};

const laterOf = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.max(a, b));
const earlierOf = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.min(a, b));

/** Turns what is asked into a search over stored resources within the caller's reach. Throws `malformed`, and 400 for an unknown parameter under strict handling. */
export const storedSearch = async (asking: Asking): Promise<StoredSearch> => {
  const { type, asked, reach, principal } = asking;
  const tokens: Token[] = [];
  const used: (readonly [string, string])[] = [];
  const ignored: string[] = [];
  let ids: readonly string[] | null = null;
  let updatedFrom: number | null = null;
  let updatedBefore: number | null = null;
  for (const [name, text] of asked.parameters) {
    const known = parameterOf(type, name);
    if (known === null) {
      if (asked.strict) throw new Refusal(400, 'unsupported', { at: `http.${checkedNames(name)}`, help: 'is no parameter of this search' });
      ignored.push(name);
      continue;
    }
    const { parameter, by } = known;
    used.push([name, text]);
    if (parameter.name === '_id') {
      const choices = choicesOf(name, text);
      ids = ids === null ? choices : ids.filter((id) => choices.includes(id));
    } else if (parameter.name === '_lastUpdated') {
      const span = spanOf(name, text);
      updatedFrom = laterOf(updatedFrom, span.from);
      updatedBefore = earlierOf(updatedBefore, span.before);
    } else tokens.push(await tokenFor(asking, name, parameter, by, text));
  }
  // Deny by default: a reach that is not named here finds only what the caller's own organisation wrote.
  if (reach === 'addressed') {
    tokens.push({ param: 'owner', anyOf: [`${System.odsOrganization}|${principal.organization}`] });
    tokens.push({ param: 'performer', anyOf: [`${System.kind}|${principal.kind}`] });
  }
  const owner = reach === 'any' || reach === 'addressed' ? null : principal.organization;
  return { search: { type, owner, tokens, ids, updatedFrom, updatedBefore, count: asked.count, after: null }, used, ignored };
};
