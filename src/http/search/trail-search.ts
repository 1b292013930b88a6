import { System } from '../../../profiles/canonicals.ts';
import { EVENT_SHAPES } from '../../../mappings/audit/event-shapes.ts';
import type { EventShape } from '../../../mappings/audit/event-shapes.ts';
import type { Instant } from '../../model/instant.ts';
import type { TrailSearch } from '../../store/door.ts';
import { badParameter } from '../refusal.ts';
import type { Asked } from './asked.ts';
import { checkedNames } from './parameter-name.ts';
import { unknownParameter } from './stored-search.ts';
import { choicesOf, datesAsked, referencesAsked, tokensAsked } from './values.ts';
import type { TokenAsked } from './values.ts';

/** A search of the trail, and what was left out of it. */
export interface AskedTrail {
  readonly search: TrailSearch;
  readonly used: readonly (readonly [string, string])[];
  readonly ignored: readonly string[];
}

/** Where it is asked, and when. */
interface Asker {
  readonly base: string;
  readonly now: Instant;
}

const BY_CODE = ['type', 'subtype', 'action', 'outcome'] as const;
type ByCode = (typeof BY_CODE)[number];

const codesOf = (shape: EventShape, name: ByCode): readonly { readonly system?: string; readonly code?: string }[] => {
  if (name === 'type') return [shape.type];
  return name === 'subtype' ? shape.subtype : [{ code: shape[name] }];
};

const says = (shape: EventShape, name: ByCode, anyOf: readonly TokenAsked[]): boolean =>
  anyOf.some(({ system, code }) =>
    // Action and outcome have one system each, so their code alone is compared.
    codesOf(shape, name).some(
      (each) => (code === '' || each.code === code) && (system === null || each.system === undefined || each.system === system),
    ),
  );

const both = (a: readonly string[] | null, b: readonly string[]): readonly string[] =>
  a === null ? b : a.filter((each) => b.includes(each));

/** An agent is named by its ODS code. */
const odsOf =
  (name: string) =>
  ({ system, code }: TokenAsked): string => {
    if (system !== null && system !== System.odsOrganization) throw badParameter(name, `is an ODS code: ${System.odsOrganization}|…`);
    return code.toUpperCase();
  };

/** The moments that a date leaves: the trail is read from one to another. */
const spanOf = (name: string, text: string, now: Instant): { readonly from: Instant | null; readonly before: Instant | null } => {
  const [date, more] = datesAsked(name, text, now);
  if (date === undefined || more !== undefined || date.prefix === 'ne') throw badParameter(name, 'is one date, and not ne');
  const { prefix, low, high } = date;
  if (prefix === 'ge') return { from: low, before: null };
  if (prefix === 'gt' || prefix === 'sa') return { from: high, before: null };
  if (prefix === 'le') return { from: null, before: high };
  if (prefix === 'lt' || prefix === 'eb') return { from: null, before: low };
  return { from: low, before: high };
};

const nothing: TrailSearch = {
  ids: null,
  from: null,
  before: null,
  patients: null,
  carePlans: null,
  agents: null,
  kinds: null,
  count: 0,
  after: null,
};

/** One parameter worked into what is asked; null where there is no such parameter. */
const withOne = (asked: TrailSearch, shapes: readonly EventShape[], name: string, text: string, { base, now }: Asker) => {
  const idsOf = (type: string): readonly string[] =>
    choicesOf(name, text).flatMap((each) =>
      referencesAsked(name, each, base, [type])
        .filter((reference) => reference.startsWith(`${type}/`))
        .map((reference) => reference.slice(type.length + 1)),
    );
  const byCode = BY_CODE.find((each) => each === name);
  if (byCode !== undefined) return { asked, shapes: shapes.filter((shape) => says(shape, byCode, tokensAsked(name, text))) };
  switch (name) {
    case '_id':
      return { asked: { ...asked, ids: both(asked.ids, choicesOf(name, text)) }, shapes };
    case 'date':
    case '_lastUpdated': {
      const { from, before } = spanOf(name, text, now);
      const later = from === null ? asked.from : Math.max(from, asked.from ?? from);
      const earlier = before === null ? asked.before : Math.min(before, asked.before ?? before);
      return { asked: { ...asked, from: later, before: earlier }, shapes };
    }
    case 'patient':
      return { asked: { ...asked, patients: both(asked.patients, idsOf('Patient')) }, shapes };
    case 'entity':
      return text.includes('Patient/')
        ? { asked: { ...asked, patients: both(asked.patients, idsOf('Patient')) }, shapes }
        : { asked: { ...asked, carePlans: both(asked.carePlans, idsOf('CarePlan')) }, shapes };
    case 'agent':
    case 'agent:identifier':
      return {
        asked: {
          ...asked,
          agents: both(asked.agents, tokensAsked(name, text).map(odsOf(name))),
        },
        shapes,
      };
    default:
      return null;
  }
};

const KNOWN = ['_id', 'date', '_lastUpdated', 'patient', 'entity', 'agent', ...BY_CODE];

/** Reads a search of AuditEvent. Throws `malformed`, and 400 for an unknown parameter under strict handling. */
export const trailSearch = (asked: Asked, asker: Asker): AskedTrail => {
  let search: TrailSearch = { ...nothing, count: asked.count };
  let shapes = EVENT_SHAPES;
  const used: (readonly [string, string])[] = [];
  const ignored: string[] = [];
  for (const [name, text] of asked.parameters) {
    const next = withOne(search, shapes, name, text, asker);
    if (next !== null) {
      search = next.asked;
      shapes = next.shapes;
      used.push([name, text]);
      continue;
    }
    // R4: a modifier that is not understood must not be ignored, for the answer would hold more than was asked for.
    if (KNOWN.includes(/^[^:.]*/.exec(name)?.[0] ?? ''))
      throw badParameter(checkedNames(name), 'has a modifier or a chain that this search does not know');
    if (asked.strict) throw unknownParameter(name);
    ignored.push(name);
  }
  const kinds =
    shapes.length === EVENT_SHAPES.length
      ? null
      : shapes.map(({ event, refused }) => (refused && event !== 'recall' ? `${event} refused` : event));
  return { search: { ...search, kinds }, used, ignored };
};
