import type { Interaction, ResourceType } from '../../profiles/resource-types.ts';
import { KINDS } from '../model/kind.ts';
import { permittedToKind } from './policy.ts';
import { ROUTES } from './routes.ts';

const isRouted = (type: string, interaction: Interaction): boolean =>
  ROUTES.some(({ interaction: routed, path }) => {
    const named = path.split('/')[2];
    return routed === interaction && (named === ':type' || named === type);
  });

/** What the door really does of a type: it stands in the table, has a route, and some kind of service may. */
export const offeredOf = ({ type, interactions }: ResourceType): readonly Interaction[] =>
  interactions.filter((each) => isRouted(type, each) && KINDS.some((kind) => permittedToKind(kind, type, each) !== null));

/** Whether a type itself, without an id, is a place for an interaction: conditional update, patch and delete. */
export const isConditional = (interaction: Interaction): boolean =>
  ROUTES.some(({ interaction: routed, path }) => routed === interaction && path === '/fhir/:type');
