import { createHash } from 'node:crypto';
import { broken } from '../../../mappings/check/broken.ts';
import { LINES_OF_A_RUN, type Line } from '../../../mappings/check/conversation.ts';
import { markAsTest } from '../../../mappings/check/mark-as-test.ts';
import { TEST_NUMBER, testDisclosure } from '../../../mappings/check/test-disclosure.ts';
import type { Parcel } from '../../channel/channel.ts';
import type { Move } from '../../model/ledger.ts';
import type { ClaimedCheck } from '../../store/recipient-checks.ts';
import { freeze, type Sender } from '../freeze.ts';

/** An id that is made of what it is for: the same line of the same run has the same ids, and no other has. */
const idOf = (...parts: readonly (string | number)[]): string => {
  const hex = createHash('sha256').update(parts.join(' ')).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

/** The id of a test document of one run. */
export const testDocument = ({ check, runs }: Pick<ClaimedCheck, 'check' | 'runs'>, name: string): string => idOf(check.id, runs, name);

/** The bytes of one line, as the loop would make them for a plan, of a person who is made up. `now` is in milliseconds. */
export const testParcel = (claimed: ClaimedCheck, line: Line, documents: readonly string[], sender: Sender, now: number): Parcel => {
  const { check, recipient, runs } = claimed;
  // What is tried is whether it takes messages: that it is not active yet is why.
  const destination = { ...claimed.destination, open: true };
  const place = { address: destination.address, identity: recipient.kind === 'police' ? '-' : TEST_NUMBER };
  const action: Move =
    line.action === 'recall'
      ? { kind: 'recall', place, documents, retryOf: null }
      : {
          kind: 'update',
          place,
          effect: idOf(check.id, runs),
          headings: ['please-do'],
          parent: line.parent === null ? null : testDocument(claimed, line.parent),
          stale: [],
          retryOf: null,
        };
  const sequence = { epoch: 1, count: runs * LINES_OF_A_RUN + line.count };
  const documentId = line.action === 'recall' ? idOf(check.id, runs, 'recall', line.count) : testDocument(claimed, line.documents[0] ?? '');
  const ids = [check.id, runs, line.action, line.count] as const;
  const envelope = {
    documentId,
    sequence,
    messageId: idOf('message', ...ids),
    bundleId: idOf('bundle', ...ids),
    requestId: idOf('request', ...ids),
    correlationId: check.id,
    sentAt: now,
  };
  const attempt = { id: check.id, action, sequence, documentId, begunAt: now, since: now, sendBefore: now };
  const disclosure = line.action === 'recall' ? null : testDisclosure(recipient, check.id, sender.ods, documentId, now);
  const parcel = freeze({ attempt, envelope, recipient, destination, disclosureId: check.id, disclosure, sender, pointing: null });
  const bytes = markAsTest(parcel.bytes, destination.channel);
  return { ...parcel, bytes: line.part === 'broken' ? broken(bytes, destination.channel) : bytes };
};
