import type { Destination } from '../../src/model/recipient.ts';
import { System } from '../../profiles/canonicals.ts';

const HTEST = { system: System.actReason, code: 'HTEST', display: 'test health data' };

/** Any resource, as far as it is marked. */
interface Markable {
  resourceType?: string;
  meta?: { tag?: readonly object[] };
  entry?: readonly { readonly resource?: Markable }[];
}

/** Marks what leaves as a test: `meta.tag` HTEST on each resource of a FHIR message or document, also of one inside HL7 v2, and processing id T (MSH-11) there. */
export const markAsTest = (bytes: string, channel: Destination['channel']): string => {
  if (channel !== 'hl7v2-mllp') return JSON.stringify(tagged(JSON.parse(bytes) as Markable));
  return bytes
    .replaceAll(/^(MSH(?:\|[^|\r\n]*){9}\|)[^|\r\n]*/gm, '$1T')
    .replaceAll(/(\^application\^fhir\+json\^Base64\^)([A-Za-z0-9+/=]+)/g, (_, before: string, data: string) => {
      const document = tagged(JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as Markable);
      return `${before}${Buffer.from(JSON.stringify(document), 'utf8').toString('base64')}`;
    });
};

const tagged = (resource: Markable): Markable => ({
  ...resource,
  meta: { ...resource.meta, tag: [...(resource.meta?.tag ?? []), HTEST] },
  ...(resource.entry === undefined
    ? {}
    : { entry: resource.entry.map((entry) => (entry.resource === undefined ? entry : { ...entry, resource: tagged(entry.resource) })) }),
});
