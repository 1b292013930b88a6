import type { Parameters, Patient } from '@medplum/fhirtypes';
import { Anomaly } from '../../model/anomaly.ts';
import type { Issue } from '../../model/anomaly.ts';
import { parameter, required } from '../act/operations.ts';

/** What a call of `$match` asks. */
export interface AskedMatch {
  readonly patient: Patient;
  /** The confirmation of a match that was told before; null on the first call. */
  readonly confirm: string | null;
  /** Names of what was sent and is not done as it says. */
  readonly warnings: readonly Issue[];
}

const KNOWN: readonly string[] = ['resource', 'onlyCertainMatches', 'count', 'confirm'];
const at = (name: string): string => `Parameters.parameter.where(name='${name}')`;

const UNCERTAIN: Issue = {
  at: at('onlyCertainMatches'),
  code: 'business-rule',
  help: 'only certain matches are ever answered: taken as true',
  severity: 'warning',
};

/** Reads the Parameters of `$match`, which are valid FHIR. Throws `incorrect` for what cannot be asked. */
export const askedMatch = (parameters: Parameters): AskedMatch => {
  for (const [index, { name }] of (parameters.parameter ?? []).entries()) {
    if (!KNOWN.includes(name ?? ''))
      throw new Anomaly('incorrect', {
        at: `Parameters.parameter[${index}].name`,
        code: 'not-supported',
        help: `is one of ${KNOWN.join(', ')}`,
      });
  }
  const patient = parameter(parameters, 'resource')?.resource;
  if (patient?.resourceType !== 'Patient') throw required('resource', 'is a Patient with what is known of the person');
  const certain = parameter(parameters, 'onlyCertainMatches');
  if (certain !== undefined && certain.valueBoolean === undefined) throw required('onlyCertainMatches', 'has a valueBoolean');
  const count = parameter(parameters, 'count');
  if (count !== undefined && (count.valueInteger ?? 0) < 1) throw required('count', 'has a valueInteger of at least 1');
  const confirm = parameter(parameters, 'confirm');
  if (confirm !== undefined && confirm.valueString === undefined)
    throw required('confirm', 'has a valueString: the confirmation, as it was given');
  return { patient, confirm: confirm?.valueString ?? null, warnings: certain?.valueBoolean === false ? [UNCERTAIN] : [] };
};
