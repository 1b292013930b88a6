import { System } from '../../../profiles/canonicals.ts';
import { refusal } from '../../validate/rules/nhs-number.ts';
import { spanOfText } from '../../store/search/span-of.ts';
import type { DatePrefix, DateTest } from '../../store/search/search.ts';
import { badParameter } from '../refusal.ts';

const MAX_VALUE = 1_024;
const MAX_CHOICES = 50;

const unescaped = (text: string): string => text.replace(/\\([,$|\\])/g, '$1').trim();

// Split at commas that are not escaped.
const partsOf = (name: string, text: string): readonly string[] => {
  if (text.length > MAX_VALUE) throw badParameter(name, `has at most ${MAX_VALUE} characters`);
  const parts = (text.match(/(?:\\.|[^,\\]|\\$)+/gs) ?? []).filter((each) => each.trim() !== '');
  if (parts.length === 0) throw badParameter(name, 'has no value');
  if (parts.length > MAX_CHOICES) throw badParameter(name, `has at most ${MAX_CHOICES} values`);
  return parts;
};

/** The alternatives of one parameter: split at commas that are not escaped, with `\,` `\$` `\|` `\\` read (R4 search, escaping). */
export const choicesOf = (name: string, text: string): readonly string[] => partsOf(name, text).map(unescaped);

/** A token as its system and its code; the system is null where none is named, the code is empty where any of the system will do. */
export interface TokenAsked {
  readonly system: string | null;
  readonly code: string;
}

/** The alternatives of a token parameter; a bar that is escaped is a part of the code. Throws `malformed`. */
export const tokensAsked = (name: string, text: string): readonly TokenAsked[] =>
  partsOf(name, text).map((part) => {
    const bar = /^((?:\\.|[^|\\])*)\|(.*)$/s.exec(part);
    const asked =
      bar === null ? { system: null, code: unescaped(part) } : { system: unescaped(bar[1] ?? ''), code: unescaped(bar[2] ?? '') };
    if (asked.code === '' && (asked.system === null || asked.system === '')) throw badParameter(name, 'has neither a system nor a code');
    checkNhsNumber(name, asked);
    return asked;
  });

// A number with a wrong check digit is a slip of the caller's, and nobody's number.
const checkNhsNumber = (name: string, { system, code }: TokenAsked): void => {
  if (system?.toLowerCase() !== System.nhsNumber.toLowerCase() || code === '') return;
  if (system !== System.nhsNumber) throw badParameter(name, `the system is written ${System.nhsNumber}`);
  checkedNhsNumber(name, code);
};

/** Checks an NHS number that a caller searches by. Throws `malformed` that names the parameter and the rule, never the number. */
export const checkedNhsNumber = (name: string, value: string): string => {
  const why = refusal(value);
  if (why !== null) throw badParameter(name, `the NHS number ${why}`);
  return value;
};

const REFERENCE = /(?:^|\/)([A-Z][A-Za-z]{1,63}\/[A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;
const ID = /^[A-Za-z0-9\-.]{1,64}$/;

/**
 * Literal references as an index holds them: `Type/id`, or an id alone for each type that it may be of; also as the broker's own URL.
 * Another server's is taken as it stands.
 */
export const referencesAsked = (name: string, text: string, base: string, targets: readonly string[]): readonly string[] => {
  if (ID.test(text)) {
    if (targets.length === 0) throw badParameter(name, 'is a reference: Type/id');
    return targets.flatMap((each) => bothOf(`${each}/${text}`, base));
  }
  if (/^(?:https?|urn):/i.test(text) && !text.startsWith(`${base}/`)) return [text.replace(/\/_history\/[^/]+$/, '')];
  const found = REFERENCE.exec(text)?.[1];
  if (found === undefined) throw badParameter(name, 'is a reference: Type/id');
  return bothOf(found, base);
};

const bothOf = (reference: string, base: string): readonly string[] => [reference, `${base}/${reference}`];

const DATE = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.*)$/s;
const isPrefix = (text: string): text is DatePrefix => /^(?:eq|ne|gt|lt|ge|le|sa|eb|ap)$/.test(text);
/** `ap`: within a tenth of the time between now and then (R4 search, prefixes). */
const ABOUT = 0.1;

/** The alternatives of a date parameter with their prefixes. Throws `malformed`. */
export const datesAsked = (name: string, text: string, now: number): readonly DateTest[] =>
  choicesOf(name, text).map((choice) => {
    const [, prefix = 'eq', value = ''] = DATE.exec(choice) ?? [];
    // A `+` in a URL is a space.
    const span = spanOfText(value.replace(' ', '+'));
    if (span === null || !isPrefix(prefix))
      throw badParameter(name, 'is a date or a time with its zone, with eq, ne, gt, lt, ge, le, sa, eb or ap before it');
    if (prefix !== 'ap') return { prefix, ...span };
    const wide = Math.round(Math.abs(now - span.low) * ABOUT);
    return { prefix, low: span.low - wide, high: span.high + wide };
  });
