import type { Destination } from '../../src/model/recipient.ts';
import { System } from '../../profiles/canonicals.ts';
import { fromRestParcel, toRestParcel } from '../rest/parcel.ts';

const HTEST = { system: System.actReason, code: 'HTEST', display: 'test health data' };

/** Any resource, as far as it is marked. */
interface Markable {
  resourceType?: string;
  meta?: { tag?: readonly object[] };
  entry?: readonly { readonly resource?: Markable }[];
}

/** Marks what leaves as a test: `meta.tag` HTEST on each resource of a FHIR message, a document or what is put on a FHIR server, also of one inside HL7 v2, and processing id T (MSH-11) there. */
export const markAsTest = (bytes: string, channel: Destination['channel']): string => {
  if (channel === 'fhir-rest') return toRestParcel(fromRestParcel(bytes).map((write) => ({ ...write, body: marked(write.body) })));
  if (channel !== 'hl7v2-mllp') return marked(bytes);
  return bytes
    .replaceAll(/^(MSH(?:\|[^|\r\n]*){9}\|)[^|\r\n]*/gm, '$1T')
    .replaceAll(/(\^application\^fhir\+json\^Base64\^)([A-Za-z0-9+/=]+)/g, (_, before: string, data: string) => {
      const document = marked(Buffer.from(data, 'base64').toString('utf8'));
      return `${before}${Buffer.from(document, 'utf8').toString('base64')}`;
    });
};

const marked = (bytes: string): string => JSON.stringify(tagged(JSON.parse(bytes) as Markable));

const tagged = (resource: Markable): Markable => ({
  ...resource,
  meta: { ...resource.meta, tag: [...(resource.meta?.tag ?? []), HTEST] },
  ...(resource.entry === undefined
    ? {}
    : { entry: resource.entry.map((entry) => (entry.resource === undefined ? entry : { ...entry, resource: tagged(entry.resource) })) }),
});
