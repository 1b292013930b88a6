import { NRL_POINTED } from '../../../mappings/nrl/pointed-url.ts';
import { NRL_CONSUMER } from '../../../profiles/canonicals.ts';
import type { Letter } from '../../model/scope.ts';
import { Refusal } from '../refusal.ts';
import type { Matched } from '../routes.ts';
import { NrlRefusal } from './nrl-refusal.ts';

/** Where pointers are asked for, as at the NRL below its own host. */
export const NRL_BASE = NRL_CONSUMER;
/** Where what they point to is read: no part of the NRL's own interface. */
export const NRL_CONTENT = '/nrl/content';

/** What a request asks for. */
export type NrlAsked = 'search' | 'read' | 'document' | 'contact' | 'pointed-document' | 'pointed-contact';

/** One route: `body` says where the parameters of a search stand, `headers` whether those of the NRL are required. */
export interface NrlRoute {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  readonly label: string;
  readonly asks: NrlAsked;
  readonly letter: Letter;
  readonly body: 'none' | 'form';
}

const at = (base: string, rest: string): RegExp => new RegExp(`^${base}/${rest}$`);

/** Every route of this door. */
export const NRL_ROUTES: readonly NrlRoute[] = [
  { method: 'GET', path: at(NRL_BASE, 'DocumentReference'), label: 'search', asks: 'search', letter: 's', body: 'none' },
  { method: 'POST', path: at(NRL_BASE, 'DocumentReference/_search'), label: 'search', asks: 'search', letter: 's', body: 'form' },
  { method: 'GET', path: at(NRL_BASE, 'DocumentReference/([^/_][^/]*)'), label: 'read', asks: 'read', letter: 'r', body: 'none' },
  { method: 'GET', path: at(NRL_CONTENT, '([^/]+)/plan'), label: 'plan', asks: 'document', letter: 'r', body: 'none' },
  { method: 'GET', path: at(NRL_CONTENT, '([^/]+)/contact'), label: 'contact', asks: 'contact', letter: 'r', body: 'none' },
  // What a pointer that was published points to: the same address for every consumer, and each is shown what it may see.
  { method: 'GET', path: at(NRL_POINTED, '([^/]+)/plan'), label: 'plan', asks: 'pointed-document', letter: 'r', body: 'none' },
  { method: 'GET', path: at(NRL_POINTED, '([^/]+)/contact'), label: 'contact', asks: 'pointed-contact', letter: 'r', body: 'none' },
];

/** A route with the id that its path holds; the empty string where it holds none. */
export interface NrlMatched {
  readonly route: NrlRoute;
  readonly id: string;
}

/** Finds the route of a request. Throws 405 for a method that is not offered, and 404 where there is nothing. */
export const nrlRouteOf = (method: string, path: string): NrlMatched => {
  const there = NRL_ROUTES.filter((each) => each.path.test(path));
  const route = there.find((each) => each.method === method);
  if (route !== undefined) return { route, id: route.path.exec(path)?.[1] ?? '' };
  if (there.length > 0)
    throw new Refusal(
      405,
      'unsupported',
      { at: null, help: 'this method is not offered here' },
      { Allow: there.map((each) => each.method).join(', ') },
    );
  throw new NrlRefusal(404, 'RESOURCE_NOT_FOUND', 'not-found', null, 'there is nothing at this address');
};

/** The route as metrics and log lines know it: no address, so that it holds no person. */
export const asMatched = ({ route }: NrlMatched): Matched => ({
  route: { method: route.method, path: NRL_BASE, interaction: route.asks === 'search' ? 'search' : 'read', body: 'none', open: false },
  type: 'DocumentReference',
  id: '',
  version: '',
  label: `${route.method} nrl ${route.label}`,
});
