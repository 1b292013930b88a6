import type { Provenance, Resource } from '@medplum/fhirtypes';
import { openConfirming } from './confirming.ts';
import { doorKey } from './door-key.ts';
import type pg from 'pg';
import { anomaly } from '../model/anomaly.ts';
import type { Principal } from '../model/principal.ts';
import { approve, type Approving, withdraw } from './approve.ts';
import { openAuditIds } from './audit-id.ts';
import { searchTrail } from './audit-read.ts';
import { changes } from './changes.ts';
import type { DoorStore } from './door.ts';
import { rotateSecret } from './subscription-secrets.ts';
import { makeWebsocketToken, ownWebsockets } from './websocket-tokens.ts';
import { giveOrRotate, moveEndpoint } from './change-endpoint.ts';
import { endChase } from './end-chase.ts';
import { endingProgress, endingProof } from './endings.ts';
import { ownConcerns, raiseConcern } from './concerns.ts';
import { emergencyAccess, nameForEmergency } from './emergency.ts';
import { everything } from './everything.ts';
import { FLAG_LIST_LIFE } from '../model/flag-list.ts';
import { openFlagLists } from './flag-list/flag-list.ts';
import { openLookUp } from './look-up.ts';
import { matchOwn, openMatch } from './match.ts';
import { planOnPaper } from './plan-on-paper.ts';
import { preview } from './preview.ts';
import { projections } from './projections.ts';
import { receiveMessage } from './messages.ts';
import { receiveAnswer } from './receive-answer.ts';
import { replay } from './replay.ts';
import { resendEvents } from './resend-events.ts';
import { subscriptionEvents, subscriptionStates } from './subscription-states.ts';
import { isMigrated } from './migrate.ts';
import { pauseRecipient, type Pausing, resumeRecipient } from './pace/pause.ts';
import type { HeldLocks } from './held-locks.ts';
import { refuseSharing } from './refuse-sharing.ts';
import { removeIn } from './remove.ts';
import { WaitingToBePut } from './put-new.ts';
import { askForCheck, checkOf } from './recipient-checks.ts';
import { readResource } from './resources.ts';
import { searchingOn } from './search/searching-on.ts';
import { comment, submitForReview } from './review.ts';
import { isParty, reportReuse } from './report-reuse.ts';
import { deletedBy, historyOf } from './versions.ts';
import { accessLog } from './access-log.ts';
import { isOfPerson, notOfPerson, ownRecords, personByNumber, readByPerson } from './own-records.ts';
import { explainThen } from './past/explain-then.ts';
import { explainFor, sharing } from './sharing.ts';
import { underLocks } from './under-locks.ts';
import { answeredTogether, openWrite, writeAmong, type WriteOptions } from './write.ts';

export interface StoreOptions extends WriteOptions {
  /** Ledger epoch: it comes from outside the database. */
  readonly epoch: number;
  readonly approving: Approving;
  /** Milliseconds for which a list of flags may be used, and for which what was decided of it answers who asks again. */
  readonly flagLists?: { readonly life?: number; readonly decidedFor?: number };
  /** There is something to do for a recipient that no fact says. Without it the sweep finds it. */
  readonly nudge?: (recipientId: string) => void;
  /** Rejects when the queue's store does not answer. */
  readonly queueAnswers: () => Promise<void>;
}

/** How often a transaction starts over: each time it may have learned of one more lock. */
const STARTS = 20;

const pausing = ({ organization, user }: Principal): Pausing => ({ operator: organization, caller: user });

const notHere = (): never => {
  throw anomaly('unsupported', 'is not done inside a transaction: send it alone, or in a batch');
};

