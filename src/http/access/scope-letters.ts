import type { Interaction } from '../../../profiles/resource-types.ts';
import type { Letter } from '../../model/scope.ts';

/** The letter of a SMART v2 scope that each interaction needs on its type (App Launch 2, Scopes); null is any of them. */
export const SCOPE_LETTERS: Readonly<Record<Interaction, Letter | null>> = {
  create: 'c',
  read: 'r',
  vread: 'r',
  'history-instance': 'r',
  'history-type': 's',
  search: 's',
  update: 'u',
  patch: 'u',
  delete: 'd',
  validate: null,
  document: 'r',
  everything: 'r',
  match: 's',
  evaluate: 'r',
  sharing: 'r',
  'access-log': 'r',
  'raise-concern': 'u',
  explain: 'r',
  'preview-release': 'r',
  'report-reuse': 'u',
  'ending-progress': 'r',
  'ending-proof': 'r',
  'emergency-access': 'r',
  projections: 'r',
  approve: 'u',
  withdraw: 'u',
};
