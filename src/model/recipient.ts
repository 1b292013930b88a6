import type { RecipientKind } from './kind.ts';

/** How a recipient takes content back: delivery.md section 3b profiles A to C, BaRS, notification, or a Task that it polls. */
export type RecallForm = 'mdm-t11' | 'mdm-t10-notice' | 'message' | 'notification' | 'task';

/** What a recipient declares of an application acknowledgement: MSA-1, optionally with ERR-3. */
export interface Acknowledgement {
  readonly code: 'AA' | 'AE' | 'AR' | 'CA' | 'CE' | 'CR';
  readonly error: string | null;
  readonly means: 'accepted' | 'refused' | 'unknown';
}

/**
 * How a recipient answers a FHIR message by a message of its own (delivery.md section 3a). `response-url`: R4 messaging, asked for by `async=true`, and
 * it names the MessageHeader. `new-message`: BaRS, which has no such parameter, and names the Bundle.
 */
export interface LaterAnswer {
  readonly by: 'response-url' | 'new-message';
  /** Milliseconds for which the answer is waited for. */
  readonly within: number;
}

/** A service of an organisation that may hold plans: HealthcareService. */
export interface Recipient {
  readonly id: string;
  readonly ods: string;
  readonly kind: RecipientKind;
  /** False: its reads are views, which are shown to the person and not recalled. */
  readonly retains: boolean;
  readonly areas: readonly string[];
}

/** One address of a recipient: an Endpoint, a Subscription, or the place where its reads are kept track of. */
export interface Destination {
  readonly id: string;
  readonly recipientId: string;
  readonly channel: 'fhir-messaging' | 'hl7v2-mllp' | 'subscription' | 'pull';
  /** URL of the address; the broker's own word for it when it has none (`pull:`). */
  readonly address: string;
  /** False while nothing new may be sent there: not active, in error, switched off or deleted. */
  readonly open: boolean;
  readonly refusesLowerSequence: boolean;
  readonly replaceHidesOld: boolean;
  readonly recallForm: RecallForm;
  /** Milliseconds during which a message once written to the wire may still arrive, and ids are remembered. */
  readonly lifetime: number;
  readonly acknowledgements: readonly Acknowledgement[];
  /** Missing: it answers in the same exchange. */
  readonly answersLater?: LaterAnswer;
}
