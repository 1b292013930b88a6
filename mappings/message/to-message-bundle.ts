import type { Bundle } from '@medplum/fhirtypes';
import type { Envelope } from '../../src/model/disclosure.ts';
import { messageBundle } from './message-bundle.ts';
import type { Party } from './party.ts';

/** What a message that carries a plan is made of. */
export interface PlanMessage {
  readonly document: Bundle;
  readonly envelope: Envelope;
  readonly sender: Party;
  readonly destination: Party;
  /** The document that this one replaces; null for a first one. */
  readonly parent: string | null;
  /** The publisher of the plan. */
  readonly responsible: Pick<Party, 'ods' | 'name'>;
}

/** The bytes of a FHIR message whose focus is the document: event `document-notification`, reason `new` or `update`. */
export const toMessageBundle = ({ document, envelope, sender, destination, parent, responsible }: PlanMessage): string =>
  JSON.stringify(
    messageBundle({ envelope, sender, destination, reason: parent === null ? 'new' : 'update', focus: document, responsible }),
  );
