import { SEARCH_PARAMETERS } from '../../../profiles/search-parameters.ts';
import { badParameter } from '../refusal.ts';
import { definitionOf, isLiteral, targetsOf } from './parameters.ts';

/** What is to stand beside the matches: what they refer to, or what refers to them. */
export interface Include {
  readonly way: 'refers' | 'referred';
  /** Type of the resource that holds the reference. */
  readonly source: string;
  /** Its reference parameters. */
  readonly params: readonly string[];
  /** Only resources of this type are referred to; null is any. */
  readonly target: string | null;
  /** Whether it is also followed from what was included. */
  readonly iterates: boolean;
}

const MOST_INCLUDES = 20;

const referencesOf = (type: string): readonly string[] => (SEARCH_PARAMETERS.get(type) ?? []).filter(isLiteral).map(({ code }) => code);

const isInclude = (name: string): boolean => /^_(?:rev)?include(?::iterate)?$/.test(name);

const read = (type: string, name: string, text: string): readonly Include[] => {
  const way = name.startsWith('_rev') ? 'referred' : 'refers';
  const iterates = name.endsWith(':iterate');
  const wrong = (help: string) => badParameter(name, help);
  if (text === '*')
    return way === 'refers'
      ? [{ way, source: type, params: referencesOf(type), target: null, iterates }]
      : [...SEARCH_PARAMETERS.keys()].flatMap((source) => {
          const params = referencesOf(source).filter((code) => refersTo(source, code, type));
          return params.length === 0 ? [] : [{ way, source, params, target: null, iterates } satisfies Include];
        });
  const [, source = '', code = '', target = null] = /^([A-Za-z]+):([A-Za-z-]+|\*)(?::([A-Za-z]+))?$/.exec(text) ?? [];
  if (!SEARCH_PARAMETERS.has(source)) throw wrong('is Type:parameter or Type:parameter:Target, of types that are here');
  if (way === 'refers' && !iterates && source !== type) throw wrong('begins with the type that is searched; with :iterate, with any');
  const params = code === '*' ? referencesOf(source) : [code];
  if (!params.every((each) => referencesOf(source).includes(each)))
    throw wrong('names a parameter that is no reference of the type by Type/id');
  if (target !== null && !params.some((each) => refersTo(source, each, target)))
    throw wrong('names a type to which the parameter does not refer');
  if (way === 'referred' && !iterates && !params.some((each) => refersTo(source, each, type)))
    throw wrong('names a parameter that does not refer to the type that is searched');
  return [{ way, source, params, target, iterates }];
};

const refersTo = (source: string, code: string, type: string): boolean => {
  const definition = definitionOf(source, code);
  return definition !== undefined && targetsOf(definition).includes(type);
};

/** Reads `_include` and `_revinclude` (R4 search). Throws `malformed` for what leads nowhere. */
export const includesOf = (type: string, result: readonly (readonly [string, string])[]): readonly Include[] => {
  const asked = result.filter(([name]) => isInclude(name));
  if (asked.length > MOST_INCLUDES) throw badParameter('_include', `stands at most ${MOST_INCLUDES} times`);
  return asked.flatMap(([name, text]) => read(type, name, text));
};
