import { randomUUID } from 'node:crypto';
import type { CarePlan, Encounter, Resource, Task } from '@medplum/fhirtypes';
import type pg from 'pg';
import { anomaly } from '../model/anomaly.ts';
import { isOwn } from '../model/principal.ts';
import { ENDED } from './broker-task.ts';
import type { Stored, Write, Written } from './door.ts';
import { agreementFact } from './facts/agreement-fact.ts';
import { consentFact } from './facts/consent-fact.ts';
import { contactFact, sameContact } from './facts/contact-fact.ts';
import { endpointFact, subscriptionFact } from './facts/destination-fact.ts';
import type { Fact, FactRecorder } from './facts/fact.ts';
import { organizationFact } from './facts/organization-fact.ts';
import { patientFact } from './facts/patient-fact.ts';
import { noSuchPatient, personOf } from './facts/person-of.ts';
import { recipientFact } from './facts/recipient-fact.ts';
import { refusalsChanged } from './refusals-changed.ts';
import { recallAnswered } from './recall-task.ts';
import { inBatches } from './in-batches.ts';
import type { HeldLocks } from './held-locks.ts';
import { joinScopes } from './policy-locks.ts';
import { backToDraft, reviewAnswered } from './review.ts';
import { type New, putNew, type WaitingToBePut } from './put-new.ts';
import { putNext, readResource } from './resources.ts';
import { checkUnsigned } from './signed.ts';
import { lastVersion } from './versions.ts';
import { sameMoment } from './same-moment.ts';
import { underLocks } from './under-locks.ts';
import { StartOver } from './without-races.ts';

/** The types that say facts. A draft says none: recipients never see drafts. */
const RECORDERS: Readonly<Record<string, FactRecorder<never>>> = {
  Patient: patientFact,
  Consent: consentFact,
  Contract: agreementFact,
  Organization: organizationFact,
  HealthcareService: recipientFact,
  Endpoint: endpointFact,
  Subscription: subscriptionFact,
  Encounter: contactFact,
};

/**
 * A contact raises a Task where the person has a plan, which takes 1.7 ms (measured), and its sender may be told of none: each is
 * answered at the same moment after the question (I6), whatever else the answer is. Several at once wait for as many such moments.
 */
const CONTACT_ANSWER_MS = 60;

/** What writes are told about where they stand. */
export interface WriteOptions {
  /** Milliseconds, for recipients that declare none. */
  readonly messageLifetime: number;
  /** Called after each commit that wrote a fact: there is a fan-out to do. */
  readonly changed: () => void;
}

/** Creates or updates one resource, and the fact that it says, in one transaction under the fact's policy locks. */
export type DoWrite = (request: Write) => Promise<Written>;

/** Writes on a pool. New resources that come at once and say no fact share a statement. */
export const openWrite = (pool: pg.Pool, { messageLifetime, changed }: WriteOptions): DoWrite => {
  const newTogether = inBatches<New, Stored | null | 'alone'>(
    async (all) => {
      if (all.length === 1) return putNew(pool, all);
      try {
        return await putNew(pool, all);
      } catch {
        // Nothing was written. Each has its own statement now, and the one that fails is told there, without the others.
        return all.map(() => 'alone' as const);
      }
    },
    { most: 16, atOnce: 2 },
  );
  return async (request) => {
    const startedAt = performance.now();
    const fixed = { ...request, newId: request.newId ?? randomUUID() };
    if (isPlainNew(fixed)) {
      const one = newOf(fixed, null);
      const stored = await newTogether(one);
      return createdAs(stored === 'alone' ? ((await putNew(pool, [one]))[0] ?? null) : stored);
    }
    try {
      return await underLocks({ pool, changed }, (tx, locks) => writeIn(tx, locks, fixed, messageLifetime));
    } finally {
      await answeredTogether([request.resource], startedAt);
    }
  };
};

/** Waits until contacts may be answered: `startedAt` is by `performance.now()`. */
export const answeredTogether = async (resources: readonly Resource[], startedAt: number): Promise<void> => {
  const contacts = resources.filter(({ resourceType }) => resourceType === 'Encounter').length;
  if (contacts > 0) await sameMoment(startedAt, CONTACT_ANSWER_MS * contacts);
};

/**
 * Whether a write makes a resource that says no fact, under an id that nobody else can name yet. There is nothing to read before it and
 * nothing to lock, and one statement stores it: that is a transaction by itself.
 */
const isPlainNew = ({ id, ifMatch, resource }: Write): boolean =>
  id === null && ifMatch === null && RECORDERS[resource.resourceType] === undefined && resource.resourceType !== 'Task';

/** Throws `incorrect` for a plan that is no draft: recipients never see drafts, and only $approve makes one active. */
const newOf = ({ principal, resource, newId = randomUUID() }: Write, at: Date | null): New => {
  const isPlan = resource.resourceType === 'CarePlan';
  if (isPlan) checkIsDraft(resource);
  return {
    resource,
    id: newId,
    owner: principal.organization,
    service: principal.kind,
    patient: isPlan ? patientIdOf(resource) : null,
    at,
  };
};

