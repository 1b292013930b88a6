import type { Resource } from '@medplum/fhirtypes';
import { Extension } from '../../profiles/canonicals.ts';
import { servedBy } from '../../mappings/facts/from-endpoint.ts';
import { Anomaly } from '../model/anomaly.ts';
import type { Principal } from '../model/principal.ts';
import type { DoorStore } from '../store/door.ts';
import { isProvidedBy } from './within-reach.ts';

/**
 * An Endpoint takes a service's deliveries: whoever is not the operator registers one for a service of its own organisation and kind only.
 * Throws `incorrect`, in the same words whether the service is another's or not there.
 */
export const checkServesOwn = async (store: DoorStore, principal: Principal, resource: Resource): Promise<void> => {
  if (resource.resourceType !== 'Endpoint' || principal.kind === 'operator') return;
  const service = await store.read('HealthcareService', servedBy(resource));
  if (service !== null && (await isProvidedBy(store, service, principal))) return;
  throw new Anomaly('incorrect', {
    at: `Endpoint.extension.where(url='${Extension.serves}').value`,
    code: 'business-rule',
    help: 'names no service of yours',
  });
};
