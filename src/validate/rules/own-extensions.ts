import type { ElementDefinition, StructureDefinition } from '@medplum/fhirtypes';
import { BASE } from '../../../profiles/canonicals.ts';
import type { Issue } from '../../model/anomaly.ts';
import { definitions } from '../definitions.ts';
import type { JsonObject } from '../json.ts';
import { isObject, objectsOf } from '../json.ts';
import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
const elementsOf = (definition: StructureDefinition): readonly ElementDefinition[] => definition.snapshot?.element ?? [];
const element = (definition: StructureDefinition, id: string): ElementDefinition | undefined =>
  elementsOf(definition).find((each) => each.id === id);

/** The codes of a required binding on the value; null where there is none. */
const codesOf = (definition: StructureDefinition, id: string): readonly string[] | null => {
  const binding = (element(definition, id) ?? element(definition, `${id}:valueCode`))?.binding;
  const systems = binding?.strength === 'required' ? definitions().bindings.get(binding.valueSet?.split('|')[0] ?? '') : undefined;
  return systems === undefined ? null : [...systems.values()].flatMap((set) => [...set]);
};

/** The value of an extension by its definition: there or not, its type, its code, its reference's target. */
const checkValue = (extension: JsonObject, definition: StructureDefinition, id: string, at: string): Issue[] => {
  const value = element(definition, `${id}.value[x]`);
  const present = Object.keys(extension).filter((name) => /^value[A-Z]/.test(name));
  if (value?.max === '0') return present.map(() => ({ at: `${at}.value`, code: 'extension', help: 'has no value of its own' }));
  const types = value?.type ?? [];
  const names = types.map(({ code }) => `value${capital(code ?? '')}`);
  const [name] = present;
  if (name === undefined) return value?.min === 1 ? [{ at: `${at}.value`, code: 'required', help: `has a ${names.join(' or ')}` }] : [];
  if (!names.includes(name)) return [{ at: `${at}.value`, code: 'extension', help: `has a ${names.join(' or ')}` }];
  const given = extension[name];
  const codes = codesOf(definition, `${id}.value[x]`);
  if (codes !== null && !codes.some((code) => code === given))
    return [{ at: `${at}.value`, code: 'code-invalid', help: `must be one of ${codes.join(', ')}` }];
  if (!isObject(given)) return [];
  const targets = types.flatMap(({ targetProfile }) => targetProfile ?? []).map((url) => url.slice(url.lastIndexOf('/') + 1));
  const reference = given['reference'];
  if (name === 'valueReference' && typeof reference === 'string' && !targets.some((type) => new RegExp(`(^|/)${type}/`).test(reference)))
    return [{ at: `${at}.value`, code: 'value', help: `must refer to ${targets.join(' or ')}` }];
  return elementsOf(definition)
    .filter(({ id: inner, min }) => min === 1 && inner !== undefined && inner.startsWith(`${id}.value[x].`))
    .map(({ path }) => path?.split('.').at(-1) ?? '')
    .filter((part) => given[part] === undefined)
    .map((part): Issue => ({ at: `${at}.value.${part}`, code: 'required', help: 'is required' }));
};

/** The extensions inside a complex one, by their slices. */
const checkParts = (extension: JsonObject, definition: StructureDefinition, at: string): Issue[] => {
  const slices = elementsOf(definition).filter(({ path, sliceName }) => path === 'Extension.extension' && sliceName !== undefined);
  const parts = objectsOf(extension['extension']);
  const known = new Set(slices.map(({ sliceName }) => sliceName));
  const strange = parts
    .filter(([{ url }]) => typeof url !== 'string' || !known.has(url))
    .map(([, index]): Issue => ({ at: `${at}.extension[${index}].url`, code: 'extension', help: 'is not a part of this extension' }));
  const wrong = slices.flatMap(({ sliceName = '', min = 0, max }) => {
    const found = parts.filter(([{ url }]) => url === sliceName);
    const here = `${at}.extension.where(url='${sliceName}')`;
    if (found.length < min) return [{ at: here, code: 'required', help: 'is required' }];
    if (max === '1' && found.length > 1) return [{ at: here, code: 'structure', help: 'stands once' }];
    return found.flatMap(([part, index]) => checkValue(part, definition, `Extension.extension:${sliceName}`, `${at}.extension[${index}]`));
  });
  return [...strange, ...wrong];
};

/**
 * The broker's own extensions by their definitions, which the structure check does not follow: where they may stand, their value, their parts.
 * One that is not defined is refused: a misspelt declaration must not pass for none.
 */
export const ownExtensions: Rule = {
  object: ({ value: extension, at, key, holder }) => {
    const { url } = extension;
    if (key !== 'extension' || typeof url !== 'string' || !url.startsWith(`${BASE}/`)) return NONE;
    const definition = definitions().extensions.get(url);
    if (definition === undefined) return [{ at: `${at}.url`, code: 'extension', help: 'is not an extension of the broker' }];
    const contexts = (definition.context ?? []).map(({ expression }) => expression);
    // A context is a resource type, or an element by its path.
    const owner = holder?.resource === 'no' ? holder.property?.element.path : holder?.type;
    const stands = contexts.some((context) => context === owner);
    return [
      ...(stands ? [] : [{ at, code: 'extension', help: `stands on ${contexts.join(' or ')}` }]),
      ...checkValue(extension, definition, 'Extension', at),
      ...checkParts(extension, definition, at),
    ];
  },
};
