import { Anomaly } from '../../model/anomaly.ts';
import { findJsonFault } from './json-fault.ts';

/** Levels of objects and arrays in a body. */
export const MAX_DEPTH = 64;

const malformed = (help: string, code = 'structure'): Anomaly => new Anomaly('malformed', { at: 'http.body', code, help });

/**
 * The deepest nesting of brackets outside strings, up to one more than `most`, counted before parsing so that no depth is ever built; and how many
 * names stand in objects.
 */
const shapeOf = (text: string, most: number): { readonly depth: number; readonly names: number } => {
  let depth = 0;
  let deepest = 0;
  let names = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x3a) names += 1;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
      if (deepest > most) break;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return { depth: deepest, names };
};

const namesIn = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 0;
  const inner = Object.values(value);
  return inner.reduce((sum: number, each) => sum + namesIn(each), Array.isArray(value) ? 0 : inner.length);
};

// 1e400 is JSON, but Infinity is not: it would be stored as null.
const isFiniteDeep = (value: unknown): boolean => {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(isFiniteDeep);
};

/** Parses a body. Throws `malformed` with line and column, or the limit that is broken; never a word of the body. */
export const readJson = (text: string): unknown => {
  const { depth, names } = shapeOf(text, MAX_DEPTH);
  if (depth > MAX_DEPTH) throw malformed(`the body is nested more than ${MAX_DEPTH} deep`, 'too-long');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // V8's message quotes the body, which may be a plan: the place is found again without it.
    const fault = findJsonFault(text);
    throw malformed(fault === null ? 'the body is not JSON' : `the body is not JSON from line ${fault.line}, column ${fault.column}`);
  }
  // Of two values under one name, this reader would take the last and another the first: RFC 8259 section 4 leaves it open.
  if (namesIn(value) !== names) throw malformed('the body has an object in which a name stands twice', 'duplicate');
  if (/\d[eE]\+?\d{3}/.test(text) && !isFiniteDeep(value)) throw malformed('the body has a number that is too large', 'value');
  return value;
};
