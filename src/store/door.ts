import type { MatchDoor } from './match-door.ts';
import type { Said } from '../../mappings/approval/review-task.ts';
import type { Changes, Submitted } from '../../mappings/approval/to-changes.ts';
import type { Seen } from '../../mappings/approval/to-projections.ts';
import type { CarePlan, Provenance, Resource } from '@medplum/fhirtypes';
import type { Disclosure } from '../model/disclosure.ts';
import type { ContactMessage } from './messages.ts';
import type { AnswerMessage, AnswerReceived } from './receive-answer.ts';
import type { Replay, Replayed } from './replay.ts';
import type { Among, Found, Search } from './search/search.ts';
import type { Raised } from '../model/concern.ts';
import type { EmergencyReason } from '../model/emergency.ts';
import type { RecipientCheck } from '../model/recipient-check.ts';
import type { Destination } from '../model/recipient.ts';
import type { FlagListAnswer } from '../model/flag-list.ts';
import type { RefusedSharing } from '../model/refused-sharing.ts';
import type { Instant } from '../model/instant.ts';
import type { Principal, Writer } from '../model/principal.ts';
import type { PauseAsked, PauseState } from '../model/pause.ts';
import type { EndingItem, EndingProgress } from '../model/ending.ts';
import type { ChaseEndAsked } from './end-chase.ts';
import type { EndingPlace } from './endings.ts';
import type { SignedResources } from './projections.ts';
import type { ReuseReport } from './report-reuse.ts';
import type { Preview, Trial } from './preview.ts';
import type { NoSuchThen, SharedThen } from './past/explain-then.ts';
import type { ExplainAsked, Shared } from './sharing.ts';
import type { Access, AccessPage } from '../model/access-log.ts';
import type { EndpointChanges } from './change-endpoint.ts';
import type { OwnRecord } from './own-records.ts';
import type { TrailEntry } from '../model/trail.ts';
import type { Traits } from '../model/traits.ts';
import type { SubscriptionDoor } from './subscription-door.ts';
import type { UserIdentity } from '../model/user-identity.ts';

/** A draft as approvers are shown it. */
export type SeenDraft = Omit<Seen, 'at'>;

/** A resource as it is stored: its body already carries `id`, `meta.versionId` and `meta.lastUpdated`. */
export interface Stored {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  /** ODS code of the organisation that wrote it. */
  readonly owner: string;
  /** The kind of service that wrote it; null where that is not known, or the broker did. */
  readonly service: string | null;
  readonly updatedAt: Instant;
  readonly body: Resource;
}

/** Matches of a sorted search, in their order. */
export interface Sorted {
  /** Opaque, for the pages that follow; null where the first holds all of them. */
  readonly id: string | null;
  readonly rows: readonly Stored[];
  readonly total: number;
}

/** A check of an Endpoint, and the Endpoint as the loop knows it. */
export interface CheckedEndpoint {
  readonly check: RecipientCheck;
  readonly destination: Destination;
}

/** A write that a door asks for. `id` null lets the store choose one. */
export interface Write {
  readonly principal: Principal;
  readonly resource: Resource;
  readonly id: string | null;
  /** The id of what `id` null creates, where the door has chosen one already: other resources of the same Bundle refer to it. */
  readonly newId?: string;
  /** The version that `If-Match` names; null when the sender named none. */
  readonly ifMatch: number | null;
  /** ODS code of the trust that keeps what it is asked to create, where that is not who asks: a person's own word is of the record that it is about. */
  readonly keptBy?: string;
  /** Whether there may be no such resource yet (`If-None-Match: *`). */
  readonly mustBeNew?: boolean;
}

/** What became of it. `created` is false when the resource, or the same contact, was there before. */
export interface Written {
  readonly stored: Stored;
  readonly created: boolean;
}

/** One version of a resource, in its history. */
export interface Version extends Omit<Stored, 'body'> {
  /** Null where this version says that the resource was deleted. */
  readonly body: Resource | null;
}

