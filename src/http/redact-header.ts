import type { Resource, Subscription } from '@medplum/fhirtypes';

const HIDDEN = '[redacted]';
const nameOf = (line: string): string => line.split(':')[0]?.trim() ?? '';

/** A resource as it is shown after its creation: the secrets in a Subscription's channel headers are told once. */
export const shown = (resource: Resource): Resource => {
  if (resource.resourceType !== 'Subscription' || resource.channel?.header === undefined) return resource;
  return { ...resource, channel: { ...resource.channel, header: resource.channel.header.map((line) => `${nameOf(line)}: ${HIDDEN}`) } };
};

/** A Subscription that was read, changed and sent back: a header that still stands hidden keeps its value. */
export const unhidden = (sent: Subscription, stored: Subscription | null): Subscription => {
  const kept = new Map((stored?.channel?.header ?? []).map((line) => [nameOf(line).toLowerCase(), line]));
  const header = sent.channel?.header?.map((line) =>
    line.endsWith(`: ${HIDDEN}`) ? (kept.get(nameOf(line).toLowerCase()) ?? line) : line,
  );
  return header === undefined ? sent : { ...sent, channel: { ...sent.channel, header } };
};
