import type { Endpoint } from '@medplum/fhirtypes';
import { Extension, System } from '../../profiles/canonicals.ts';
import { anomaly } from '../../src/model/anomaly.ts';
import type { BarsService, Destination, RecallForm } from '../../src/model/recipient.ts';
import type { Declared } from './declared-of.ts';
import { declaredOf, settled } from './declared-of.ts';
import { hl7v2WaysOf } from './hl7v2-ways-of.ts';
import { extensionOf } from './extensions-of.ts';
import { present } from './present.ts';
import { idOf } from './reference-of.ts';

/** Id of the HealthcareService that an Endpoint serves. Throws `incorrect` where it names none. */
export const servedBy = (endpoint: Endpoint): string =>
  present(
    idOf(extensionOf(endpoint, Extension.serves)?.valueReference, 'HealthcareService'),
    `Endpoint.extension.where(url='${Extension.serves}').value`,
  );

/** What an `hl7-fhir-rest` address is, by the way in which it gives content up: a server on which plans are put, or a record locator. */
const REST_CHANNELS: Readonly<Partial<Record<RecallForm, 'fhir-rest' | 'nrl'>>> = { 'rest-status': 'fhir-rest', 'pointer-delete': 'nrl' };

/**
 * How an Endpoint is delivered to; null for `hl7-fhir-rest` that does not itself declare the recall form `rest-status` or `pointer-delete`: an
 * address that is only on record is sent nothing. Throws `incorrect` for another connection type, and for a recall form that its road does not have.
 */
export const channelOf = (endpoint: Endpoint): Destination['channel'] | null => {
  const { system, code } = endpoint.connectionType ?? {};
  const { recallForm } = declaredOf(endpoint, 'Endpoint');
  const overRest = recallForm === null ? undefined : REST_CHANNELS[recallForm];
  if (overRest !== undefined && !(system === System.connectionType && code === 'hl7-fhir-rest'))
    throw anomaly(
      'incorrect',
      `${recallForm} is how a ${overRest === 'nrl' ? 'record locator' : 'plain FHIR server'} (hl7-fhir-rest) gives content up`,
      'Endpoint.connectionType',
    );
  if (system === System.connectionType) {
    if (code === 'hl7-fhir-msg') return 'fhir-messaging';
    if (code === 'hl7v2-mllp') return 'hl7v2-mllp';
    if (code === 'hl7-fhir-rest') return overRest ?? null;
  }
  if (system === System.ownConnectionType && (code === 'mesh' || code === 'mns')) return code;
  throw anomaly(
    'incorrect',
    'must be hl7-fhir-msg, hl7-fhir-rest, hl7v2-mllp, or mesh or mns of the broker’s own list',
    'Endpoint.connectionType',
  );
};

/** How BaRS addresses the service; null where the Endpoint names no id of the Directory of Services. */
const barsOf = (endpoint: Endpoint): BarsService | null => {
  const dosServiceId = endpoint.identifier?.find(({ system }) => system === System.dosService)?.value;
  if (dosServiceId === undefined) return null;
  const codings = endpoint.payloadType?.flatMap(({ coding }) => coding ?? []) ?? [];
  return { dosServiceId, useCase: codings.find(({ system }) => system === System.barsUseCase)?.code ?? null };
};

/**
 * Reads an Endpoint as a destination; null for `hl7-fhir-rest` to which the broker pushes nothing. `service` is what its HealthcareService
 * declares; `defaultLifetime` is in milliseconds. Throws `incorrect` for what is missing.
 */
export const fromEndpoint = (endpoint: Endpoint, service: Declared | null, defaultLifetime: number): Destination | null => {
  const channel = channelOf(endpoint);
  if (channel === null) return null;
  const own = declaredOf(endpoint, 'Endpoint');
  const ways = channel === 'hl7v2-mllp' ? hl7v2WaysOf(endpoint, own, service) : {};
  const bars = barsOf(endpoint);
  return {
    id: present(endpoint.id, 'Endpoint.id'),
    recipientId: servedBy(endpoint),
    channel,
    address: present(endpoint.address, 'Endpoint.address'),
    open: endpoint.status === 'active',
    ...(channel === 'fhir-rest' ? { readsBack: extensionOf(endpoint, Extension.readBack)?.valueBoolean ?? false } : {}),
    ...settled(channel, own, service, defaultLifetime),
    ...(Object.keys(ways).length === 0 ? {} : { hl7v2: ways }),
    ...(bars === null ? {} : { bars }),
  };
};