/** Which versions: of one resource, or of a type. */
export interface HistoryAsked {
  readonly type: string;
  readonly id: string | null;
  /** Only what this service wrote; null for no such limit. */
  readonly writer: Writer | null;
  /** From this instant on; null for all. */
  readonly since: Instant | null;
  /** Up to this instant; null for all. */
  readonly until: Instant | null;
  readonly count: number;
  /** The last version of the page before. */
  readonly after: { readonly updatedAt: Instant; readonly id: string; readonly version: number } | null;
}

/** A delete that a door asks for. */
export interface Removal {
  readonly principal: Principal;
  readonly type: string;
  readonly id: string;
  readonly ifMatch: number | null;
}

/**
 * What a recipient asks to see: by the person's NHS number, by the id under which it knows the plan, by the broker's own id of a person
 * whom it was told that a match found, and has confirmed, or by the id of a published pointer.
 */
export type LookUp = Readonly<{ nhsNumber: string } | { id: string } | { personId: string } | { pointer: string }>;

/** What a search of the trail asks; null is no limit. */
export interface TrailSearch {
  readonly ids: readonly string[] | null;
  readonly from: Instant | null;
  readonly before: Instant | null;
  /** Ids of the publisher's own Patients. */
  readonly patients: readonly string[] | null;
  /** Ids of CarePlans: the version that was in force. */
  readonly carePlans: readonly string[] | null;
  /** ODS codes of who asked or was sent it. */
  readonly agents: readonly string[] | null;
  /** `read`, and `read refused`: kinds of row. */
  readonly kinds: readonly string[] | null;
  readonly count: number;
  /** Id of the last entry of the page before. */
  readonly after: string | null;
}

/** Where a page of everything ends: its order, which no update changes. */
export interface Place {
  readonly rank: number;
  readonly type: string;
  readonly id: string;
}

/** What is asked for of one Patient of the caller's own; null is no limit. */
export interface EverythingAsked {
  readonly patientId: string;
  /** ODS code of the trust that asks, and wrote the Patient. */
  readonly owner: string;
  /** `http://host/fhir`, as the caller reached it: a reference may be written with it. */
  readonly base: string;
  /** The types that it may read. */
  readonly types: readonly string[];
  readonly only: readonly string[] | null;
  readonly since: Instant | null;
  readonly count: number;
  readonly after: Place | null;
}

/** A page of it, and where the next one begins. */
export interface Everything {
  readonly entries: readonly { readonly stored: Stored; readonly mode: 'match' | 'include' }[];
  readonly total: number;
  readonly next: Place | null;
}

/** What emergency access shows, and when it ends; nothing alike where there is no plan, none may be shown, or nobody was meant. */
export interface EmergencyShown {
  readonly disclosures: readonly Disclosure[];
  readonly endsAt: Instant;
}

