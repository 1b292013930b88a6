import { definitions } from '../definitions.ts';
import type { Property } from '../schema.ts';
import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';
import type { Scope } from '../walk.ts';

const BASE = 'http://hl7.org/fhir/StructureDefinition/';
/** The end of a relative or absolute RESTful reference (R4 references, literal references). */
const RESTFUL = /(?:^|\/)([A-Z][A-Za-z]+)\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;
/** R4 lists no HealthcareService among the parties to a Contract, but an agreement may name one service of an organisation, for which it is signed. */
const PARTIES: readonly string[] = ['Contract.term.offer.party.reference', 'Contract.signer.party'];

const allowed = new WeakMap<Property, ReadonlySet<string> | null>();

/** The types to which an element may refer; null is any. */
const targetsOf = (property: Property): ReadonlySet<string> | null => {
  const found = allowed.get(property);
  if (found !== undefined) return found;
  const urls = property.element.type.find(({ code }) => code === 'Reference')?.targetProfile ?? [];
  const { profiles } = definitions();
  const types = urls.map((url) => profiles.get(url)?.type ?? url.slice(url.lastIndexOf('/') + 1));
  const any = urls.length === 0 || types.includes('Resource');
  const result = any ? null : new Set([...types, ...(PARTIES.includes(property.element.path) ? ['HealthcareService'] : [])]);
  allowed.set(property, result);
  return result;
};

/** The type that a reference names; null where it names none that can be told from here. */
const typeOf = (reference: string, { contained, entries, resource }: Scope): string | null => {
  if (reference === '#') return String(resource['resourceType']);
  if (reference.startsWith('#')) return contained.get(reference.slice(1)) ?? null;
  const entry = entries?.get(reference);
  if (entry !== undefined) return entry;
  const named = RESTFUL.exec(reference)?.[1];
  return named !== undefined && definitions().types.has(named) ? named : null;
};

/** A reference leads to a type that the element takes, however it is written: relative, absolute, contained, an entry, or by `type` alone. */
export const referenceTargets: Rule = {
  object: ({ value: { reference, type: said }, at, type, property, scope }) => {
    if (type !== 'Reference' || property === null) return NONE;
    const named = typeof said === 'string' ? said.replace(BASE, '') : null;
    const found = typeof reference === 'string' ? typeOf(reference, scope) : null;
    if (named !== null && found !== null && named !== found)
      return [{ at: `${at}.type`, code: 'value', help: 'is not the type that the reference names' }];
    const target = found ?? named;
    const targets = targetsOf(property);
    if (target === null || targets === null || targets.has(target)) return NONE;
    return [{ at, code: 'value', help: `must refer to ${[...targets].join(' or ')}` }];
  },
};
