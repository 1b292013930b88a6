import type { TypedValueWithPath } from '@medplum/core';
import { OTHER_PURPOSES, ValueSet } from '../../profiles/canonicals.ts';
import type { Issue } from '../model/anomaly.ts';
import type { Bindings } from './definitions.ts';
import type { JsonObject } from './json.ts';
import { isObject, objectsOf } from './json.ts';

/** Required value sets too large for a list: their codes are told by their form (R4 terminologies; RFC 6838, ISO 4217). */
const FORMS: ReadonlyMap<string, { readonly form: RegExp; readonly help: string }> = new Map([
  [
    'http://hl7.org/fhir/ValueSet/mimetypes',
    { form: /^(?:json|xml|ttl|[\w.+-]+\/[\w.+-]+( *; *[\w.-]+=("[^"]*"|[\w.+-]+))*)$/, help: 'is a media type, as text/plain' },
  ],
  ['http://hl7.org/fhir/ValueSet/currencies', { form: /^[A-Z]{3}$/, help: 'is a currency of ISO 4217, as GBP' }],
]);

/** What somebody who asks for another code is told beside the codes. */
const ADVICE: ReadonlyMap<string, string> = new Map([[ValueSet.purpose, OTHER_PURPOSES]]);

type Systems = ReadonlyMap<string, ReadonlySet<string>>;

const codingFits = (coding: JsonObject, systems: Systems): boolean =>
  typeof coding['code'] === 'string' &&
  typeof coding['system'] === 'string' &&
  (systems.get(coding['system'])?.has(coding['code']) ?? false);

const fits = (value: unknown, systems: Systems): boolean => {
  if (typeof value === 'string') return [...systems.values()].some((codes) => codes.has(value));
  // A value that is no code at all is the structure check's to report.
  if (!isObject(value)) return true;
  if (Array.isArray(value['coding'])) return objectsOf(value['coding']).some(([coding]) => codingFits(coding, systems));
  if ('code' in value || 'system' in value) return codingFits(value, systems);
  return !('text' in value);
};

/** Required bindings: a code outside its value set, with a code of the set or its URL as help. */
export const unbound = (tokens: Readonly<Record<string, readonly TypedValueWithPath[]>>, bindings: Bindings): Issue[] =>
  Object.entries(tokens).flatMap(([canonical, values]) => {
    const url = canonical.split('|')[0] ?? canonical;
    const form = FORMS.get(url);
    if (form !== undefined)
      return values
        .filter(({ value }) => typeof value === 'string' && !form.form.test(value))
        .map(({ path }): Issue => ({ at: path, code: 'code-invalid', help: form.help }));
    const systems = bindings.get(url);
    if (systems === undefined) return [];
    const codes = [...systems.values()].flatMap((set) => [...set]);
    const help = codes.length <= 30 ? `must be one of ${codes.join(', ')}` : `must be a code of ${url}`;
    const advice = ADVICE.get(url);
    return values
      .filter(({ value }) => !fits(value, systems))
      .map(({ path }): Issue => ({ at: path, code: 'code-invalid', help: advice === undefined ? help : `${help}. ${advice}` }));
  });
