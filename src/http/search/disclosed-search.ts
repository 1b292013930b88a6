import { System } from '../../../profiles/canonicals.ts';
import type { LookUp } from '../../store/door.ts';
import { badParameter, Refusal } from '../refusal.ts';
import type { Asked } from './asked.ts';
import { checkedNames } from './parameter-name.ts';
import { checkedNhsNumber, choicesOf, referenceOf, tokenOf } from './values.ts';
import { parameterOf } from './stored-search.ts';

/** What a search for disclosures asks: whom or what, and what a match must say besides. */
export interface DisclosedSearch {
  /** Null where it asks for two different ones at once: nothing matches. */
  readonly lookUp: LookUp | null;
  /** Ids that a match must have one of; null for no limit. */
  readonly ids: readonly string[] | null;
  readonly tokens: readonly { readonly param: 'status' | 'code'; readonly anyOf: readonly string[] }[];
  readonly used: readonly (readonly [string, string])[];
  readonly ignored: readonly string[];
}

/** Every way in which a search names the person by NHS number. */
const BY_NUMBER: ReadonlySet<string> = new Set(['patient.identifier', 'subject.identifier', 'patient:identifier', 'subject:identifier']);

// A number that stands alone is an NHS number; a number of another system is nobody here.
const numberOf = (name: string, text: string): string | null => {
  const [choice = '', more] = choicesOf(name, text);
  if (more !== undefined) throw badParameter(name, 'names one person');
  const { system, code } = tokenOf(choice);
  if (system !== null && system !== '' && system !== System.nhsNumber) {
    if (system.toLowerCase() === System.nhsNumber.toLowerCase()) throw badParameter(name, `the system is written ${System.nhsNumber}`);
    return null;
  }
  return checkedNhsNumber(name, code);
};

/** Reads a search of Flag, CarePlan, Composition or Patient by a recipient: it names one person, or the id of one disclosure. Throws `malformed`. */
export const disclosedSearch = (type: string, asked: Asked, base: string): DisclosedSearch => {
  const numbers = new Set<string>();
  const used: (readonly [string, string])[] = [];
  const ignored: string[] = [];
  const tokens: { param: 'status' | 'code'; anyOf: readonly string[] }[] = [];
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
      else wantedIds.push(choicesOf(name, text).map((each) => referenceOf(name, each, base, 'Patient').replace(/^Patient\//, '')));
    } else if (name === 'status' || (name === 'code' && type === 'Flag')) tokens.push({ param: name, anyOf: choicesOf(name, text) });
    else {
      parameterOf(type, name); // throws where a known parameter has a modifier that is not
      if (asked.strict) throw new Refusal(400, 'unsupported', { at: `http.${checkedNames(name)}`, help: 'is no parameter of this search' });
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
  return { lookUp, ids, tokens, used, ignored };
};
