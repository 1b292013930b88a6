import { SEARCH_PARAMETERS } from '../../../profiles/search-parameters.ts';
import type { SearchParameterDefinition } from '../../../profiles/search-parameters.ts';
import type { Principal } from '../../model/principal.ts';
import { foldText, MOST_CHARACTERS } from '../../store/search/fold-text.ts';
import { identifierOf } from '../../store/search/index-rows.ts';
import type { Among, Condition, Indexed } from '../../store/search/search.ts';
import { codedText, codeText, contactText, systemText, uriText } from '../../store/search/token-text.ts';
import { badParameter } from '../refusal.ts';
import { checkedNames } from './parameter-name.ts';
import { definitionOf, isLiteral, targetsOf } from './parameters.ts';
import { searchableScope } from './scope-of.ts';
import { choicesOf, datesAsked, referencesAsked, type TokenAsked, tokensAsked } from './values.ts';

/** Who asks, and where. */
export interface Asker {
  readonly principal: Principal;
  /** `http://host/fhir`, as the caller reached it. */
  readonly base: string;
  readonly now: number;
}

/** Steps that a chain and `_has` may take together. */
const MOST_STEPS = 3;
const MOST_HAS = 2;

interface Named {
  readonly type: string;
  /** The part of the name that is still to be read. */
  readonly name: string;
  /** The whole name, as it stands in an answer. */
  readonly whole: string;
  readonly text: string;
  readonly steps: number;
  readonly has: number;
}

/** What one parameter asks of a resource of a type; null where the type has no such parameter. Throws `malformed` for a value, modifier or chain that it cannot read. */
export const conditionOf = (asker: Asker, type: string, name: string, text: string): Condition | null =>
  read(asker, { type, name, whole: checkedNames(name), text, steps: 0, has: 0 });

const read = (asker: Asker, named: Named): Condition | null => {
  const { type, name, whole, text, steps } = named;
  if (steps > MOST_STEPS) throw badParameter(whole, `takes at most ${MOST_STEPS} steps from one resource to another`);
  if (name.startsWith('_has:')) return readHas(asker, named);
  const [, code = '', modifier, chain] = /^([^:.]+)(?::([^.]*))?(?:\.(.+))?$/s.exec(name) ?? [];
  if (code === '_id') {
    if (modifier !== undefined || chain !== undefined) throw unknownModifier(whole);
    return { is: 'ids', anyOf: choicesOf(whole, text) };
  }
  if (code === '_lastUpdated') {
    if (modifier !== undefined || chain !== undefined) throw unknownModifier(whole);
    return { is: 'updated', anyOf: datesAsked(whole, text, asker.now) };
  }
  const definition = definitionOf(type, code);
  if (definition === undefined) return null;
  if (chain !== undefined) return readChain(asker, named, definition, modifier, chain);
  if (modifier === 'missing') return missing(whole, code, text);
  return VALUES[definition.is](asker, definition, { whole, text, modifier });
};

// R4: a modifier that is not understood must not be ignored, for the answer would hold more than was asked for.
const unknownModifier = (whole: string) => badParameter(whole, 'has a modifier or a chain that this search does not know');

const missing = (whole: string, param: string, text: string): Condition => {
  if (text !== 'true' && text !== 'false') throw badParameter(whole, 'is true or false');
  return text === 'true' ? { is: 'not', of: { is: 'present', param } } : { is: 'present', param };
};

const readHas = (asker: Asker, { type, name, whole, text, steps, has }: Named): Condition => {
  const [, source = '', code = '', rest = ''] = /^_has:([A-Za-z]+):([^:.]+):(.+)$/s.exec(name) ?? [];
  const definition = definitionOf(source, code);
  if (definition === undefined || !isLiteral(definition) || !targetsOf(definition).includes(type))
    throw badParameter(whole, 'is _has:Type:parameter:parameter, where the first parameter refers to what is searched');
  if (has === MOST_HAS) throw badParameter(whole, 'holds _has within _has once at most');
  const inner = read(asker, { type: source, name: rest, whole, text, steps: steps + 1, has: has + 1 });
  if (inner === null) throw badParameter(whole, 'ends in a parameter that the type does not have');
  return { is: 'referred', param: code, by: { type: source, scope: searchableScope(asker.principal, source), where: [inner] } };
};

const readChain = (
  asker: Asker,
  { whole, text, steps, has }: Named,
  definition: SearchParameterDefinition,
  only: string | undefined,
  chain: string,
): Condition => {
  if (!isLiteral(definition)) throw unknownModifier(whole);
  const targets = targetsOf(definition).filter((each) => SEARCH_PARAMETERS.has(each) && (only === undefined || each === only));
  if (only !== undefined && targets.length === 0) throw unknownModifier(whole);
  if (only === undefined && definition.target.includes('Resource'))
    throw badParameter(whole, 'may refer to any type: the chain names one, as in focus:CarePlan.status');
  const { code: param } = definition;
  const inner = targets.flatMap((type): Among[] => {
    const condition = read(asker, { type, name: chain, whole, text, steps: steps + 1, has });
    return condition === null ? [] : [{ type, scope: searchableScope(asker.principal, type), where: [condition] }];
  });
  if (inner.length === 0) throw badParameter(whole, 'is a chain to a parameter that is not there');
  const found = inner.filter(({ scope }) => scope.is !== 'nothing').map((to): Indexed => ({ is: 'refers', param, to }));
  // A reference may hold the identifier itself (a logical reference): it needs no resource to go through.
  return { is: 'any', anyOf: chain === 'identifier' ? [logical(whole, param, text), ...found] : found };
};