/** The store inside one transaction: what it writes is seen by what it reads next. */
const storeIn = (
  tx: pg.PoolClient,
  locks: HeldLocks,
  waiting: WaitingToBePut,
  { messageLifetime }: StoreOptions,
  wrote: (resource: Resource) => void,
): DoorStore => {
  const store: DoorStore = {
    read: (type, id, version) => readResource(tx, type, id, version),
    deletedBy: (type, id, version) => deletedBy(tx, type, id, version),
    history: (asked) => historyOf(tx, asked),
    ...searchingOn(tx),
    write: (request) => {
      wrote(request.resource);
      return writeAmong(tx, locks, waiting, request, messageLifetime);
    },
    remove: (removal) => removeIn(tx, locks, removal),
    transaction: async (conditions, work) => {
      await locks.take({ conditions });
      await waiting.all();
      try {
        return await locks.orUndone(() => work(store));
      } catch (failure) {
        waiting.forget();
        throw failure;
      }
    },
    receive: notHere,
    receiveAnswer: notHere,
    replay: notHere,
    subscriptionStates: notHere,
    subscriptionEvents: notHere,
    resendEvents: notHere,
    approve: notHere,
    planOnPaper: notHere,
    projections: notHere,
    submitForReview: notHere,
    comment: notHere,
    changes: notHere,
    withdraw: notHere,
    // A read is a delivery, with a transaction of its own.
    lookUp: notHere,
    flagList: notHere,
    match: notHere,
    confirming: { key: new Uint8Array(), spend: notHere },
    pageKey: new Uint8Array(),
    matchOwn: notHere,
    sharing: notHere,
    accessLog: notHere,
    personOf: notHere,
    isOfPerson: notHere,
    notOfPerson: notHere,
    readByPerson: notHere,
    ownRecords: notHere,
    raiseConcern: notHere,
    refuseSharing: notHere,
    ownConcerns: notHere,
    explain: notHere,
    explainThen: notHere,
    preview: notHere,
    isParty: (principal, contractId, as) => isParty(tx, principal, contractId, as),
    reportReuse: notHere,
    endingProgress: notHere,
    endingProof: notHere,
    pauseRecipient: notHere,
    resumeRecipient: notHere,
    endChase: notHere,
    rotateSecret: notHere,
    ownWebsockets: notHere,
    websocketToken: notHere,
    moveEndpoint: notHere,
    rotateCredential: notHere,
    nameForEmergency: notHere,
    emergencyAccess: notHere,
    everything: notHere,
    checkEndpoint: notHere,
    checkOf: (endpointId) => checkOf(tx, endpointId),
    trail: notHere,
    isReady: notHere,
  };
  return store;
};

