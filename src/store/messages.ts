import type { Encounter } from '@medplum/fhirtypes';
import type pg from 'pg';
import { Anomaly, anomaly } from '../model/anomaly.ts';
import type { Instant } from '../model/instant.ts';
import type { Principal } from '../model/principal.ts';
import { sameContact } from './facts/contact-fact.ts';
import type { HeldLocks } from './held-locks.ts';
import { type Sql, statement } from './pool.ts';
import { readResource } from './resources.ts';
import { underLocks } from './under-locks.ts';
import { answeredTogether, writeIn, type WriteOptions } from './write.ts';

/** A message that tells of a contact, as the store takes it. */
export interface ContactMessage {
  readonly principal: Principal;
  readonly identity: string;
  /** Where the message has its id, for whoever is told that another had it: `Bundle.id`, `MSH^1^10`. */
  readonly identityAt: string;
  /** Hash of the bytes as they were received. */
  readonly digest: string;
  /** The sender's ids of the request (UUIDs); null where it sent none. */
  readonly requestId: string | null;
  readonly correlationId: string | null;
  readonly saidAt: Instant;
  readonly contact: Encounter;
  /** `details`: how far the contact is is not said, and stands as it was said before, if it was. */
  readonly says: 'all' | 'details';
  /** What one that was taken before gets: the first answer, or the refusal that BaRS asks for. */
  readonly repeated: 'first-answer' | 'refused';
  /** The bytes of the answer. `older`: a newer message of this contact was taken before, and the contact stands as that one said. */
  readonly answer: (taken: 'newest' | 'older') => string;
}

interface Row {
  readonly identity: string;
  readonly digest: string;
  readonly answer: string;
}

const before = statement<[string, string, string | null], Row>(
  'message-before',
  `SELECT identity, digest, answer FROM message WHERE sender = $1 AND identity = $2
   UNION ALL SELECT identity, digest, answer FROM message WHERE sender = $1 AND request_id = $3 AND identity <> $2`,
);
const newerThan = statement<[string, Instant], { any: boolean; whole: boolean }>(
  'newer-message',
  `SELECT count(*) > 0 AS any, coalesce(bool_or(says = 'all'), false) AS whole
     FROM message WHERE encounter_id = $1 AND said_at > to_timestamp($2::double precision / 1000)`,
);
const keep = statement<[string, string, string, string | null, string | null, string, Instant, string, ContactMessage['says']], never>(
  'keep-message',
  `INSERT INTO message (sender, identity, digest, request_id, correlation_id, encounter_id, said_at, answer, says)
   VALUES ($1, $2, $3, $4, $5, $6, to_timestamp($7::double precision / 1000), $8, $9)`,
);

/**
 * Takes a message once: the contact is written and the message noted in one transaction, and what comes again is answered from the note. Two
 * at once wait for each other; what gets past that meets the unique row, and starts over. Answers the bytes of the answer; throws `duplicate` or
 * `conflict`.
 */
export async function receiveMessage(pool: pg.Pool, message: ContactMessage, { messageLifetime, changed }: WriteOptions): Promise<string> {
  const startedAt = performance.now();
  try {
    return await underLocks({ pool, changed }, (tx, locks) => receiveIn(tx, locks, message, messageLifetime));
  } finally {
    await answeredTogether([message.contact], startedAt);
  }
}

async function receiveIn(tx: pg.PoolClient, locks: HeldLocks, message: ContactMessage, defaultLifetime: number): Promise<string> {
  const { principal, identity, digest, requestId, contact } = message;
  const sender = `${principal.organization} ${principal.kind}`;
  const { system = '', value = '' } = contact.identifier?.[0] ?? {};
  // Messages of one contact take turns, whatever order they come in.
  await locks.take({ conditions: [`contact ${sender} ${system}|${value}`] });
  const [seen] = await before(tx, sender, identity, requestId);
  if (seen !== undefined) return again(seen, message);

  const told = await sameContact(tx, principal, contact);
  const resource = told === null ? contact : await asNowSaid(tx, told, message);
  const encounterId =
    resource === null
      ? (told ?? '')
      : (await writeIn(tx, locks, { principal, resource, id: told, ifMatch: null }, defaultLifetime)).stored.id;
  const answer = message.answer(resource === null ? 'older' : 'newest');
  await keep(tx, sender, identity, digest, requestId, message.correlationId, encounterId, message.saidAt, answer, message.says);
  return answer;
}

/** The contact as a message and those before it say it; null where newer ones have said all that it says. */
const asNowSaid = async (sql: Sql, encounterId: string, { contact, says, saidAt }: ContactMessage): Promise<Encounter | null> => {
  const [newer = { any: false, whole: false }] = await newerThan(sql, encounterId, saidAt);
  if (newer.whole || (newer.any && says === 'details')) return null;
  const known = newer.any || says === 'details' ? ((await readResource(sql, 'Encounter', encounterId))?.body ?? null) : null;
  if (known?.resourceType !== 'Encounter') return contact;
  // The newer of the two tells the details, and the one that speaks of it how far the contact is.
  return newer.any ? withStage(known, contact) : withStage(contact, known);
};

const withStage = (details: Encounter, { status, period }: Encounter): Encounter => {
  const { end: _other, ...start } = details.period ?? {};
  return { ...details, status, period: { ...start, ...(period?.end === undefined ? {} : { end: period.end }) } };
};

const again = (seen: Row, { identity, identityAt, digest, repeated }: ContactMessage): string => {
  if (seen.identity !== identity) throw anomaly('conflict', 'another message of yours had this id', 'http.X-Request-ID');
  if (seen.digest !== digest)
    throw new Anomaly('conflict', { at: identityAt, hl7: '205', help: 'another message of yours had this id, and other bytes' });
  if (repeated === 'refused') throw anomaly('duplicate', 'this message was processed before', identityAt);
  return seen.answer;
};
