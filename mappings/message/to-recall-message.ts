import type { CarePlan } from '@medplum/fhirtypes';
import { BASE } from '../../profiles/canonicals.ts';
import type { Envelope } from '../../src/model/disclosure.ts';
import { SECURITY } from '../disclosure/meta.ts';
import { documentIdentifier, nhsNumberIdentifier, planIdentifier } from '../disclosure/references.ts';
import { toSequenceExtension } from '../disclosure/sequence.ts';
import { toFhirInstant } from '../time.ts';
import { messageBundle } from './message-bundle.ts';
import type { Party } from './party.ts';

/** What a recall says, and nothing more: never the reason (backport IG, safety; delivery.md section 2b). */
export interface RecallMessage {
  readonly envelope: Envelope;
  readonly sender: Party;
  readonly destination: Party;
  /** `Disclosure.id` under which the recipient knows the plan. */
  readonly disclosureId: string;
  /** `Place.identity`: the person's identifier as it was sent; `-` where none was. */
  readonly identity: string;
  /** Documents that may lie there, newest first. */
  readonly documents: readonly string[];
  /** BaRS takes back by `update` with the status `revoked` (Core, Cancellation); others by `delete`. */
  readonly reason: 'delete' | 'update';
}

/** The bytes of a recall: the same event, a CarePlan `revoked` under the same identifier, without a clinical body. */
export const toRecallMessage = ({ envelope, sender, destination, disclosureId, identity, documents, reason }: RecallMessage): string => {
  const tombstone: CarePlan = {
    resourceType: 'CarePlan',
    id: disclosureId,
    meta: { lastUpdated: toFhirInstant(envelope.sentAt), security: SECURITY },
    extension: [toSequenceExtension(envelope.sequence)],
    identifier: [planIdentifier(disclosureId)],
    status: 'revoked',
    intent: 'plan',
    subject: { reference: `${BASE}/Patient/${disclosureId}`, ...(identity === '-' ? {} : { identifier: nhsNumberIdentifier(identity) }) },
    ...(documents.length === 0 ? {} : { supportingInfo: documents.map((id) => ({ type: 'Bundle', identifier: documentIdentifier(id) })) }),
  };
  return JSON.stringify(messageBundle({ envelope, sender, destination, reason, focus: tombstone, responsible: null }));
};