const logical = (whole: string, param: string, text: string): Indexed => ({
  is: 'token',
  param: identifierOf(param),
  anyOf: tokensAsked(whole, text).map(coded),
});

const coded = ({ system, code }: TokenAsked): string =>
  system === null ? codeText(code) : code === '' ? systemText(system) : codedText(system, code);

interface Value {
  readonly whole: string;
  readonly text: string;
  readonly modifier: string | undefined;
}
type ReadValue = (asker: Asker, definition: SearchParameterDefinition, value: Value) => Condition;

const CODED: readonly string[] = ['CodeableConcept', 'Coding', 'Identifier'];

/** A token of a parameter in each way in which the index may hold it: an element without a system of its own has the one that R4 implies. */
const tokenTexts = ({ paths }: SearchParameterDefinition, whole: string, asked: TokenAsked): readonly string[] => {
  const { system, code } = asked;
  const isCoded = paths.some(({ as }) => CODED.includes(as));
  if (paths.some(({ as }) => as === 'ContactPoint')) {
    if (system !== null) throw badParameter(whole, 'is a telephone number or an address alone, without a system');
    return [contactText(code)];
  }
  // What FHIRPath computes is true or false.
  const kinds = paths.length === 0 ? ['boolean'] : paths.map(({ as }) => as);
  if (kinds.every((as) => as === 'boolean') && code !== 'true' && code !== 'false') throw badParameter(whole, 'is true or false');
  const bare = system === null || system === '' || paths.some((path) => path.system === system);
  return [...(isCoded ? [coded(asked)] : []), ...(kinds.some((as) => !CODED.includes(as)) && bare ? [codeText(code)] : [])];
};

const token: ReadValue = (_asker, definition, { whole, text, modifier }) => {
  if (modifier !== undefined && modifier !== 'not') throw unknownModifier(whole);
  const anyOf = tokensAsked(whole, text).flatMap((each) => tokenTexts(definition, whole, each));
  const found: Indexed = { is: 'token', param: definition.code, anyOf: [...new Set(anyOf)] };
  return modifier === 'not' ? { is: 'not', of: found } : found;
};

const reference: ReadValue = (asker, definition, { whole, text, modifier }) => {
  const { code: param } = definition;
  const targets = targetsOf(definition);
  if (modifier === 'identifier' && isLiteral(definition)) return logical(whole, param, text);
  if (modifier !== undefined && !targets.includes(modifier)) throw unknownModifier(whole);
  const isCanonical = !isLiteral(definition);
  // `patient=system|value` is not R4's, and what many clients send.
  if (!isCanonical && targets.includes('Patient') && /[^\\]\|/.test(text)) {
    const to = { type: 'Patient', scope: searchableScope(asker.principal, 'Patient') };
    const inner = definitionOf('Patient', 'identifier');
    if (inner === undefined) throw new Error('a Patient has identifiers');
    return {
      is: 'any',
      anyOf: [
        logical(whole, param, text),
        { is: 'refers', param, to: { ...to, where: [token(asker, inner, { whole, text, modifier: undefined })] } },
      ],
    };
  }
  const choices = choicesOf(whole, text);
  if (isCanonical) return { is: 'token', param, anyOf: choices.map(uriText) };
  const anyOf = choices.flatMap((each) => referencesAsked(whole, each, asker.base, modifier === undefined ? targets : [modifier]));
  return { is: 'token', param, anyOf: anyOf.map(uriText) };
};

const string: ReadValue = (_asker, { code: param }, { whole, text, modifier }) => {
  if (modifier !== undefined && modifier !== 'exact' && modifier !== 'contains') throw unknownModifier(whole);
  const choices = choicesOf(whole, text);
  if (choices.some((each) => each.length > MOST_CHARACTERS)) throw badParameter(whole, `has at most ${MOST_CHARACTERS} characters`);
  if (modifier === 'exact') return { is: 'string', param, how: 'exact', anyOf: choices };
  const anyOf = choices.map(foldText);
  if (anyOf.includes('')) throw badParameter(whole, 'has no value');
  return { is: 'string', param, how: modifier === 'contains' ? 'contains' : 'starts', anyOf };
};

const date: ReadValue = (asker, { code: param }, { whole, text, modifier }) => {
  if (modifier !== undefined) throw unknownModifier(whole);
  return { is: 'date', param, anyOf: datesAsked(whole, text, asker.now) };
};

const uri: ReadValue = (_asker, { code: param }, { whole, text, modifier }) => {
  if (modifier !== undefined) throw unknownModifier(whole);
  return { is: 'token', param, anyOf: choicesOf(whole, text).map(uriText) };
};

const VALUES: Readonly<Record<SearchParameterDefinition['is'], ReadValue>> = { token, reference, string, date, uri };