const createdAs = (stored: Stored | null): Written => {
  // Only a plan hangs on a patient, and the answer is that of `personOf`.
  if (stored === null) throw noSuchPatient('CarePlan.subject');
  return { stored, created: true };
};

/** A write inside a transaction of several: what is new and says no fact waits, and is stored with what comes after it. */
export const writeAmong = async (
  tx: pg.PoolClient,
  locks: HeldLocks,
  waiting: WaitingToBePut,
  request: Write,
  defaultLifetime: number,
): Promise<Written> => {
  if (!isPlainNew(request)) return writeIn(tx, locks, request, defaultLifetime);
  const at = await locks.now();
  const one = newOf(request, at);
  const { patient } = one;
  return createdAs(patient === null ? waiting.later({ ...one, at, patient }) : await waiting.now(one));
};

/** One write inside a transaction, under its locks. */
export async function writeIn(tx: pg.PoolClient, locks: HeldLocks, request: Write, defaultLifetime: number): Promise<Written> {
  const { principal } = request;
  const isNew = request.id === null;
  const id = request.id ?? request.newId ?? randomUUID();
  const resource = { ...request.resource, id } as Resource & { id: string };
  const type = resource.resourceType;
  const recorder = RECORDERS[type] as FactRecorder | undefined;
  const seen = isNew ? null : await readResource(tx, type, id);
  const { keptBy = principal.organization } = request;
  const fact: Fact = { resource, owner: seen?.owner ?? keptBy, principal, now: Date.now(), defaultLifetime };

  if (resource.resourceType === 'Encounter') {
    const same = await sameContact(tx, principal, resource as Encounter);
    const stored = same === null || same === id ? null : await readResource(tx, 'Encounter', same);
    if (stored !== null && request.id === null) return { stored, created: false };
    if (stored !== null) throw anomaly('duplicate', 'another Encounter of yours has this identifier', 'Encounter.identifier[0]');
  }
  const conditions = await recorder?.conditions?.(tx, fact);
  if (conditions !== undefined) await locks.take({ conditions });
  const scope = recorder === undefined ? null : await recorder.scope(tx, fact);
  if (scope !== null) {
    const isNews = await locks.take({ policy: scope });
    // What named the locks is read again under them.
    if (isNews && !locks.covers(await (recorder as FactRecorder).scope(tx, fact))) throw new StartOver();
  }
  if (!isNew) await locks.take({ resources: [`${type}/${id}`] });
  const now = await locks.now();
  const previous = isNew ? null : await readResource(tx, type, id);
  const last = previous ?? (isNew ? null : await lastVersion(tx, type, id));
  const mayWrite = last === null || principal.kind === 'operator' || isOwn(last, principal) || type === 'Task';
  if (!mayWrite) throw anomaly('not-found', 'there is no such resource here');
  if (request.ifMatch !== null && previous?.version !== request.ifMatch) throw anomaly('stale', 'the resource has another version now');
  if (request.mustBeNew === true && previous !== null) throw anomaly('stale', 'there is such a resource already');
  if (previous !== null) await checkUnsigned(tx, { type, id });
  // Taken back since it was read: whoever completes it now would give up what it may hold.
  if (resource.resourceType === 'Task' && previous !== null) checkNotEnded(resource as Task, previous.body as Task);
  if (resource.resourceType === 'CarePlan') await checkDraft(tx, resource as CarePlan, fact.owner);

  const stored = await putNext(
    tx,
    resource,
    id,
    last?.owner ?? keptBy,
    last,
    now,
    request.keptBy === undefined ? principal.kind : 'publisher',
  );
  if (previous !== null) await backToDraft(tx, stored.body, stored.owner);
  if (recorder !== undefined && scope !== null) {
    await recorder.record(tx, { ...fact, resource: stored.body as Resource & { id: string }, now: stored.updatedAt });
    // A correction may have found or made a person who was not there before: they are locked, and their keys bumped, too.
    const changed = recorder.isWhole === true ? scope : joinScopes(scope, await recorder.scope(tx, fact));
    await locks.take({ policy: changed });
    locks.changed(changed);
  }
  await refusalsChanged(tx, stored.body, stored.owner, now);
  if (resource.resourceType === 'Task') {
    await recallAnswered(tx, resource as Task);
    if (previous !== null) await reviewAnswered(tx, principal, previous.body as Task, stored.body as Task);
  }
  return { stored, created: previous === null };
}

function checkNotEnded(sent: Task, stored: Task): void {
  if (sent.status !== stored.status && ENDED.includes(stored.status)) throw anomaly('conflict', 'the Task has ended', 'Task.status');
}

const patientIdOf = (plan: CarePlan): string => /Patient\/([^/]+)$/.exec(plan.subject.reference ?? '')?.[1] ?? '';

function checkIsDraft(plan: CarePlan): void {
  if (plan.status !== 'draft') throw anomaly('incorrect', 'is written as a draft; only $approve makes it active', 'CarePlan.status');
}

async function checkDraft(tx: pg.PoolClient, plan: CarePlan, owner: string): Promise<void> {
  checkIsDraft(plan);
  await personOf(tx, patientIdOf(plan), owner, 'CarePlan.subject');
}