/** What the doors need of the store. Each method is one transaction, committed before it answers; failures are Anomalies. */
export interface DoorStore extends EndpointChanges, SubscriptionDoor, MatchDoor {
  read(type: string, id: string, version?: number): Promise<Stored | null>;
  /** Who had written a resource that was deleted, now or by the version that is named; null for any other. */
  deletedBy(type: string, id: string, version?: number): Promise<Writer | null>;
  history(asked: HistoryAsked): Promise<{ readonly rows: readonly Version[]; readonly total: number }>;
  /** One page of a search, newest created first. */
  search(search: Search): Promise<Found>;
  /** All matches of a sorted search, kept for an hour under an id that only their owner uses. Throws `malformed` where they are too many. */
  sort(search: Search, owner: string): Promise<Sorted>;
  /** A part of kept matches; null where they have ended, or are another's. */
  sorted(id: string, owner: string, from: number, count: number): Promise<Omit<Sorted, 'id'> | null>;
  /** Keeps a token that is too long for a URL for an hour, and answers a short id in its place. */
  keepToken(token: string, owner: string): Promise<string>;
  /** Null where it has ended, or is another's. */
  keptToken(id: string, owner: string): Promise<string | null>;
  /** Resources by `Type/id`; those that are not there are left out. */
  named(references: readonly string[]): Promise<readonly Stored[]>;
  /** Resources among those asked for that refer, under one of the parameters, to one of these references; `most` at most. */
  referring(among: Among, params: readonly string[], references: readonly string[], most: number): Promise<readonly Stored[]>;
  /** Creates or updates. Facts (plan, consent, identity, agreement, recipient, destination, contact) take their locks first. `created` is false when an Encounter was there before. */
  write(write: Write): Promise<Written>;
  /** Deletes what nothing is decided by and nothing refers to; nothing where it is gone already. Throws `conflict` otherwise. */
  remove(removal: Removal): Promise<void>;
  /**
   * Runs several writes as one: all of them are committed, or none. `work` may run again from the start, on what is stored then, so it
   * does nothing beside. `conditions` name what nobody else may decide at the same time.
   */
  transaction<T>(conditions: readonly string[], work: (store: DoorStore) => Promise<T>): Promise<T>;
  /** Takes a message that tells of a contact, once, and answers the bytes of its answer. Throws `duplicate` or `conflict`. */
  receive(message: ContactMessage): Promise<string>;
  /** Takes an answer to a message of ours, from its recipient only, whenever it comes and however often. */
  receiveAnswer(answer: AnswerMessage): Promise<AnswerReceived>;
  /** Has what is owed at one key sent once more where it may be sent now. Throws `not-found`, and `conflict` where several keys are named. */
  replay(principal: Principal, asked: Replay): Promise<Replayed>;
  /** Approves a draft CarePlan: stores the signed bytes, each kind's projection and who approved it, and supersedes the version before. */
  approve(
    principal: Principal,
    carePlanId: string,
    version: string,
    provenance: Resource,
    user: UserIdentity,
    signs?: string | null,
  ): Promise<Stored>;
  /** What is printed of a plan of `owner`: what was signed, or would be. Throws as `projections` for a draft without its words. */
  planOnPaper(owner: string, carePlanId: string): Promise<SignedResources>;
  /** A draft of the caller's as each kind would see it. */
  projections(principal: Principal, carePlanId: string): Promise<SeenDraft>;
  /** Puts a draft of the caller's into review; once is enough for the same bytes. `version` null is the newest. On record. */
  submitForReview(principal: Principal, carePlanId: string, version: string | null, user: UserIdentity | null): Promise<Submitted>;
  /** Says something of a draft in review; answers the id of the Task that keeps it. On record. */
  comment(principal: Principal, carePlanId: string, said: Said, user: UserIdentity | null): Promise<string>;
  /** A draft of the caller's against the version in force, and what was said of it. On record before it answers. */
  changes(principal: Principal, carePlanId: string): Promise<Changes>;
  withdraw(principal: Principal, carePlanId: string, reason: string): Promise<Stored>;
  /**
   * What this recipient may see now: a delivery, with locks, decision and audit row committed before it answers. Refused and
   * absent are both an empty list, after the same work. `words` false asks for what a Flag needs.
   */
  lookUp(principal: Principal, what: LookUp, words: boolean): Promise<readonly Disclosure[]>;
  /** By what the next page of an answer is sealed, whichever process is asked for it. 32 bytes. */
  readonly pageKey: Uint8Array;
  /** The list of whom this recipient holds a plan flag, or that it is being built; empty for whoever holds none, for whatever reason. On record before it answers. */
  flagList(principal: Principal): Promise<FlagListAnswer>;
  /** How the plans of a Patient are shared, service by service. The caller has read the Patient. On record before it answers. */
  sharing(principal: Principal, patientId: string): Promise<readonly Shared[]>;
  /** Who was shown the plans of a Patient, and who asked in an emergency, newest first. The caller has read the Patient. On record before it answers. */
  accessLog(principal: Principal, patientId: string, page: AccessPage): Promise<readonly Access[]>;
  /** The person of a verified NHS number, by the broker's own id; an id of nobody where none is known. */
  personOf(nhsNumber: string): Promise<string>;
  /** Whether a Patient, a plan in force, its words, or a concern that was raised are this person's own. */
  isOfPerson(personId: string, type: string, id: string): Promise<boolean>;
  /** Puts on record that a person asked for what is not theirs, or not there. */
  notOfPerson(principal: Principal): Promise<void>;
  /** Puts on record that a person read what is theirs, of a type. */
  readByPerson(principal: Principal, type: string, ids: readonly string[]): Promise<void>;
  /** The records of the person who calls, each publisher's, with their plans in force. On record before it answers. */
  ownRecords(principal: Principal): Promise<readonly OwnRecord[]>;
  /** Tells a record's publisher what the person whose it is asks of it; answers the id of the Task. */
  raiseConcern(principal: Principal, patientId: string, raised: Raised): Promise<string>;
  /** Writes what the person who calls no longer wants to be shared from one trust's plans; answers the id of the Consent. */
  refuseSharing(principal: Principal, patientId: string, refused: RefusedSharing): Promise<string>;
  /** Ids of the Tasks that the person who calls has raised, newest first. */
  ownConcerns(principal: Principal): Promise<readonly string[]>;
  /** How a plan in force is decided for one service now; null where they have nothing to do with each other. On record before it answers. */
  explain(principal: Principal, asked: ExplainAsked): Promise<Shared | null>;
  /** The same as it was at an instant, or why nothing can be said of that one. On record before it answers. */
  explainThen(principal: Principal, asked: ExplainAsked, at: Instant): Promise<SharedThen | NoSuchThen | null>;
  /** What each service would gain or lose by a change that is tried out and undone, and what the guardrails find in a draft. The caller has read the CarePlan. On record before it answers. */
  preview(principal: Principal, of: { readonly carePlan: CarePlan; readonly publisher: string }, trial: Trial): Promise<Preview>;
  /** Whether a service is, or was, a party to an agreement: its publisher, or either. */
  isParty(principal: Principal, contractId: string, as: 'publisher' | 'either'): Promise<boolean>;
  /** Tells both privacy officers of a reuse beyond the recipient's duty; answers the id of the reporter's own Task. The caller is a party. */
  reportReuse(principal: Principal, contractId: string, report: ReuseReport): Promise<string>;
  /** How far what an agreement of the publisher's covered has been given up since it ended, service by service. On record before it answers. */
  endingProgress(principal: Principal, contractId: string): Promise<readonly EndingProgress[]>;
  /** The same key by key, a page of it, and where the next begins. On record before it answers. */
  endingProof(
    principal: Principal,
    contractId: string,
    page: { readonly after: EndingPlace | null; readonly count: number },
  ): Promise<{ readonly items: readonly EndingItem[]; readonly next: EndingPlace | null }>;
  /** Pauses a recipient, or ends its pause. On record, and told of by Tasks. The caller is an operator, and has read the HealthcareService. */
  pauseRecipient(principal: Principal, asked: PauseAsked): Promise<PauseState>;
  resumeRecipient(principal: Principal, recipientId: string): Promise<PauseState>;
  /** Ends a chase by the word of a signed-in person, under the broker's seal, and on record; answers what was sealed. */
  endChase(principal: Principal, asked: ChaseEndAsked): Promise<Provenance>;
  /** Names a person for emergency access: an id for this caller and five minutes, the same whether anybody is meant by it or nobody. */
  nameForEmergency(principal: Principal, sent: Traits): Promise<string>;
  /** Emergency access by such an id: begun with a reason, or looked at again within its hour (null). A view: nothing is held. On record, and told of, before it answers. */
  emergencyAccess(
    principal: Principal,
    id: string,
    why: { readonly reason: EmergencyReason; readonly text: string } | null,
  ): Promise<EmergencyShown>;
  /** The Patient, what the trust wrote about them, what was addressed to it, and whom that refers to. The caller has read the Patient. */
  everything(asked: EverythingAsked): Promise<Everything>;
  /** Rows of the trail within the caller's reach, newest first. */
  trail(principal: Principal, search: TrailSearch): Promise<readonly TrailEntry[]>;
  /** Whether database, queue and migrations are in order. */
  isReady(): Promise<boolean>;
}