/** The store as the doors see it, on PostgreSQL. */
export const openStore = (pool: pg.Pool, options: StoreOptions): DoorStore => {
  const ids = openAuditIds(pool);
  const told = async <T>(work: Promise<T>): Promise<T> => {
    const answer = await work;
    options.changed();
    return answer;
  };
  const together = async <T>(conditions: readonly string[], work: (store: DoorStore) => Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    let written: Resource[] = [];
    try {
      return await underLocks({ pool, changed: options.changed, conditions, starts: STARTS }, async (tx, locks) => {
        // A try that started over is not counted: what it had done is undone.
        written = [];
        const waiting = new WaitingToBePut(tx);
        const store = storeIn(waiting.before(tx), locks, waiting, options, (resource) => void written.push(resource));
        const answered = await work(store);
        await waiting.all();
        return answered;
      });
    } finally {
      // What was refused, or only rehearsed, is answered no sooner.
      await answeredTogether(written, startedAt);
    }
  };
  return {
    read: (type, id, version) => readResource(pool, type, id, version),
    deletedBy: (type, id, version) => deletedBy(pool, type, id, version),
    history: (asked) => historyOf(pool, asked),
    ...searchingOn(pool),
    write: openWrite(pool, options),
    remove: (removal) => together([], (store) => store.remove(removal)),
    transaction: together,
    receive: (message) => receiveMessage(pool, message, options),
    replay: (principal, asked) => replay(pool, principal, asked, options.nudge ?? (() => {})),
    subscriptionStates: (principal, asked) => subscriptionStates(pool, principal, asked),
    subscriptionEvents: (id, range, most) => subscriptionEvents(pool, id, range, most),
    resendEvents: (principal, id, range) => resendEvents(pool, principal, id, range, options.nudge ?? (() => {})),
    receiveAnswer: (answer) => receiveAnswer(pool, answer, options.nudge ?? (() => {})),
    approve: (principal, carePlanId, version, provenance, user, signs) => {
      if (provenance.resourceType !== 'Provenance') throw anomaly('incorrect', 'is a Provenance', 'Parameters.parameter[1].resource');
      return told(
        approve(pool, options.approving, principal, {
          carePlanId,
          version,
          provenance: provenance as Provenance,
          user,
          signs: signs ?? null,
        }),
      );
    },
    planOnPaper: (owner, carePlanId) => planOnPaper(pool, owner, carePlanId),
    projections: (principal, carePlanId) => projections(pool, principal.organization, carePlanId),
    submitForReview: (principal, carePlanId, version, user) => submitForReview(pool, principal, carePlanId, version, user),
    comment: (principal, carePlanId, said, user) => comment(pool, principal, carePlanId, said, user),
    changes: (principal, carePlanId) => changes(pool, principal, carePlanId),
    withdraw: (principal, carePlanId, reason) => told(withdraw(pool, principal, carePlanId, reason)),
    lookUp: openLookUp(pool, options.epoch),
    flagList: openFlagLists(pool, options.flagLists?.life ?? FLAG_LIST_LIFE, options.flagLists?.decidedFor),
    match: openMatch(pool),
    confirming: openConfirming(pool),
    get pageKey() {
      return doorKey(pool, 'page of an answer');
    },
    matchOwn: (principal, sent) => matchOwn(pool, principal, sent),
    sharing: (principal, patientId) => sharing(pool, principal, patientId),
    accessLog: async (principal, patientId, page) => accessLog(pool, await ids(), principal, patientId, page),
    personOf: (nhsNumber) => personByNumber(pool, nhsNumber),
    isOfPerson: (personId, type, id) => isOfPerson(pool, personId, type, id),
    notOfPerson: (principal) => notOfPerson(pool, principal),
    readByPerson: (principal, type, read) => readByPerson(pool, principal, type, read),
    ownRecords: (principal) => ownRecords(pool, principal),
    raiseConcern: async (principal, patientId, raised) => raiseConcern(pool, await ids(), principal, patientId, raised),
    refuseSharing: (principal, patientId, refused) => refuseSharing({ pool, ...options }, principal, patientId, refused),
    ownConcerns: (principal) => ownConcerns(pool, principal),
    explain: (principal, asked) => explainFor(pool, principal, asked),
    explainThen: (principal, asked, at) => explainThen(pool, principal, asked, at),
    preview: (principal, of, trial) => preview(pool, principal, of, trial, options.messageLifetime),
    isParty: (principal, contractId, as) => isParty(pool, principal, contractId, as),
    reportReuse: (principal, contractId, report) => reportReuse(pool, principal, contractId, report),
    endingProgress: (principal, contractId) => endingProgress(pool, principal, contractId),
    endingProof: (principal, contractId, page) => endingProof(pool, principal, contractId, page),
    pauseRecipient: (principal, asked) => pauseRecipient(pool, asked, pausing(principal)),
    resumeRecipient: async (principal, recipientId) => {
      const state = await resumeRecipient(pool, recipientId, pausing(principal));
      options.nudge?.(recipientId);
      return state;
    },
    endChase: async (principal, asked) => {
      const sealed = await endChase(pool, { seal: options.approving.seal, epoch: options.epoch }, principal, asked);
      options.nudge?.(asked.recipientId);
      return sealed;
    },
    rotateSecret: (subscription) => rotateSecret(pool, subscription),
    ownWebsockets: (principal, clientId, ids) => ownWebsockets(pool, principal, clientId, ids),
    websocketToken: (asker, ids) => makeWebsocketToken(pool, asker, ids),
    moveEndpoint: (principal, asked, without) => moveEndpoint(pool, openWrite(pool, options), principal, asked, without),
    rotateCredential: (principal, asked) => giveOrRotate(pool, principal, asked),
    nameForEmergency: (principal, sent) => nameForEmergency(pool, principal, sent),
    emergencyAccess: (principal, id, why) => emergencyAccess(pool, principal, id, why),
    everything: (asked) => everything(pool, asked),
    checkEndpoint: async (principal, endpointId, again) => {
      const asked = await askForCheck(pool, endpointId, principal.organization, again);
      if (asked !== null && asked.endedAt === null) options.nudge?.(asked.recipientId);
      return checkOf(pool, endpointId);
    },
    checkOf: (endpointId) => checkOf(pool, endpointId),
    trail: async (principal, search) => searchTrail(pool, await ids(), principal, search),
    isReady: async () => {
      await options.queueAnswers();
      return isMigrated(pool);
    },
  };
};
