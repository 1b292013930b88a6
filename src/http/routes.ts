import { badParameter, Refusal } from './refusal.ts';
import { CONFORMANCE_TYPES } from './conformance.ts';
import { OFFERED } from './policy.ts';
import type { Interaction } from './policy.ts';

/** Routes that show nothing of anybody: they name no caller. */
export type OpenInteraction = 'live' | 'ready' | 'metrics' | 'capabilities' | 'conformance-read' | 'conformance-search';

/** One route of the door. `:type` is a type of the policy, `:definition` one of the broker's own definitions. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly interaction: Interaction | OpenInteraction;
  readonly body: 'none' | 'form' | 'resource' | 'parameters';
  readonly open: boolean;
}

const route = (line: string, interaction: Interaction, body: Route['body'] = 'none'): Route => ({
  ...split(line),
  interaction,
  body,
  open: false,
});
const open = (line: string, interaction: OpenInteraction): Route => ({ ...split(line), interaction, body: 'none', open: true });

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;

const split = (line: string): Pick<Route, 'method' | 'path'> => {
  const [name, path] = line.split(' ');
  const method = METHODS.find((each) => each === name);
  if (method === undefined || path === undefined) throw new Error(`no route: ${line}`);
  return { method, path };
};

/** Every route of the door, literal segments before those with a colon. */
export const ROUTES: readonly Route[] = [
  open('GET /health/live', 'live'),
  open('GET /health/ready', 'ready'),
  open('GET /metrics', 'metrics'),
  open('GET /fhir/metadata', 'capabilities'),
  open('GET /fhir/:definition', 'conformance-search'),
  open('GET /fhir/:definition/:id', 'conformance-read'),
  route('POST /fhir/:type/_search', 'search', 'form'),
  route('POST /fhir/:type/$validate', 'validate', 'resource'),
  route('GET /fhir/:type', 'search'),
  route('POST /fhir/:type', 'create', 'resource'),
  route('GET /fhir/:type/:id', 'read'),
  route('PUT /fhir/:type/:id', 'update', 'resource'),
  route('DELETE /fhir/:type/:id', 'delete'),
  route('GET /fhir/:type/:id/_history', 'history'),
  route('GET /fhir/:type/:id/_history/:version', 'vread'),
  route('GET /fhir/Composition/:id/$document', 'document'),
  route('POST /fhir/CarePlan/:id/$approve', 'approve', 'parameters'),
  route('POST /fhir/CarePlan/:id/$withdraw', 'withdraw', 'parameters'),
];

/** A route with what its path names; empty strings where it names none. */
export interface Matched {
  readonly route: Route;
  readonly type: string;
  readonly id: string;
  readonly version: string;
  /** The route as it stands in metrics: with its type, and without ids. */
  readonly label: string;
}

const TEMPLATES = ROUTES.map((each) => ({ route: each, segments: each.path.split('/').slice(1) }));

const decode = (segment: string): string => {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badParameter('path', 'has an escape that cannot be read');
  }
};

const matches = (template: readonly string[], segments: readonly string[]): boolean =>
  template.length === segments.length &&
  template.every((part, index) => {
    const segment = segments[index] ?? '';
    if (part === ':type') return OFFERED.has(segment);
    if (part === ':definition') return CONFORMANCE_TYPES.has(segment);
    return part.startsWith(':') ? segment !== '' && !segment.startsWith('_') && !segment.startsWith('$') : part === segment;
  });

const segmentsOf = (path: string): readonly string[] => {
  const segments = path.split('/').slice(1).map(decode);
  return segments.at(-1) === '' ? segments.slice(0, -1) : segments;
};

/** Finds the route of a request; null where there is none. Throws `malformed` for an escape that cannot be read. */
export const findRoute = (method: string, path: string): Matched | null => {
  const segments = segmentsOf(path);
  // HEAD is GET, whose body Node leaves out.
  const asked = method === 'HEAD' ? 'GET' : method;
  const found = TEMPLATES.find(({ route: each, segments: template }) => each.method === asked && matches(template, segments));
  if (found === undefined) return null;
  const part = (name: string): string => segments[found.segments.indexOf(name)] ?? '';
  const type = found.segments[0] === 'fhir' && found.route.interaction !== 'capabilities' ? (segments[1] ?? '') : '';
  return {
    route: found.route,
    type,
    id: part(':id'),
    version: part(':version'),
    label: `${asked} ${found.route.path.replace(/:type|:definition/, type)}`,
  };
};

/** Why there is no route: another method's (405), a type that is not offered, or nothing at all (404). */
export const whyNoRoute = (path: string): Refusal => {
  const segments = segmentsOf(path);
  const methods = TEMPLATES.filter(({ segments: template }) => matches(template, segments)).map(({ route: each }) => each.method);
  if (methods.length > 0)
    return new Refusal(
      405,
      'unsupported',
      { at: null, help: 'this method is not offered here' },
      { Allow: [...new Set(methods)].join(', ') },
    );
  const [first, type] = segments;
  const known = type === undefined || OFFERED.has(type) || CONFORMANCE_TYPES.has(type);
  const help = first !== 'fhir' || known ? 'there is nothing at this address' : 'this resource type is not offered: see /fhir/metadata';
  return new Refusal(404, 'unsupported', { at: null, help });
};
