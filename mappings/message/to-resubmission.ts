import type { Bundle } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { Instant } from '../../src/model/instant.ts';
import { toFhirInstant } from '../time.ts';

/**
 * The bytes of a message that goes once more because a person asked: everything as it was, MessageHeader.id too, in a Bundle of its own (R4 messaging,
 * reliable messaging: a known header in a new Bundle is a resubmission, which its receiver may process again).
 */
export const toResubmission = (bytes: string, { bundleId, sentAt }: { readonly bundleId: string; readonly sentAt: Instant }): string => {
  // Our own bytes, as `messageBundle` made them.
  const bundle = JSON.parse(bytes) as Bundle;
  const at = toFhirInstant(sentAt);
  const meta = { ...bundle.meta, lastUpdated: at };
  return JSON.stringify({ ...bundle, id: bundleId, meta, identifier: { system: System.message, value: bundleId }, timestamp: at });
};
