import { fromInboxList, type Listed } from '../../mappings/mesh/from-inbox-list.ts';
import { fromTracking, type Tracked } from '../../mappings/mesh/from-tracking.ts';
import type { Limits } from './channel.ts';
import { jsonOf, type MeshAnswer, type MeshMailbox } from './mesh-mailbox.ts';

/** A message out of our mailbox, whole. */
export interface Letter {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** MESH did not do what it was asked: a status, or why there was none. Holds no words of an answer. */
export class MeshFailed extends Error {
  /** Whether it is of the one message that was asked for, and says nothing of MESH. */
  readonly isOfMessage: boolean;

  constructor(what: string, because: string) {
    super(`MESH: ${what}: ${because}`);
    this.isOfMessage = OF_MESSAGE.has(because) || /^http-4(?!03|08|29)/.test(because);
  }
}
const OF_MESSAGE: ReadonlySet<string> = new Set(['too-large', 'too-many-parts', 'answer-too-large']);

/** What is done with our own mailbox beside sending. Everything throws MeshFailed where MESH does not do it. */
export interface MeshInbox {
  /** Proves to MESH that this mailbox is in use: at least once in 24 hours. */
  handshake(): Promise<void>;
  /** What lies in it, from the beginning or where a list before ended. */
  list(from?: string | null): Promise<Listed>;
  /** Null where it is gone: somebody acknowledged it before, or it is over. */
  download(messageId: string): Promise<Letter | null>;
  /** Takes it out of the mailbox for good. */
  acknowledge(messageId: string): Promise<void>;
  track(messageId: string): Promise<Tracked>;
}

/** Parts of a message that are fetched: as many as a message of ours may have several times over. */
const MOST_PARTS = 100;
/** Bytes of a message that is taken in: an answer has a few kB. */
const MOST_BYTES = 20_000_000;

/** Opens our own mailbox for reading. `timeoutMs` is for each exchange; `os` is told in the handshake. */
export const openMeshInbox = (own: MeshMailbox, timeoutMs: number, os: { readonly name: string; readonly version: string }): MeshInbox => {
  const limits: Limits = { msLeft: () => Number.POSITIVE_INFINITY, timeoutMs };
  const ask = async (what: string, asked: Parameters<MeshMailbox['ask']>[0], good: readonly number[]): Promise<MeshAnswer> => {
    const answer = await own.ask(asked, limits);
    if ('kind' in answer) throw new MeshFailed(what, answer.because);
    if (!good.includes(answer.status)) throw new MeshFailed(what, `http-${answer.status}`);
    return answer;
  };
  return {
    handshake: async () => {
      const headers = { 'mex-clientversion': 'crisis-plan-broker', 'mex-osname': os.name, 'mex-osversion': os.version };
      await ask('handshake', { method: 'POST', path: '', headers }, [200]);
    },
    list: async (from = null) => {
      const path = from === null ? '/inbox' : `/inbox?continue_from=${encodeURIComponent(from)}`;
      const listed = fromInboxList(jsonOf(await ask('inbox', { method: 'GET', path }, [200])));
      if (listed === null) throw new MeshFailed('inbox', 'answer-unreadable');
      return listed;
    },
    download: async (messageId) => {
      const first = await ask('download', { method: 'GET', path: `/inbox/${messageId}` }, [200, 206, 404, 410]);
      if (first.status === 410 || first.status === 404) return null;
      const parts = [first.body];
      for (let last = first; last.status === 206; ) {
        if (parts.length >= MOST_PARTS) throw new MeshFailed('download', 'too-many-parts');
        last = await ask('download', { method: 'GET', path: `/inbox/${messageId}/${parts.length + 1}` }, [200, 206]);
        parts.push(last.body);
        if (parts.reduce((sum, { length }) => sum + length, 0) > MOST_BYTES) throw new MeshFailed('download', 'too-large');
      }
      return { headers: first.headers, body: Buffer.concat(parts) };
    },
    acknowledge: async (messageId) => {
      await ask('acknowledge', { method: 'PUT', path: `/inbox/${messageId}/status/acknowledged` }, [200, 204, 404, 410]);
    },
    track: async (messageId) => {
      const answer = await own.ask({ method: 'GET', path: `/outbox/tracking?messageID=${messageId}` }, limits);
      return 'kind' in answer ? 'silent' : fromTracking(answer.status, jsonOf(answer), messageId);
    },
  };
};
