import type { Bundle, BundleEntry } from '@medplum/fhirtypes';
import type { Issue } from '../../src/model/anomaly.ts';
import { Anomaly } from '../../src/model/anomaly.ts';
import { envelopeOf, indexOf } from './envelope.ts';
import type { InboundMessage } from './from-message.ts';
import { fromMessage } from './from-message.ts';

/** Of a Patient the identifiers, which are read unless they are what is wrong; in the place of anything else something harmless. */
const readOf = (entry: BundleEntry, index: number, issues: readonly Issue[]): BundleEntry => {
  const { resource } = entry;
  if (resource?.resourceType === 'Patient' && !issues.some(({ at }) => at?.includes('.resource.identifier')))
    return {
      ...entry,
      resource: { resourceType: 'Patient', ...(resource.identifier === undefined ? {} : { identifier: resource.identifier }) },
    };
  // Under an address that nothing names: of another type it would make every reference to it wrong.
  const fullUrl = `urn:uuid:00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
  return { fullUrl, resource: { resourceType: 'Basic', code: { text: 'left out' } } };
};

/** The message without what is wrong and not read. */
const withoutBroken = (bundle: Bundle, issues: readonly Issue[]): Bundle => {
  const entry = (bundle.entry ?? []).map((each, index) => {
    const its = issues.filter((issue) => indexOf(issue) === index);
    return its.length === 0 ? each : readOf(each, index, its);
  });
  return { ...bundle, entry };
};

/** References to what was set aside; those to nothing at all are found by `danglingReferences`. */
const isOfReference = ({ at, code }: Issue): boolean => code === 'value' && at !== null && at.endsWith('.reference');

/**
 * Reads a message by what `errorsIn` says of it as R4. A validator may stop at the first thing that is too strange, or at the fiftieth that is wrong:
 * what is wrong but not read is set aside, and the rest is asked about again, so that nothing is read that was not looked at. Throws `incorrect`.
 */
export const readMessage = (bundle: Bundle, errorsIn: (bundle: Bundle) => readonly Issue[]): InboundMessage => {
  const issues = errorsIn(bundle);
  envelopeOf(bundle, issues);
  if (issues.length > 0) {
    const known = new Set(issues.map(({ at, help }) => `${at} ${help}`));
    const hidden = errorsIn(withoutBroken(bundle, issues)).filter((each) => !isOfReference(each) && !known.has(`${each.at} ${each.help}`));
    if (hidden.length > 0) throw new Anomaly('incorrect', [...issues, ...hidden]);
  }
  return fromMessage(bundle, issues);
};
