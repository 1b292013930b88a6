import type { Resource } from '@medplum/fhirtypes';
import { toCarePlan } from '../../../mappings/disclosure/to-care-plan.ts';
import { toComposition } from '../../../mappings/disclosure/to-composition.ts';
import { toFlag } from '../../../mappings/disclosure/to-flag.ts';
import { toPatient } from '../../../mappings/disclosure/to-patient.ts';
import type { Disclosure } from '../../model/disclosure.ts';
import type { LookUp } from '../../store/door.ts';
import type { Answer, Door, Exchange } from '../exchange.ts';
import { principalOf } from '../exchange.ts';
import { isUnchanged, versionHeaders } from '../etag.ts';

/** The shapes in which a disclosure can be read here. A Flag needs none of the plan's words. */
const SHAPES: ReadonlyMap<string, { readonly words: boolean; readonly shape: (disclosure: Disclosure) => Resource }> = new Map([
  ['Flag', { words: false, shape: toFlag }],
  ['CarePlan', { words: true, shape: toCarePlan }],
  ['Composition', { words: true, shape: (disclosure: Disclosure) => toComposition(disclosure) }],
  ['Patient', { words: true, shape: toPatient }],
]);

const shapeOf = (type: string) => {
  const shape = SHAPES.get(type);
  if (shape === undefined) throw new Error(`a disclosure has no shape ${type}`);
  return shape;
};

/** A disclosure in the shape of each type that was asked for, the first of them first. */
export interface DisclosedAs {
  readonly disclosure: Disclosure;
  readonly resources: readonly [Resource, ...Resource[]];
}

/** What the caller may see now, in the shapes of some types. Each call is a delivery: decided, and on record, before it answers. */
export const lookUpAs = async (
  exchange: Exchange,
  door: Door,
  [type, ...beside]: readonly [string, ...string[]],
  what: LookUp,
): Promise<readonly DisclosedAs[]> => {
  const first = shapeOf(type);
  const more = beside.map(shapeOf);
  // One shape with words makes the whole look-up one with words: it is on record as such.
  const words = [first, ...more].some((each) => each.words);
  const disclosures = await door.store.lookUp(principalOf(exchange), what, words);
  return disclosures.map((disclosure) => ({
    disclosure,
    resources: [first.shape(disclosure), ...more.map(({ shape }) => shape(disclosure))],
  }));
};

/** One disclosure by the id under which the caller knows it; null where it may see none. */
export const readDisclosed = async (exchange: Exchange, door: Door, type: string, id: string): Promise<Answer | null> => {
  const found = (await lookUpAs(exchange, door, [type], { id })).find(({ disclosure }) => disclosure.id === id);
  if (found === undefined) return null;
  const { version, issuedAt } = found.disclosure;
  const headers = versionHeaders(version, issuedAt);
  return isUnchanged(exchange.request.headers['if-none-match'], version)
    ? { status: 304, headers, body: null }
    : { status: 200, headers, body: found.resources[0] };
};
