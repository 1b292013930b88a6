import type pg from 'pg';
import { fromReport } from '../../mappings/mesh/from-report.ts';
import type { Listed } from '../../mappings/mesh/from-inbox-list.ts';
import { type Letter, MeshFailed, type MeshInbox } from '../channel/mesh-inbox.ts';
import { Line, type Log } from '../log.ts';
import { inOurTurn, type KeptText, keepLetter, noteHandshake, noteLetter } from '../store/mailbox.ts';
import {
  messageAnsweredFrom,
  messagesToTrack,
  noteGivenBack,
  noteTakenOut,
  reportedMessage,
  type SentTo,
  type ToTrack,
  trackAgain,
} from '../store/mailbox-messages.ts';
import { tellOfUncollected } from '../store/uncollected.ts';
import { type AnswerMessage, receiveAnswer } from '../store/receive-answer.ts';
import { type ReadLetter, readLetter } from './read-letter.ts';

/** Our own MESH mailbox, as it is looked into. */
export interface Polled {
  readonly pool: pg.Pool;
  readonly inbox: MeshInbox;
  readonly mailbox: string;
  readonly operator: string;
  readonly everyMs: number;
  readonly nudge: (recipientId: string) => void;
  readonly log: Log;
  /** The broker stops: nothing more is taken in. */
  readonly closing: AbortSignal;
}

/** A list that has more behind it, or is full, is followed by another; so often in one look. */
const LISTS = 20;
const FULL = 500;
/** Messages in a row that MESH does not give out: then it is MESH. */
const FAILURES = 3;
const TRACKED_AT_ONCE = 200;

/**
 * Looks into our mailbox once: takes what lies there in, one message after the other (what it says is committed before it is acknowledged, and taken in
 * twice it does no harm), asks MESH about messages of ours that count as taken once they leave their mailbox, or should have left it by now, and tells people of
 * those that have not. Only one process does so at a time. Throws MeshFailed where MESH does not answer.
 */
export const pollMailbox = (it: Polled, isFirst: boolean): Promise<boolean> =>
  inOurTurn(it.pool, it.mailbox, it.everyMs, async (greet) => {
    try {
      if (greet || isFirst) {
        await it.inbox.handshake();
        await noteHandshake(it.pool, it.mailbox);
      }
      await takeAllIn(it);
      for (const sent of await messagesToTrack(it.pool, TRACKED_AT_ONCE)) if (!it.closing.aborted) await track(it, sent);
    } finally {
      // Also while MESH says nothing: then nobody knows that it was taken.
      await tellOfUncollected(it.pool);
    }
  });

const takeAllIn = async (it: Polled): Promise<void> => {
  let failures = 0;
  const seen = new Set<string>();
  let from: string | null = null;
  for (let lists = 0; lists < LISTS; lists += 1) {
    const { ids, next }: Listed = await it.inbox.list(from);
    const fresh = ids.filter((id) => !seen.has(id));
    for (const messageId of fresh) {
      if (it.closing.aborted) return;
      seen.add(messageId);
      try {
        await takeIn(it, messageId);
        failures = 0;
      } catch (error) {
        if (!(error instanceof MeshFailed)) throw error;
        // One message that MESH does not give out keeps the others from nobody, and is told of; several in a row are MESH itself.
        if (!error.isOfMessage) failures += 1;
        if (failures >= FAILURES) throw error;
        it.log(Line.meshFailed, { because: error.message });
        await keepLetter(it.pool, it.operator, messageId, 'letter-not-had', null);
      }
    }
    // What stays there, as it is not given out, stands before all else in each list from the beginning.
    if (next === null && (ids.length < FULL || fresh.length === 0)) return;
    from = next;
  }
};

const takeIn = async (it: Polled, messageId: string): Promise<void> => {
  const letter = await it.inbox.download(messageId);
  if (letter === null) return;
  const read = readLetter(letter);
  const answer = await answerOf(it, read);
  if (answer === null) {
    await keepLetter(it.pool, it.operator, messageId, read.is === 'unreadable' ? 'letter-unreadable' : 'letter-of-nothing', keptOf(letter));
  } else {
    await receiveAnswer(it.pool, answer, it.nudge);
    if ('attempt' in answer.names) await noteGivenBack(it.pool, answer.names.attempt);
    else if ('header' in answer.names) await noteTakenOut(it.pool, answer.names.header);
    await noteLetter(it.pool, it.operator, messageId, read.is === 'report' ? 'report' : 'answer');
  }
  // What is acknowledged is gone there: all that it said is committed here.
  await it.inbox.acknowledge(messageId);
};

/** What it says of a message of ours; null where it says nothing, or of a message that was not put into the mailbox that it comes from. */
const answerOf = async ({ pool, mailbox }: Polled, read: ReadLetter): Promise<AnswerMessage | null> => {
  const { headers } = read;
  switch (read.is) {
    case 'unreadable':
      return null;
    case 'report': {
      const sent = await reportedMessage(pool, headers.linkedId, headers.localId);
      if (sent === null) return null;
      const outcome = fromReport(headers.statusCode);
      return { principal: as(sent, mailbox), names: { attempt: sent.deliveryId }, code: outcome.because, outcome, tells: 'not-collected' };
    }
    case 'answer': {
      const { answers, code, outcome, sender } = read.response;
      const sent = await messageAnsweredFrom(pool, answers, headers.from);
      if (sent === null || (sender !== null && sender.ods !== sent.organization)) return null;
      return { principal: as(sent, headers.from), names: { header: sent.deliveryId }, code, outcome };
    }
    default:
      return read satisfies never;
  }
};

const as = ({ organization, kind }: SentTo, mailbox: string): AnswerMessage['principal'] => ({
  organization,
  kind: kind as AnswerMessage['principal']['kind'],
  scopes: [],
  user: `mesh:${mailbox}`,
});

const track = async ({ pool, inbox, everyMs, nudge }: Polled, sent: ToTrack): Promise<void> => {
  const tracked = await inbox.track(sent.messageId);
  if (tracked === 'taken' && sent.isAnswer) {
    const outcome = { kind: 'accepted', level: 'transport' } as const;
    // From whom MESH has it is whose mailbox it is: the recipient's.
    await receiveAnswer(pool, { principal: as(sent, 'tracking'), names: { attempt: sent.deliveryId }, code: 'mesh-taken', outcome }, nudge);
  }
  if (tracked === 'taken') await noteTakenOut(pool, sent.deliveryId);
  await trackAgain(pool, sent.messageId, tracked === 'taken' ? null : everyMs);
};

const keptOf = ({ headers, body }: Letter): KeptText => ({ headers, body: body.toString('utf8') });
