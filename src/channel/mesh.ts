import { createHash } from 'node:crypto';
import { fromPartAnswer } from '../../mappings/mesh/from-part-answer.ts';
import { fromSendAnswer } from '../../mappings/mesh/from-send-answer.ts';
import { readMailbox } from '../model/mailbox.ts';
import type { Outcome } from '../model/ledger.ts';
import type { Channel, Limits, Parcel, Target } from './channel.ts';
import { jsonOf, type MeshMailbox } from './mesh-mailbox.ts';

/** The broker has no mailbox of its own: nothing was written. */
const NOT_CONFIGURED: Outcome = { kind: 'refused', because: 'mesh-not-configured', retry: true };
const UNUSABLE: Outcome = { kind: 'refused', because: 'address-unusable', retry: false };

/**
 * MESH: a parcel is put into the recipient's mailbox, in parts where it is long. 202 says that MESH has it, and nothing of the recipient: the
 * outcome is `answer-pending`. `own` is null where the broker has no mailbox.
 */
export const openMesh = (own: MeshMailbox | null): Channel => ({
  send: async (target, parcel, limits) => {
    if (own === null) return NOT_CONFIGURED;
    const to = readMailbox(target.address);
    if (to === null) return UNUSABLE;
    const bytes = Buffer.from(parcel.bytes, 'utf8');
    const parts = Math.max(1, Math.ceil(bytes.length / own.chunkBytes));
    const part = (number: number): Buffer => bytes.subarray((number - 1) * own.chunkBytes, number * own.chunkBytes);
    const headers = {
      'content-type': 'application/fhir+json',
      'mex-to': to.mailbox,
      'mex-workflowid': to.workflow,
      ...namesOf(target, parcel),
      'mex-content-checksum': createHash('sha256').update(bytes).digest('hex'),
    };
    const range = (number: number): Readonly<Record<string, string>> => (parts === 1 ? {} : { 'mex-chunk-range': `${number}:${parts}` });
    const answered = await post(own, '/outbox', { ...headers, ...range(1) }, part(1), limits);
    const first = 'kind' in answered ? answered : fromSendAnswer(answered.status, jsonOf(answered));
    if ('kind' in first) return first;
    const { messageId } = first;
    // MESH may hand it on from here: what it tells of it later has to be found, whatever becomes of us.
    try {
      await target.mailbox?.taken(messageId, to.mailbox);
    } catch {
      return { kind: 'unknown', because: 'not-written-down' };
    }
    for (let number = 2; number <= parts; number += 1) {
      const more = { 'content-type': 'application/fhir+json', ...range(number) };
      const answer = await post(own, `/outbox/${messageId}/${number}`, more, part(number), limits);
      const failed = 'kind' in answer ? answer : fromPartAnswer(answer.status, jsonOf(answer));
      // A part that is missing: whether MESH will ever hand on the rest nobody has said.
      if (failed !== null) return { kind: 'unknown', because: `in-part-${failed.because}` };
    }
    return { kind: 'unknown', because: 'answer-pending' };
  },
  close: async () => own?.close(),
});

/** Ids of ours and nothing else: no person stands in what MESH shows to whoever runs it. */
const namesOf = ({ mailbox }: Target, { messageId, bundleId }: Parcel): Readonly<Record<string, string>> => ({
  'mex-localid': mailbox?.localId ?? messageId,
  'mex-subject': 'Crisis plan',
  'mex-filename': `${bundleId}.json`,
});

const post = (
  own: MeshMailbox,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  limits: Limits,
): ReturnType<MeshMailbox['ask']> => own.ask({ method: 'POST', path, headers, body }, limits);
