import fc from 'fast-check';
import { AMBULANCE, type Caller, OPERATOR, OTHER_TRUST, POLICE, TRUST } from '../http/open-door.ts';
import type { Json } from './json.ts';

/** One request as it is sent. */
export interface Sent {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** After the origin. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** Who sends: null is who may. */
export const callers: fc.Arbitrary<Caller | null> = fc.oneof(
  { weight: 12, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constantFrom<Caller>(TRUST, OTHER_TRUST, OPERATOR, AMBULANCE, POLICE, { ods: 'ZZ8', kind: 'evaluator' }) },
);

/** Media type of a resource. */
export const FHIR = 'application/fhir+json';
/** Headers of a caller with a body of a media type, and odd ones over them. */
export const headersOf = (
  { ods, kind }: Caller,
  type: string | null,
  odd: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> => ({
  // The sender puts the caller's token here.
  authorization: `${ods} ${kind}`,
  ...(type === null ? {} : { 'content-type': type }),
  ...odd,
});

/** Ids of the run's own, of what was there before, and of what is no id. */
export const ids: fc.Arbitrary<string> = fc.oneof(
  { weight: 12, arbitrary: fc.nat({ max: 4 }).map((n) => `f${n}`) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'amber',
      'nurse',
      'consultant',
      'plan-1',
      'words-1',
      'trust',
      'ambulance',
      'consent-1',
      'agreement-1',
      'crisis-team',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '.',
      '..',
      '%2e%2e',
      'a%2Fb',
      'a b'.replace(' ', '%20'),
      'x'.repeat(64),
      'x'.repeat(65),
      '__proto__',
      'constructor',
      '%00',
      '%ff',
      '%',
      'é'.normalize('NFD').replace(/./gu, encodeURIComponent),
      '$x',
      '_history',
      '-',
      '%F0%9F%98%80',
    ),
  },
);

/** A value as a body. */
export const text = (value: Json): string => JSON.stringify(value);

/** Texts that are not, or are no longer, the JSON of one value. */
const mangled = fc
  .tuple(fc.nat(), fc.constantFrom('cut', 'doubled', 'letter', 'name twice', 'comment', 'bom', 'number'))
  .map(([pick, how]) => (json: string): string => {
    const at = pick % Math.max(json.length, 1);
    switch (how) {
      case 'cut':
        return json.slice(0, at);
      case 'doubled':
        return json + json;
      case 'letter':
        return `${json.slice(0, at)}${String.fromCharCode(pick % 0x250)}${json.slice(at + 1)}`;
      case 'name twice':
        return json.replace('{', '{"id":"x","id":"y",');
      case 'comment':
        return json.replace('{', '{/* x */');
      case 'bom':
        return `\ufeff${json}`;
      default:
        return json.replace(/\d+/, '1e999');
    }
  });
const asItIs = (json: string): string => json;
/** What is done to the text of a body: nothing, mostly. */
export const mangling = fc.oneof({ weight: 25, arbitrary: fc.constant(asItIs) }, { weight: 1, arbitrary: mangled });
