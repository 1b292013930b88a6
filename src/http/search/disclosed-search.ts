import { System } from '../../../profiles/canonicals.ts';
import type { LookUp } from '../../store/door.ts';
import { permitted } from '../policy.ts';
import { badParameter } from '../refusal.ts';
import type { Asked } from './asked.ts';
import { type Asker, conditionOf } from './condition-of.ts';
import { sortOf } from './sort-of.ts';
import { unknownParameter } from './stored-search.ts';
import { checkedNhsNumber, choicesOf, referencesAsked, tokensAsked } from './values.ts';

/** What a search for disclosures asks: whom or what, and what a match must say besides. */
export interface DisclosedSearch {
  /** Null where it asks for two different ones at once: nothing matches. */
  readonly lookUp: LookUp | null;
  /** Ids that a match must have one of; null for no limit. */
  readonly ids: readonly string[] | null;
  readonly tokens: readonly { readonly name: string; readonly text: string }[];
  /** Types in whose shapes the same disclosure is to stand beside a match. */
  readonly beside: readonly string[];
  readonly used: readonly (readonly [string, string])[];
  readonly ignored: readonly string[];
}

/** Every way in which a search names the person by NHS number. */
const BY_NUMBER: ReadonlySet<string> = new Set(['patient.identifier', 'subject.identifier', 'patient:identifier', 'subject:identifier']);

// A number that stands alone is an NHS number; a number of another system is nobody here.
const numberOf = (name: string, text: string): string | null => {
  const [choice, more] = tokensAsked(name, text);
  if (choice === undefined || more !== undefined) throw badParameter(name, 'names one person');
  const { system, code } = choice;
  return system === null || system === '' || system === System.nhsNumber ? checkedNhsNumber(name, code) : null;
};

/** What stems from the same disclosure, and may stand beside a match: each type by the parameter that refers to it. */
const BESIDE: ReadonlyMap<string, string> = new Map([
  ['Flag:patient', 'Patient'],
  ['Flag:subject', 'Patient'],
  ['Flag:detail', 'CarePlan'],
  ['CarePlan:patient', 'Patient'],
  ['CarePlan:subject', 'Patient'],
  ['CarePlan:supporting-info', 'Composition'],
  ['Composition:patient', 'Patient'],
  ['Composition:subject', 'Patient'],
]);

/** One way from a type to another, and whether it is also followed from what was included. */
interface Step {
  readonly from: string;
  readonly to: string;
  readonly iterates: boolean;
}

const stepsOf = (type: string, [name, text]: readonly [string, string]): readonly Step[] => {
  if (name.startsWith('_revinclude'))
    throw badParameter(name, 'is not possible with what is disclosed: search the other type by the same NHS number');
  if (!name.startsWith('_include')) return [];
  const iterates = name === '_include:iterate';
  // R4 search: it begins with the type that is searched; with :iterate, with any.
  const open = [...BESIDE].filter(([each]) => iterates || each.startsWith(`${type}:`));
  const [, path = '', only] = /^(\*|[A-Za-z]+:(?:[a-z-]+|\*))(?::([A-Za-z]+))?$/.exec(text) ?? [];
  const isNamed = (each: string): boolean => path === '*' || path === each || path === `${each.slice(0, each.indexOf(':'))}:*`;
  const found = open.filter(([each, to]) => isNamed(each) && (only === undefined || only === to));
  if (found.length === 0 && text !== '*' && text !== `${type}:*`)
    throw badParameter(
      name,
      `includes what stems from the same disclosure: ${open.map(([each]) => each).join(', ') || 'nothing of this type'}`,
    );
  return found.map(([each, to]) => ({ from: each.slice(0, each.indexOf(':')), to, iterates }));
};

// What a caller could not read by itself is left out, and nothing is followed from it (I4).
const besideOf = (type: string, result: Asked['result'], { principal }: Asker): readonly string[] => {
  const steps = result.flatMap((each) => stepsOf(type, each)).filter(({ to }) => permitted(principal, to, 'read') !== null);
  const found = new Set<string>();
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const { from, to, iterates } of steps) if (to !== type && (from === type || (iterates && found.has(from)))) found.add(to);
  }
  return [...found];
};

/** Reads a search of Flag, CarePlan, Composition or Patient by a recipient: it names one person, or the id of one disclosure. Throws `malformed`. */
export const disclosedSearch = (type: string, asked: Asked, asker: Asker): DisclosedSearch => {
  const numbers = new Set<string>();
  const used: (readonly [string, string])[] = [];
  const ignored: string[] = [];
  const tokens: { name: string; text: string }[] = [];
  const wantedIds: (readonly string[])[] = [];
  let nobody = false;
  const addNumber = (name: string, text: string): void => {
    const number = numberOf(name, text);
    if (number === null) nobody = true;
    else numbers.add(number);
  };
  for (const [name, text] of asked.parameters) {
    // The road that is taken a thousand times a second comes first.
    if (BY_NUMBER.has(name) || (type === 'Patient' && name === 'identifier')) addNumber(name, text);
    else if (name === '_id') wantedIds.push(choicesOf(name, text));
    else if ((name === 'patient' || name === 'subject') && type !== 'Patient') {
      if (text.includes('|')) addNumber(name, text);
      else
        wantedIds.push(
          choicesOf(name, text).map((each) => (referencesAsked(name, each, asker.base, ['Patient'])[0] ?? '').replace(/^Patient\//, '')),
        );
    } else if (name === 'status' || (name === 'code' && type === 'Flag')) {
      tokensAsked(name, text); // throws where it has no value
      tokens.push({ name, text });
    } else {
      conditionOf(asker, type, name, text); // throws where a known parameter has a modifier or a value that is not
      if (asked.strict) throw unknownParameter(name);
      ignored.push(name);
      continue;
    }
    used.push([name, text]);
  }
  const [first, ...more] = wantedIds;
  const ids = first === undefined ? null : first.filter((id) => more.every((each) => each.includes(id)));
  if (numbers.size === 0 && !nobody && (first === undefined || first.length !== 1))
    throw badParameter(type === 'Patient' ? 'identifier' : 'patient.identifier', 'a search names one person, by NHS number');
  const [number] = numbers;
  const [id] = ids ?? [];
  const lookUp = nobody || numbers.size > 1 ? null : number !== undefined ? { nhsNumber: number } : id !== undefined ? { id } : null;
  const sort = asked.result.find(([name]) => name === '_sort')?.[1];
  // There is one plan a publisher: any order of them will do, of parameters that there are.
  if (sort !== undefined) sortOf(type, sort);
  const beside = besideOf(type, asked.result, asker);
  if (beside.length > 0 && asked.shape.is === 'text')
    throw badParameter('_summary', 'text does not stand beside _include (R4 search, summary)');
  return { lookUp, ids, tokens, beside, used: [...used, ...asked.result], ignored };
};
