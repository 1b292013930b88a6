import type { Parameters } from '@medplum/fhirtypes';
import { System } from '../../../profiles/canonicals.ts';
import { toEcho } from '../../../mappings/match/to-echo.ts';
import { traitsOf } from '../../../mappings/match/traits-of.ts';
import { toDocumentBundle } from '../../../mappings/disclosure/to-document-bundle.ts';
import { toFhirInstant } from '../../../mappings/time.ts';
import { EMERGENCY_REASONS, type EmergencyReason, isEmergencyReason } from '../../model/emergency.ts';
import type { Answer, Door, Exchange } from '../exchange.ts';
import { principalOf, routeOf } from '../exchange.ts';
import { refuseGuesses } from '../match/no-guesses.ts';
import type { Act } from './act.ts';
import { onlyNamed, parameter, required, textOf, validParametersOf } from './operations.ts';

const reasonOf = (parameters: Parameters): EmergencyReason => {
  const { valueCode, valueCoding } = parameter(parameters, 'reason') ?? {};
  const code = valueCode ?? (valueCoding?.system === System.emergencyReason ? valueCoding.code : undefined);
  if (code === undefined || !isEmergencyReason(code)) throw required('reason', `is one of ${Object.keys(EMERGENCY_REASONS).join(', ')}`);
  return code;
};

/** The person, in the caller's own words, with the id by which emergency access is asked for. */
const name = async (exchange: Exchange, door: Door): Promise<Answer> => {
  const parameters = onlyNamed(validParametersOf(exchange, door), ['resource']);
  const patient = parameter(parameters, 'resource')?.resource;
  if (patient?.resourceType !== 'Patient') throw required('resource', 'is a Patient with what is known of the person');
  refuseGuesses(patient);
  const id = await door.store.nameForEmergency(principalOf(exchange), traitsOf(patient));
  const body: Parameters = { resourceType: 'Parameters', parameter: [{ name: 'patient', resource: { ...toEcho(patient), id } }] };
  return { status: 200, headers: {}, body };
};

/**
 * Patient/$emergency-access (break-glass, G23): names a person, who is said back; and Patient/[id]/$emergency-access: with a reason, shows for an hour
 * what the agreement and the person leave open to it. No plan, none that may be shown, and nobody are one answer, at one moment.
 */
export const emergencyAccess: Act = async (exchange, door) => {
  const { id, route } = routeOf(exchange);
  if (id === '') return name(exchange, door);
  const parameters = route.method === 'GET' ? null : onlyNamed(validParametersOf(exchange, door), ['reason', 'text']);
  const why =
    parameters === null ? null : { reason: reasonOf(parameters), text: textOf(parameters, 'why this cannot wait, and names nobody') };
  const { disclosures, endsAt } = await door.store.emergencyAccess(principalOf(exchange), id, why);
  const documents = disclosures.map((disclosure) => ({
    name: 'document',
    resource: toDocumentBundle({ ...disclosure, viewUntil: endsAt }, { documentId: door.newId(), sequence: null, sentAt: door.now() }),
  }));
  const parts = documents.length === 0 ? [] : [{ name: 'until', valueInstant: toFhirInstant(endsAt) }, ...documents];
  return { status: 200, headers: {}, body: { resourceType: 'Parameters', ...(parts.length === 0 ? {} : { parameter: parts }) } };
};
