import { RESOURCE_TYPES } from '../../../../profiles/resource-types.ts';
import { type Route, ROUTES } from '../../../../src/http/routes.ts';

/** A route on a type, by the name that it has in the answers: its method, and what comes after the type. */
export interface TypeRoute {
  readonly type: string;
  readonly name: string;
  readonly method: Route['method'];
  /** What comes after the type, with `:id` and `:version` in it. */
  readonly rest: string;
  readonly interaction: string;
  readonly body: string;
}

const splitType = (path: string): { readonly type: string; readonly rest: string } | null => {
  const [, type = '', rest = ''] = /^\/fhir\/(:type|[A-Z][A-Za-z]+)(\/.*)?$/.exec(path) ?? [];
  return type === '' ? null : { type, rest };
};

const nameOf = (method: string, rest: string): string => `${method} ${rest.slice(1).replace(':id', 'id').replace(':version', '1')}`.trim();

/** Every closed route of the door on every type of the table: one that is new has no answer until somebody writes it. */
export const TYPE_ROUTES: readonly TypeRoute[] = ROUTES.filter(({ open }) => !open).flatMap(({ method, path, interaction, body }) => {
  const found = splitType(path);
  if (found === null) return [];
  const types = found.type === ':type' ? RESOURCE_TYPES.map(({ type }) => type) : [found.type];
  return types.map((type) => ({ type, name: nameOf(method, found.rest), method, rest: found.rest, interaction, body }));
});

/** Every route that is none of a type's, as it stands in the table of routes. */
export const OTHER_ROUTES: readonly string[] = ROUTES.filter(({ open, path }) => open || splitType(path) === null).map(
  ({ method, path }) => `${method} ${path}`,
);
