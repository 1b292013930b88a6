import { badParameter, Refusal } from './refusal.ts';
import { CONFORMANCE_TYPES, type Interaction, resourceType } from '../../profiles/resource-types.ts';

/** Routes that show nothing of anybody: they name no caller. */
export type OpenInteraction = 'live' | 'ready' | 'metrics' | 'capabilities' | 'conformance-read' | 'conformance-search';

/** What is asked of no type: several interactions at once, and a message. */
export const SYSTEM_INTERACTIONS = ['bundle', 'process-message'] as const;
export type SystemInteraction = (typeof SYSTEM_INTERACTIONS)[number];

/** One route of the door. `:type` is a type of the policy, `:definition` one of the broker's own definitions. */
export interface Route {
  readonly method: (typeof METHODS)[number];
  readonly path: string;
  readonly interaction: Interaction | SystemInteraction | OpenInteraction;
  readonly body: 'none' | 'form' | 'resource' | 'parameters' | 'bundle' | 'patch';
  readonly open: boolean;
}

const route = (line: string, interaction: Interaction | SystemInteraction, body: Route['body'] = 'none'): Route => ({
  ...split(line),
  interaction,
  body,
  open: false,
});
const open = (line: string, interaction: OpenInteraction): Route => ({ ...split(line), interaction, body: 'none', open: true });

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

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
  route('POST /fhir', 'bundle', 'bundle'),
  route('POST /fhir/$process-message', 'process-message', 'bundle'),
  route('POST /fhir/:type/_search', 'search', 'form'),
  route('POST /fhir/:type/$validate', 'validate', 'resource'),
  route('POST /fhir/Patient/$match', 'match', 'parameters'),
  route('POST /fhir/Patient/$emergency-access', 'emergency-access', 'parameters'),
  route('GET /fhir/Flag/$list', 'list'),
  route('GET /fhir/Subscription/$status', 'status'),
  route('POST /fhir/Subscription/$status', 'status', 'parameters'),
  route('GET /fhir/Subscription/$get-ws-binding-token', 'get-ws-binding-token'),
  route('POST /fhir/Subscription/$get-ws-binding-token', 'get-ws-binding-token', 'parameters'),
  route('POST /fhir/Consent/$evaluate', 'evaluate', 'parameters'),
  route('POST /fhir/Subscription/:id/$rotate-secret', 'rotate-secret', 'parameters'),
  route('GET /fhir/:type/_history', 'history-type'),
  route('POST /fhir/:type/:id/$validate', 'validate', 'resource'),
  route('GET /fhir/:type/:id/$validate', 'validate'),
  route('GET /fhir/:type', 'search'),
  route('POST /fhir/:type', 'create', 'resource'),
  // Without an id, the query says which one (R4 http, conditional update, patch and delete).
  route('PUT /fhir/:type', 'update', 'resource'),
  route('PATCH /fhir/:type', 'patch', 'patch'),
  route('DELETE /fhir/:type', 'delete'),
  route('GET /fhir/:type/:id', 'read'),
  route('PUT /fhir/:type/:id', 'update', 'resource'),
  route('PATCH /fhir/:type/:id', 'patch', 'patch'),
  route('DELETE /fhir/:type/:id', 'delete'),
  route('GET /fhir/:type/:id/_history', 'history-instance'),
  route('GET /fhir/:type/:id/_history/:version', 'vread'),
  route('GET /fhir/Patient/:id/$everything', 'everything'),
  route('POST /fhir/Patient/:id/$everything', 'everything', 'parameters'),
  route('GET /fhir/Patient/:id/$emergency-access', 'emergency-access'),
  route('POST /fhir/Patient/:id/$emergency-access', 'emergency-access', 'parameters'),
  route('POST /fhir/Patient/:id/$raise-concern', 'raise-concern', 'parameters'),
  route('POST /fhir/Patient/:id/$refuse-sharing', 'refuse-sharing', 'parameters'),
  route('GET /fhir/Composition/:id/$document', 'document'),
  route('GET /fhir/Patient/:id/$sharing', 'sharing'),
  route('GET /fhir/Patient/:id/$access-log', 'access-log'),
  route('GET /fhir/CarePlan/:id/$explain', 'explain'),
  route('GET /fhir/CarePlan/:id/$print', 'print'),
  route('POST /fhir/CarePlan/:id/$preview-release', 'preview-release', 'parameters'),
  route('GET /fhir/CarePlan/:id/$projections', 'projections'),
  route('POST /fhir/CarePlan/:id/$submit-for-review', 'submit-for-review', 'parameters'),
  route('POST /fhir/CarePlan/:id/$comment', 'comment', 'parameters'),
  route('GET /fhir/CarePlan/:id/$changes', 'changes'),
  route('POST /fhir/CarePlan/:id/$approve', 'approve', 'parameters'),
  route('POST /fhir/CarePlan/:id/$withdraw', 'withdraw', 'parameters'),
  route('GET /fhir/Subscription/:id/$status', 'status'),
  route('POST /fhir/Subscription/:id/$status', 'status', 'parameters'),
  route('GET /fhir/Subscription/:id/$events', 'events'),
  route('POST /fhir/Subscription/:id/$events', 'events', 'parameters'),
  route('GET /fhir/Subscription/:id/$get-ws-binding-token', 'get-ws-binding-token'),
  route('POST /fhir/Subscription/:id/$get-ws-binding-token', 'get-ws-binding-token', 'parameters'),
  route('POST /fhir/Subscription/:id/$resend', 'resend', 'parameters'),
  route('POST /fhir/Endpoint/:id/$replay', 'replay', 'parameters'),
  route('POST /fhir/Endpoint/:id/$move', 'move', 'parameters'),
  route('POST /fhir/Endpoint/:id/$rotate-credential', 'rotate-credential', 'parameters'),
  route('POST /fhir/Contract/:id/$report-reuse', 'report-reuse', 'parameters'),
  route('GET /fhir/Contract/:id/$ending-progress', 'ending-progress'),
  route('GET /fhir/Contract/:id/$ending-proof', 'ending-proof'),
  route('POST /fhir/HealthcareService/:id/$pause', 'pause', 'parameters'),
  route('POST /fhir/HealthcareService/:id/$resume', 'resume', 'parameters'),
  route('POST /fhir/Endpoint/:id/$check', 'check', 'parameters'),
  route('POST /fhir/HealthcareService/:id/$end-chase', 'end-chase', 'parameters'),
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
  let text = segment;
  try {
    if (segment.includes('%')) text = decodeURIComponent(segment);
  } catch {
    throw badParameter('path', 'has an escape that cannot be read');
  }
  // PostgreSQL takes no NUL, and half a surrogate pair is no text. The address of an entry of a Bundle may hold them as they are.
  if (text.includes('\0') || !text.isWellFormed()) throw badParameter('path', 'holds a character that is not text');
  return text;
};

