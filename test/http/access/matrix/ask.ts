import { System } from '../../../../profiles/canonicals.ts';
import type { Kind } from '../../../../src/model/kind.ts';
import * as body from '../../../support/bodies.ts';
import { AMBER } from '../../open-door.ts';
import { BERYL, bodyOf, type Body, idOf, orgOf, OWN, kindId, OTHER, socketId } from './bodies.ts';
import type { Target } from './read-answers.ts';
import type { TypeRoute } from './routes-of.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One request, without its caller. */
export interface Asked {
  readonly method: Method;
  readonly path: string;
  readonly contentType: string | null;
  readonly body: string | null;
  /** The id that a search finds, where it finds what was asked for. */
  readonly wanted: string;
}

/** What a cell asks for: on a route, by a kind, whose. `id` is that of what is asked for. */
export interface Cell {
  readonly route: TypeRoute;
  readonly kind: Kind;
  readonly target: Target;
  readonly id: string;
}

const FHIR = 'application/fhir+json';
const PATCH = 'application/json-patch+json';

const without = (resource: Body, ...names: readonly string[]): object =>
  Object.fromEntries(Object.entries(resource).filter(([name]) => !names.includes(name)));

const numbered = (value: string): object => ({ resourceType: 'Patient', identifier: [{ system: System.nhsNumber, value }] });

const parametersOf = ({ route, kind, target, id }: Cell): object => {
  const person = { name: 'resource', resource: numbered(target === 'disclosed' ? BERYL : AMBER) };
  const parameter = {
    'emergency-access':
      route.rest === '/$emergency-access'
        ? [person]
        : [
            { name: 'reason', valueCode: 'cannot-consent' },
            { name: 'text', valueString: 'Found collapsed, nobody to ask' },
          ],
    'raise-concern': [
      { name: 'concern', valueCode: 'complaint' },
      { name: 'text', valueString: 'A made-up complaint of somebody' },
    ],
    // What that kind is never shown: the cells that come after are as they were.
    'refuse-sharing': [
      { name: 'kind', valueCode: 'crisis-line' },
      { name: 'heading', valueCode: 'home-access' },
    ],
    match: [person],
    approve: [
      { name: 'version', valueString: '1' },
      { name: 'provenance', resource: body.approval(id, orgOf(OWN)) },
    ],
    // Of the draft that the cell before submitted.
    comment: [
      { name: 'kind', valueCode: 'comment' },
      { name: 'text', valueString: 'A made-up comment' },
    ],
    evaluate: [{ name: 'actor', valueReference: { reference: 'Organization/asker' } }],
    'report-reuse': [
      { name: 'reuse', valueCode: 'investigation' },
      { name: 'text', valueString: 'A made-up report of a reuse' },
      // A publisher names who did it; the other organisation's publisher is a recipient of this one.
      ...(kind === 'publisher' && target === 'own'
        ? [{ name: 'recipient', valueReference: { reference: `HealthcareService/${kindId('ambulance', OTHER)}` } }]
        : []),
    ],
    pause: [{ name: 'reason', valueString: 'A made-up reason' }],
    move: [{ name: 'address', valueUrl: 'https://moved.example/fhir' }],
    // Nothing is said of a credential: refused, and nothing changed.
    'rotate-credential': [{ name: 'credential', part: [{ name: 'alg', valueString: 'none' }] }],
    // There is no such key: nothing is sent in the matrix.
    replay: [
      { name: 'key', valueString: 'no-such-key' },
      { name: 'reason', valueString: 'A made-up reason' },
    ],
    // Nothing is asked back in this ground: whoever may ask hears that there is no such chase.
    'end-chase': [
      { name: 'level', valueCode: 'use-stopped' },
      { name: 'disclosure', valueReference: { reference: 'CarePlan/00000000-0000-4000-8000-000000000000' } },
      { name: 'reason', valueString: 'A made-up reason' },
    ],
    withdraw: [{ name: 'reason', valueString: 'Asked for by the person' }],
  }[route.interaction];
  return { resourceType: 'Parameters', ...(parameter === undefined ? {} : { parameter }) };
};

const patchOf = (type: string): object =>
  type === 'Task' ? [{ op: 'replace', path: '/status', value: 'accepted' }] : [{ op: 'add', path: '/language', value: 'en' }];

/** What a person reads of their own. */
const OF_BERYL: Readonly<Record<string, string>> = { Patient: 'beryl', CarePlan: 'plan-of-beryl', Composition: 'words-of-beryl' };

const isOfPerson = ({ route, kind }: Cell): boolean => kind === 'person' && (route.type === 'Task' || OF_BERYL[route.type] !== undefined);

const bodyFor = (cell: Cell, kept: Body | undefined): { readonly contentType: string | null; readonly body: string | null } => {
  const { route, kind, id } = cell;
  const json = (value: object, contentType = FHIR) => ({ contentType, body: JSON.stringify(value) });
  const whole = kept ?? bodyOf(route.type, kind, id);
  switch (route.body) {
    case 'form':
      return { contentType: 'application/x-www-form-urlencoded', body: isOfPerson(cell) ? '' : `_id=${id}` };
    case 'patch':
      return json(patchOf(route.type), PATCH);
    case 'parameters':
      return json(parametersOf(cell));
    case 'resource':
      if (route.name === 'POST') return json(without(bodyOf(route.type, kind, 'new'), 'id'));
      return json(route.rest.includes(':id') ? whole : without(whole, 'id'));
    default:
      return { contentType: null, body: null };
  }
};

/** The request of a cell. `kept` is what the ground holds under that id: an update sends it as it is. */
export const askedBy = (cell: Cell, kept: Body | undefined): Asked => {
  const { route, id } = cell;
  const path = `/fhir/${route.type}${route.rest.replace(':id', id).replace(':version', '1')}`;
  if (route.interaction === 'explain')
    return {
      method: route.method,
      path: `${path}?recipient=HealthcareService/${kindId('ambulance', OTHER)}`,
      wanted: id,
      ...bodyFor(cell, kept),
    };
  // A person finds their own, without a parameter.
  const isWhere = route.rest === '' && route.method !== 'POST' && !isOfPerson(cell);
  return { method: route.method, path: isWhere ? `${path}?_id=${id}` : path, wanted: id, ...bodyFor(cell, kept) };
};

/** The id of what a cell is about, where no disclosure is meant. */
export const idAsked = (route: TypeRoute, kind: Kind, target: 'own' | 'other'): string => {
  const ofBeryl = kind === 'person' ? OF_BERYL[route.type] : undefined;
  if (ofBeryl !== undefined) return ofBeryl;
  if (route.interaction === 'get-ws-binding-token') return socketId(kind);
  if (route.interaction === 'approve' || route.interaction === 'projections') return 'to-approve';
  if (route.interaction === 'preview-release') return 'to-approve';
  if (['submit-for-review', 'comment', 'changes'].includes(route.interaction)) return 'to-approve';
  if (route.interaction === 'explain' || route.interaction === 'print') return 'plan-of-beryl';
  return route.interaction === 'withdraw' ? 'to-withdraw' : idOf(route.type, kind, target);
};
