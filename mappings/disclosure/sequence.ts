import type { Extension as FhirExtension } from '@medplum/fhirtypes';
import { Extension } from '../../profiles/canonicals.ts';
import type { Sequence } from '../../src/model/copy.ts';

/** `epoch.count`: both decimal integers, compared as numbers, epoch first. */
export const toSequenceText = ({ epoch, count }: Sequence): string => `${epoch}.${count}`;

/** The sequence as an extension; a recipient that honours it refuses a lower one. */
export const toSequenceExtension = (sequence: Sequence): FhirExtension => ({
  url: Extension.sequence,
  valueString: toSequenceText(sequence),
});

/** The sequence that a text names; null when it is none. */
export const fromSequenceText = (text: string): Sequence | null => {
  const match = /^(\d{1,15})\.(\d{1,15})$/.exec(text);
  return match === null ? null : { epoch: Number(match[1]), count: Number(match[2]) };
};
