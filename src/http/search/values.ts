import { System } from '../../../profiles/canonicals.ts';
import { endOf, startOf } from '../../../mappings/facts/instant-of.ts';
import { Anomaly } from '../../model/anomaly.ts';
import type { Instant } from '../../model/instant.ts';
import { refusal } from '../../validate/rules/nhs-number.ts';
import { badParameter } from '../refusal.ts';

const MAX_VALUE = 1_024;
const MAX_CHOICES = 50;

/** The alternatives of one parameter: split at commas that are not escaped, with `\,` `\$` `\|` `\\` read (R4 search, escaping). */
export const choicesOf = (name: string, text: string): readonly string[] => {
  if (text.length > MAX_VALUE) throw badParameter(name, `has at most ${MAX_VALUE} characters`);
  const choices = (text.match(/(?:\\.|[^,\\]|\\$)+/g) ?? [])
    .map((each) => each.replace(/\\([,$|\\])/g, '$1').trim())
    .filter((each) => each !== '');
  if (choices.length === 0) throw badParameter(name, 'has no value');
  if (choices.length > MAX_CHOICES) throw badParameter(name, `has at most ${MAX_CHOICES} values`);
  return choices;
};

/** A token as its system and its code; the system is null where none is named. */
export const tokenOf = (text: string): { readonly system: string | null; readonly code: string } => {
  const bar = text.indexOf('|');
  return bar === -1 ? { system: null, code: text } : { system: text.slice(0, bar), code: text.slice(bar + 1) };
};

/** Checks an NHS number that a caller searches by. Throws `malformed` that names the parameter and the rule, never the number. */
export const checkedNhsNumber = (name: string, value: string): string => {
  const why = refusal(value);
  if (why !== null) throw badParameter(name, `the NHS number ${why}`);
  return value;
};

/** A token that may stand in an index: an NHS number in it is checked first. */
export const checkedToken = (name: string, text: string): string => {
  const { system, code } = tokenOf(text);
  if (system?.toLowerCase() === System.nhsNumber.toLowerCase()) {
    if (system !== System.nhsNumber) throw badParameter(name, `the system is written ${System.nhsNumber}`);
    checkedNhsNumber(name, code);
  }
  return text;
};

const REFERENCE = /(?:^|\/)([A-Z][A-Za-z]{1,63}\/[A-Za-z0-9\-.]{1,64})$/;
const ID = /^[A-Za-z0-9\-.]{1,64}$/;

/** A literal reference as the index holds it: `Type/id`, or an id alone where the parameter has one target. Another server's is nothing here. */
export const referenceOf = (name: string, text: string, base: string, target: string | undefined): string => {
  if (target !== undefined && ID.test(text)) return `${target}/${text}`;
  if (/^https?:/i.test(text) && !text.startsWith(`${base}/`)) return text;
  const found = REFERENCE.exec(text)?.[1];
  if (found === undefined) throw badParameter(name, 'is a reference: Type/id');
  return found;
};

/** A span of `meta.lastUpdated`: start included, end not; null is open. */
export interface Span {
  readonly from: Instant | null;
  readonly before: Instant | null;
}

/** Reads one value of a date parameter with its prefix: eq, ge, gt, le, lt, sa, eb. Throws `malformed`. */
export const spanOf = (name: string, text: string): Span => {
  const [, prefix = 'eq', value = ''] = /^(eq|ge|gt|le|lt|sa|eb)?(.*)$/s.exec(text) ?? [];
  try {
    // A `+` in a URL is a space.
    const written = value.replace(' ', '+');
    const first = startOf(written, `http.${name}`);
    const last = endOf(written, `http.${name}`);
    const after = last === first ? first + 1 : last;
    if (prefix === 'ge') return { from: first, before: null };
    if (prefix === 'gt' || prefix === 'sa') return { from: after, before: null };
    if (prefix === 'le') return { from: null, before: after };
    if (prefix === 'lt' || prefix === 'eb') return { from: null, before: first };
    return { from: first, before: after };
  } catch (error) {
    if (error instanceof Anomaly)
      throw badParameter(name, 'is a date or a time with its zone, with eq, ge, gt, le, lt, sa or eb before it');
    throw error;
  }
};