const isDefinition = (segment: string): boolean => CONFORMANCE_TYPES.some((each) => each === segment);

const matches = (template: readonly string[], segments: readonly string[]): boolean =>
  template.length === segments.length &&
  template.every((part, index) => {
    const segment = segments[index] ?? '';
    if (part === ':type') return resourceType(segment) !== undefined;
    if (part === ':definition') return isDefinition(segment);
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
  const second = segments[1] ?? '';
  const type = resourceType(second) !== undefined || isDefinition(second) ? second : '';
  return {
    route: found.route,
    type,
    id: part(':id'),
    version: part(':version'),
    label: `${asked} ${found.route.path.replace(/:type|:definition/, type)}`,
  };
};

/** The methods that the door offers at a path, as `Allow` names them; empty where there is nothing. */
export const allowOf = (path: string): string => {
  const segments = segmentsOf(path);
  const found = TEMPLATES.filter(({ segments: template }) => matches(template, segments)).filter(({ route: each, segments: template }) => {
    const offered = template[1] === ':type' ? resourceType(segments[1] ?? '') : undefined;
    return offered === undefined || offered.interactions.some((one) => one === each.interaction);
  });
  return [...new Set(found.map(({ route: each }) => each.method))].join(', ');
};

/** Why there is no route: another method's (405), a type that is not offered, or nothing at all (404). */
export const whyNoRoute = (path: string): Refusal => {
  const segments = segmentsOf(path);
  const allowed = allowOf(path);
  if (allowed !== '') return new Refusal(405, 'unsupported', { at: null, help: 'this method is not offered here' }, { Allow: allowed });
  const [first, type] = segments;
  const known = type === undefined || resourceType(type) !== undefined || isDefinition(type);
  const help = first !== 'fhir' || known ? 'there is nothing at this address' : 'this resource type is not offered: see /fhir/metadata';
  return new Refusal(404, 'unsupported', { at: null, help });
};
