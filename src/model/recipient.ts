import type { Hl7v2Ways } from './hl7v2-ways.ts';
import type { RecipientKind } from './kind.ts';

/**
 * How a recipient takes content back: delivery.md section 3b profiles A to C, BaRS, a status on its FHIR server, deletion of the pointer at a record locator, notification, a Task that it polls, or without any message:
 * `manual` (profile D: people ring, and attest it), `expires` (its copies end by themselves after an agreed time). `none` is no way at all.
 */
export const RECALL_FORMS = [
  'mdm-t11',
  'mdm-t10-notice',
  'mdm-t08',
  'message',
  'rest-status',
  'pointer-delete',
  'notification',
  'task',
  'manual',
  'expires',
  'none',
] as const;
export type RecallForm = (typeof RECALL_FORMS)[number];

/** What an update carries: the FHIR document, text that is read as it stands (HL7 v2), or both; of an event signal its shape. */
export const CONTENT_FORMS = ['document', 'text', 'text-and-document', 'cloud-event', 'fhir-signal'] as const;
export type ContentForm = (typeof CONTENT_FORMS)[number];

/** What a recipient declares of an application acknowledgement: MSA-1, optionally with ERR-3. */
export interface Acknowledgement {
  readonly code: 'AA' | 'AE' | 'AR' | 'CA' | 'CE' | 'CR';
  readonly error: string | null;
  readonly means: 'accepted' | 'refused' | 'unknown';
}

/**
 * How a recipient answers a FHIR message by a message of its own (delivery.md section 3a). `response-url`: R4 messaging, asked for by `async=true`, and
 * it names the MessageHeader. `new-message`: BaRS, which has no such parameter, and names the Bundle. Over MESH: `mailbox-message`, by a message to
 * our mailbox that names either, and `mailbox-taken`, by acknowledging ours to MESH, which says no more than that it was taken out of the mailbox.
 */
export interface LaterAnswer {
  readonly by: 'response-url' | 'new-message' | 'mailbox-message' | 'mailbox-taken';
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
  readonly channel: 'fhir-messaging' | 'fhir-rest' | 'nrl' | 'mns' | 'hl7v2-mllp' | 'mesh' | 'subscription' | 'pull';
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
  /** Left out: all that the channel can carry. */
  readonly contentForm?: ContentForm;
  /** Milliseconds after which what it stored has ended there by agreement; only where the recall form is `expires`. */
  readonly copiesEndAfter?: number;
  /** Whom people ring or write to there; left out where nobody is declared. */
  readonly contact?: string;
  /** How it speaks HL7 v2 where it says so; `WAYS` for what it leaves out. */
  readonly hl7v2?: Partial<Hl7v2Ways>;
  /** How BaRS names it, where the Endpoint declares that it takes BaRS messages: nhs.md section 3. */
  readonly bars?: BarsService;
  /** FHIR REST: what was stored there may be read and compared. Left out where not. */
  readonly readsBack?: boolean;
  /** Of a Subscription; missing in what an older broker wrote. */
  readonly asks?: SubscriptionAsks;
  /** Missing: it answers in the same exchange. */
  readonly answersLater?: LaterAnswer;
}

/** Whether whatever goes there is told to everybody who looks or listens, whoever they are: it is decided for each kind of them, and carries no word. */
export const tellsEverybody = ({ channel }: Pick<Destination, 'channel'>): boolean => channel === 'nrl' || channel === 'mns';

/** What a Subscription asks for (R4 backport). */
export interface SubscriptionAsks {
  /** Milliseconds after which a notification without an answer has failed; left out: as for every exchange. */
  readonly timeout?: number;
  /** Milliseconds without any notification after which a heartbeat is sent; left out: none. */
  readonly heartbeat?: number;
  /** ODS codes: only of plans that these wrote; left out: of all. */
  readonly publishers?: readonly string[];
}

/** A service as BaRS addresses it. */
export interface BarsService {
  /** `https://fhir.nhs.uk/Id/dos-service-id`. */
  readonly dosServiceId: string;
  /** Code of `usecases-categories-bars`; null where none is declared, for there is none for crisis plans. */
  readonly useCase: string | null;
}
