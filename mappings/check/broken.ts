import type { Destination } from '../../src/model/recipient.ts';
import { fromRestParcel, toRestParcel } from '../rest/parcel.ts';

/** A FHIR message as the broker makes it: its header first. */
interface Message {
  readonly entry: readonly [{ readonly resource: { readonly focus?: unknown } }];
}

/**
 * The same message without what it is about: HL7 v2 without PID, TXA and OBX, a FHIR message without its focus, a FHIR server's resources without their type.
 * Nobody can have filed it.
 */
export const broken = (bytes: string, channel: Destination['channel']): string => {
  if (channel === 'hl7v2-mllp')
    return bytes
      .split('\r')
      .filter((line) => line === '' || line.startsWith('MSH') || line.startsWith('EVN'))
      .join('\r');
  if (channel === 'fhir-rest') return toRestParcel(fromRestParcel(bytes).map((write) => ({ ...write, body: withoutType(write.body) })));
  const bundle: Message = JSON.parse(bytes);
  const [{ resource: header, ...entry }] = bundle.entry;
  const { focus: _focus, ...withoutFocus } = header;
  return JSON.stringify({ ...bundle, entry: [{ ...entry, resource: withoutFocus }] });
};

const withoutType = (body: string): string => {
  const { resourceType: _type, ...rest }: Readonly<Record<string, unknown>> = JSON.parse(body);
  return JSON.stringify(rest);
};
