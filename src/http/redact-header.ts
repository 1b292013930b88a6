import type { Resource, Subscription } from '@medplum/fhirtypes';
import { anomaly } from '../model/anomaly.ts';

const HIDDEN = '[redacted]';
const nameOf = (line: string): string => line.split(':')[0]?.trim() ?? '';

/** A resource as it is shown after its creation: the secrets in a Subscription's channel headers are told once. */
export const shown = (resource: Resource): Resource => {
  if (resource.resourceType !== 'Subscription' || resource.channel?.header === undefined) return resource;
  return { ...resource, channel: { ...resource.channel, header: resource.channel.header.map((line) => `${nameOf(line)}: ${HIDDEN}`) } };
};

const isHidden = (line: string): boolean => line.endsWith(`: ${HIDDEN}`);

/**
 * A Subscription that was read, changed and sent back: a header that still stands hidden keeps its value. Throws `incorrect` where the address is another: a
 * secret that was told for one is sent to no other by somebody who need not know it.
 */
export const unhidden = (sent: Subscription, stored: Subscription | null): Subscription => {
  const kept = new Map((stored?.channel?.header ?? []).map((line) => [nameOf(line).toLowerCase(), line]));
  const first = sent.channel?.header?.findIndex(isHidden) ?? -1;
  if (stored !== null && first >= 0 && sent.channel?.endpoint !== stored.channel?.endpoint)
    throw anomaly('incorrect', 'is said again, for another address', `Subscription.channel.header[${first}]`);
  const header = sent.channel?.header?.map((line) => (isHidden(line) ? (kept.get(nameOf(line).toLowerCase()) ?? line) : line));
  return header === undefined ? sent : { ...sent, channel: { ...sent.channel, header } };
};
