import type { Destination } from '../../src/model/recipient.ts';
import { System } from '../../profiles/canonicals.ts';

const HTEST = { system: System.actReason, code: 'HTEST', display: 'test health data' };

/** Any resource, as far as it is marked. */
interface Markable {
  resourceType?: string;
  meta?: { tag?: readonly object[] };
  entry?: readonly { readonly resource?: Markable }[];
}

/** Marks what leaves as a test: `meta.tag` HTEST on each resource of a FHIR message, inside its document too; processing id T (MSH-11) in HL7 v2. */
export const markAsTest = (bytes: string, channel: Destination['channel']): string => {
  if (channel === 'hl7v2-mllp') return bytes.replaceAll(/^(MSH(?:\|[^|\r\n]*){9}\|)[^|\r\n]*/gm, '$1T');
  return JSON.stringify(tagged(JSON.parse(bytes) as Markable));
};

const tagged = (resource: Markable): Markable => ({
  ...resource,
  meta: { ...resource.meta, tag: [...(resource.meta?.tag ?? []), HTEST] },
  ...(resource.entry === undefined
    ? {}
    : { entry: resource.entry.map((entry) => (entry.resource === undefined ? entry : { ...entry, resource: tagged(entry.resource) })) }),
});
