/** An expression that is no path, and is left to FHIRPath itself. */
const COMPUTED = 'Patient.deceased.exists() and Patient.deceased != false';
/** More targets than that are every type there is. */
const ANY_TARGET = 100;
const BOOLEAN_SYSTEM = 'http://terminology.hl7.org/CodeSystem/special-values';

const upper = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** Parts of a dotted path; dots within parentheses do not count. */
const partsOf = (path) => path.match(/[^.(]+(?:\([^()]*(?:\([^()]*\))?[^()]*\))?/g) ?? [];

/** Walks one path through the base definitions: its steps as they stand in JSON, and the type of what stands at the end. */
function walk(path, elementsOf, bindings) {
  const [type, ...parts] = partsOf(path.replace(/^\((.*)\)$/, '$1').trim());
  let found = [{ steps: [], at: type, as: type }];
  let refersTo = null;
  for (const part of parts) {
    const where = /^where\((\w+)='([^']*)'\)$/.exec(part);
    const is = /^where\(resolve\(\) is (\w+)\)$/.exec(part);
    const ofType = /^ofType\((\w+)\)$/.exec(part);
    if (where !== null) found = found.map((each) => ({ ...each, steps: [...each.steps, { [where[1]]: where[2] }] }));
    else if (is !== null) refersTo = is[1];
    else if (ofType !== null) found = found.filter(({ as }) => as === ofType[1]);
    else if (/^\w+$/.test(part)) found = found.flatMap((each) => below(each, part, elementsOf, bindings));
    else throw new Error(`a search parameter has a step that is not known: ${path}`);
  }
  if (found.length === 0) throw new Error(`a search parameter leads nowhere: ${path}`);
  return found.map(({ steps, as, system }) => ({
    steps,
    as,
    ...(system === undefined ? {} : { system }),
    ...(refersTo === null ? {} : { refersTo }),
  }));
}

function below({ steps, at, as }, name, elementsOf, bindings) {
  const inside = elementsOf(as === 'BackboneElement' || as === 'Element' ? at.split('.')[0] : as);
  const base = as === 'BackboneElement' || as === 'Element' ? at : as;
  const element = inside.find(({ path }) => path === `${base}.${name}` || path === `${base}.${name}[x]`);
  if (element === undefined) throw new Error(`a search parameter names an element that R4 does not have: ${base}.${name}`);
  const isChoice = element.path.endsWith('[x]');
  const systems = Object.keys(bindings[element.binding?.valueSet?.split('|')[0]] ?? {});
  return element.type.map(({ code }) => {
    const type = /^http:\/\/hl7.org\/fhirpath\/System\./.test(code) ? 'string' : code;
    const system = type === 'boolean' ? BOOLEAN_SYSTEM : type === 'code' && systems.length === 1 ? systems[0] : undefined;
    return { steps: [...steps, isChoice ? `${name}${upper(type)}` : name], at: `${base}.${name}`, as: type, system };
  });
}

/**
 * The search parameters of every type in the table, as R4 or the broker defines them, with the paths at which their values stand.
 * Throws for a code that R4 does not have for the type.
 */
export function searchParameters(types, r4, structures, bindings, base) {
  const byType = new Map(structures.map((each) => [each.type, each.snapshot.element]));
  const elementsOf = (type) => byType.get(type) ?? [];
  return types.flatMap(({ type, search, own }) => [
    ...search.map((code) => {
      const found = r4.find((each) => each.code === code && each.base.includes(type));
      if (found === undefined) throw new Error(`R4 has no search parameter ${code} of ${type}`);
      const ofType = new RegExp(`^\\(?${type}\\.`);
      const alternatives = found.expression === COMPUTED ? [COMPUTED] : found.expression.split('|').map((each) => each.trim());
      const expression = alternatives.filter((each) => ofType.test(each)).join(' | ');
      return toParameter(type, { code, url: found.url, is: found.type, expression, target: found.target ?? [] });
    }),
    ...own.map((each) =>
      toParameter(type, { ...each, url: `${base}/SearchParameter/${type}-${each.code}`, is: each.type, target: [...each.target] }),
    ),
  ]);

  function toParameter(type, { code, url, is, expression, target }) {
    const paths = expression === COMPUTED ? [] : expression.split(' | ').flatMap((each) => walk(each, elementsOf, bindings));
    return { type, code, url, is, expression, target: target.length > ANY_TARGET ? ['Resource'] : target, paths: paths.filter(fits(is)) };
  }
}

/** Types whose values a parameter of each kind can be asked for; the others of a choice hold nothing that it finds. */
const FITS = {
  token: 'CodeableConcept Coding Identifier ContactPoint code boolean string uri id canonical'.split(' '),
  reference: 'Reference canonical uri'.split(' '),
  string: 'string markdown HumanName Address'.split(' '),
  date: 'date dateTime instant Period Timing'.split(' '),
  uri: 'uri url canonical'.split(' '),
};
const fits =
  (is) =>
  ({ as }) =>
    FITS[is].includes(as);

/** The conformance resource of a parameter of the broker's own. */
export const ownSearchParameters = (types, base) =>
  types.flatMap(({ type, own }) =>
    own.map(({ code, type: is, expression, target, description }) => ({
      resourceType: 'SearchParameter',
      id: `${type.toLowerCase()}-${code}`,
      url: `${base}/SearchParameter/${type}-${code}`,
      name: `${type}${upper(code)}`,
      status: 'active',
      description,
      code,
      base: [type],
      type: is,
      expression,
      xpathUsage: 'normal',
      ...(target.length === 0 ? {} : { target }),
    })),
  );

/** Elements of each type that `_summary=true` shows, those that no answer may leave out, by their paths in JSON, and names of choices. */
export function summaryElements(types, structures) {
  const byType = new Map(structures.map((each) => [each.type, each.snapshot.element]));
  return Object.fromEntries(
    types.map(({ type }) => {
      const elements = (byType.get(type) ?? []).slice(1);
      const names = (keep) => elements.filter(keep).flatMap((each) => namesOf(each, type));
      const choices = elements.flatMap(({ path }) => /^\w+\.(\w+)\[x\]$/.exec(path)?.[1] ?? []);
      return [type, { summary: names(({ isSummary }) => isSummary === true), mandatory: names(({ min }) => min > 0), choices }];
    }),
  );
}

const namesOf = ({ path, type: kinds }, type) => {
  const name = path.slice(type.length + 1);
  return name.endsWith('[x]') ? kinds.map(({ code }) => name.replace('[x]', upper(code))) : [name];
};
