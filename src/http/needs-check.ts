import type { Endpoint, Resource } from '@medplum/fhirtypes';
import { judge } from '../../mappings/check/judge.ts';
import { declaredOf } from '../../mappings/facts/declared-of.ts';
import { channelOf, servedBy } from '../../mappings/facts/from-endpoint.ts';
import { Extension } from '../../profiles/canonicals.ts';
import { Anomaly } from '../model/anomaly.ts';
import { nextScenario } from '../model/recipient-check.ts';
import type { Door } from './exchange.ts';

const refuse = (at: string, help: string): never => {
  throw new Anomaly('incorrect', { at, help });
};

/** Throws `incorrect` for an Endpoint that would be active before its check has been through, where the operator asks for one (`REQUIRE_CHECK`). */
export const checkIsChecked = async ({ config, store }: Pick<Door, 'config' | 'store'>, resource: Resource): Promise<void> => {
  if (config.requireCheck !== true || resource.resourceType !== 'Endpoint' || resource.status !== 'active') return;
  const channel = channelOf(resource);
  // A record locator or an event service is not talked to about a made-up person: everybody would be told.
  if (channel === null || channel === 'nrl' || channel === 'mns') return;
  // No conversation can be held with a mailbox: what it would have shown is stated by hand.
  if (channel === 'mesh') return checkRecallIsStated(store, resource, 'over MESH nothing is checked: say how content is taken back');
  const checked = resource.id === undefined ? null : await store.checkOf(resource.id);
  if (checked === null) return refuse('Endpoint.status', 'is active only once it has been checked: register it as off, then $check it');
  const { check, destination } = checked;
  if (check.channel !== channel || check.address !== resource.address)
    return refuse('Endpoint.address', 'is not the one that was checked: switch it off, then $check it');
  if (check.endedAt === null || nextScenario(check) !== null)
    return refuse('Endpoint.status', 'is active only once its check has been through: it goes on');
  const { unanswered } = judge(check.tried, destination);
  if (unanswered.length > 0)
    return refuse('Endpoint.status', `is active only once its check was answered: nobody did in ${unanswered.join(', ')}`);
  if (channel === 'hl7v2-mllp')
    await checkRecallIsStated(store, resource, 'over HL7 v2 say how content is taken back: it is known of no receiver by itself');
};

const checkRecallIsStated = async (store: Door['store'], resource: Endpoint, help: string): Promise<void> => {
  if (declaredOf(resource, 'Endpoint').recallForm !== null) return;
  const service = (await store.read('HealthcareService', servedBy(resource)))?.body;
  const isStated = service?.resourceType === 'HealthcareService' && declaredOf(service, 'HealthcareService').recallForm !== null;
  if (!isStated) refuse(`Endpoint.extension.where(url='${Extension.recallForm}')`, help);
};
