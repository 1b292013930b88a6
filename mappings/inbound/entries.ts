import type { Bundle, BundleEntry, Resource } from '@medplum/fhirtypes';
import type { Issue } from '../../src/model/anomaly.ts';

const URN_UUID = /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** One resource of a message, by the address under which the others name it. */
export interface Entry<R extends Resource = Resource> {
  readonly url: string;
  /** FHIRPath of the resource: `Bundle.entry[3].resource`. */
  readonly at: string;
  readonly resource: R;
}

/** The resources of a message, and what is wrong with their addresses: each has a `urn:uuid` of its own (BaRS, BARSBundleMessage). */
export const entriesOf = (bundle: Bundle): { readonly entries: readonly Entry[]; readonly issues: readonly Issue[] } => {
  const entries: Entry[] = [];
  const issues: Issue[] = [];
  const urls = new Set<string>();
  // A validator may have stopped before it came here.
  (Array.isArray(bundle.entry) ? bundle.entry : []).forEach((entry: BundleEntry | null, index) => {
    const { fullUrl, resource } = entry ?? {};
    const at = `Bundle.entry[${index}]`;
    if (fullUrl === undefined) issues.push({ at: `${at}.fullUrl`, code: 'required', help: 'is required' });
    else if (!URN_UUID.test(fullUrl)) issues.push({ at: `${at}.fullUrl`, code: 'value', help: 'is a urn:uuid' });
    else if (urls.has(fullUrl)) issues.push({ at: `${at}.fullUrl`, code: 'invariant', help: 'stands once in a message (bdl-7)' });
    if (resource === undefined) issues.push({ at: `${at}.resource`, code: 'required', help: 'is required' });
    else if (typeof resource.resourceType !== 'string')
      issues.push({ at: `${at}.resource.resourceType`, code: 'required', help: 'is required' });
    else if (resource.resourceType === 'MessageHeader' && index > 0)
      issues.push({ at: `${at}.resource`, code: 'invariant', help: 'a message has one MessageHeader, and it is first' });
    if (fullUrl === undefined || resource === undefined) return;
    urls.add(fullUrl);
    entries.push({ url: fullUrl, at: `${at}.resource`, resource });
  });
  return { entries, issues };
};

/** The resource of a type under an address; null where there is none. */
export const entryOf = <T extends Resource['resourceType']>(
  entries: readonly Entry[],
  url: string | undefined,
  type: T,
): Entry<Extract<Resource, { resourceType: T }>> | null =>
  entries.find(
    (entry): entry is Entry<Extract<Resource, { resourceType: T }>> => entry.url === url && entry.resource.resourceType === type,
  ) ?? null;
