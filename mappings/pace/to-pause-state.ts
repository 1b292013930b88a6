import type { Parameters } from '@medplum/fhirtypes';
import type { PauseState } from '../../src/model/pause.ts';
import { toFhirInstant } from '../time.ts';

/** What `$pause` and `$resume` answer: whether the recipient is paused, since when, by whom and why, and how many recalls may be owed there now. */
export const toPauseState = ({ recipientId, paused, recallsOwed }: PauseState): Parameters => ({
  resourceType: 'Parameters',
  parameter: [
    { name: 'recipient', valueReference: { reference: `HealthcareService/${recipientId}` } },
    { name: 'paused', valueBoolean: paused !== null },
    ...(paused === null
      ? []
      : [
          { name: 'since', valueInstant: toFhirInstant(paused.since) },
          { name: 'by', valueString: paused.by },
          { name: 'reason', valueString: paused.reason },
          { name: 'recalls', valueBoolean: paused.recalls },
        ]),
    { name: 'recallsOwed', valueUnsignedInt: recallsOwed },
  ],
});
