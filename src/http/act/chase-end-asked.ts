import type { Parameters } from '@medplum/fhirtypes';
import { idOf } from '../../../mappings/facts/reference-of.ts';
import { CHASE_ENDS, isChaseEnd, isRetentionBasis, RETENTION_BASES } from '../../model/chase-end.ts';
import type { ChaseEndAsked } from '../../store/end-chase.ts';
import { onlyNamed, parameter, required, stringOf } from './operations.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MOST_DOCUMENTS = 100;
const NAMES = ['level', 'basis', 'disclosure', 'document', 'reason', 'checked'];

/** What somebody says of a chase, by the parameters of `$end-chase`; the command line says the same. Throws `incorrect` with the parameter. */
export const chaseEndAsked = (sent: Parameters): Omit<ChaseEndAsked, 'user' | 'recipientId'> => {
  const parameters = onlyNamed(sent, NAMES);
  const level = parameter(parameters, 'level')?.valueCode ?? '';
  if (!isChaseEnd(level)) throw required('level', `is one of ${Object.keys(CHASE_ENDS).join(', ')}`);
  const basis = parameter(parameters, 'basis')?.valueCode ?? null;
  if (level === 'retained-by-law' && (basis === null || !isRetentionBasis(basis)))
    throw required('basis', `is one of ${Object.keys(RETENTION_BASES).join(', ')}`);
  if (level !== 'retained-by-law' && basis !== null) throw required('basis', 'stands beside retained-by-law alone');
  const disclosureId = idOf(parameter(parameters, 'disclosure')?.valueReference, 'CarePlan') ?? '';
  if (!UUID.test(disclosureId))
    throw required('disclosure', 'is CarePlan/[id], by the id under which the service knows the plan: `chase list` has it');
  const documents = (parameters.parameter ?? []).filter(({ name }) => name === 'document').map(({ valueId }) => valueId ?? '');
  if (documents.length > MOST_DOCUMENTS || documents.includes(''))
    throw required('document', `is the id of a document, ${MOST_DOCUMENTS} at most`);
  const reason = stringOf(parameters, 'reason', 'says why, in at most 1000 characters, and names nobody');
  const mustCheck = level === 'attested' || parameter(parameters, 'checked') !== undefined;
  const checked = mustCheck ? stringOf(parameters, 'checked', 'says what was checked and how, in at most 1000 characters') : null;
  return { level, basis: basis !== null && isRetentionBasis(basis) ? basis : null, disclosureId, documents, reason, checked };
};
