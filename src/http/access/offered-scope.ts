import { RESOURCE_TYPES } from '../../../profiles/resource-types.ts';
import { isScope, type Scope, typeOfScope } from '../../model/scope.ts';

const TYPES = ['*', ...RESOURCE_TYPES.map(({ type }) => type)];

/** Whether a text is a scope that may be asked for: of a type that there is. */
export const isOfferedScope = (scope: string): scope is Scope => isScope(scope) && TYPES.includes(typeOfScope(scope));
