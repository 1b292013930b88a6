import type { MeshSettings } from '../../src/channel/mesh-mailbox.ts';
import { createLog } from '../../src/log.ts';
import { pollMailbox } from '../../src/reconcile/poll-mailbox.ts';
import type { Ground } from '../store/ground.ts';
import { AUTHORITY_PEM } from '../support/certificates.ts';
import { fakeMeshRecipient } from '../support/fake-mesh-recipient.ts';
import { startMeshSimulator } from '../support/mesh-simulator.ts';
import type { Store } from './lane.ts';

/** Milliseconds: how long an answer into our mailbox is waited for. */
export const ANSWERED_WITHIN = 1_500;
const secretsOf = (box: string) => ({ mailbox: `${box}OURS`, password: 'invented', sharedKey: 'invented' });

/** The broker's own mailbox of a lane, at the address of the lane's proxy. */
export const ourMailbox = (url: string, box: string): MeshSettings => ({
  url,
  secrets: secretsOf(box),
  tls: { ca: AUTHORITY_PEM },
  chunkBytes: 20_000_000,
});

/** MESH with a mailbox of a recipient, and one of ours for this lane alone: what happens to one lane says nothing of another. */
export const openMailbox = async (ground: Ground, box: string): Promise<{ readonly store: Store; readonly port: number }> => {
  const mesh = await startMeshSimulator({
    plain: true,
    sharedKey: 'invented',
    mailboxes: { [box]: 'theirs', [secretsOf(box).mailbox]: secretsOf(box).password },
  });
  const recipient = fakeMeshRecipient(mesh, box, { refusesLowerSequence: true });
  const polled = {
    pool: ground.database.pool,
    mailbox: secretsOf(box).mailbox,
    operator: 'BROKER',
    everyMs: 0,
    nudge: () => undefined,
    log: createLog('silent'),
    closing: new AbortController().signal,
  };
  return {
    port: Number(new URL(mesh.url).port),
    store: {
      holds: () => recipient.holds().map(({ text }) => text),
      heard: () => recipient.received().map(({ bytes }) => bytes),
      updates: () => recipient.received().flatMap(({ kind, sequence }) => (kind === 'update' ? [sequence] : [])),
      tidyUp: async () => void recipient.look(),
      look: async (inbox) => void (await pollMailbox({ ...polled, inbox }, false)),
      subscribeAgain: async () => undefined,
      stop: mesh.stop,
    },
  };
};
