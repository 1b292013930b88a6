import { readFile } from 'node:fs/promises';
import { release, type as osType } from 'node:os';
import type pg from 'pg';
import { MeshFailed, openMeshInbox } from './channel/mesh-inbox.ts';
import type { MeshMailbox, MeshSettings } from './channel/mesh-mailbox.ts';
import { readTls } from './channel/tls-files.ts';
import type { Config } from './config.ts';
import type { Part } from './lifecycle.ts';
import { Line, type Log } from './log.ts';
import { CannotStart } from './model/cannot-start.ts';
import { pollMailbox } from './reconcile/poll-mailbox.ts';

/** Reads the certificate that MESH is shown; null where there is no mailbox. Throws CannotStart for a file that cannot be used. */
export const readMesh = async ({ mesh }: Pick<Config, 'mesh'>): Promise<MeshSettings | null> => {
  if (mesh === null) return null;
  const { url, mailbox, password, sharedKey, tls, chunkBytes } = mesh;
  const { cert, key } = await readTls({ cert: tls.cert, key: tls.key, clientCa: null }, 'MESH_');
  const ca =
    tls.ca === null
      ? null
      : await readFile(tls.ca, 'utf8').catch((fault: NodeJS.ErrnoException) => {
          throw new CannotStart(`MESH_CA cannot be read (${fault.code ?? 'no reason given'})`);
        });
  return { url, secrets: { mailbox, password, sharedKey }, tls: { cert, key, ca }, chunkBytes };
};

/** Looks into our mailbox now and again, from the start; answers how to look at once, which waits for a look that is under way. */
export const startMesh = async (
  part: Part,
  config: Config,
  log: Log,
  pool: pg.Pool,
  own: MeshMailbox | null,
  nudge: (recipientId: string) => void,
): Promise<() => Promise<void>> => {
  const { mesh } = config;
  if (mesh === null || own === null) return async () => undefined;
  const inbox = openMeshInbox(own, config.sendTimeoutMs, { name: osType(), version: release() });
  const closing = new AbortController();
  const polled = { pool, inbox, mailbox: own.mailbox, operator: config.operatorOds, nudge, log, closing: closing.signal };
  let isFirst = true;
  let failing = false;
  const look = async (everyMs: number): Promise<void> => {
    try {
      if (!(await pollMailbox({ ...polled, everyMs }, isFirst))) return;
      isFirst = false;
      if (failing) log(Line.meshAnswers);
      failing = false;
    } catch (error) {
      if (!(error instanceof MeshFailed)) log(Line.fault, { name: 'mailbox', fault: error });
      else if (!failing) log(Line.meshFailed, { because: error.message });
      failing = true;
    }
  };
  // One after the other: the lock is for other processes.
  let turn = Promise.resolve();
  const inTurn = (everyMs: number): Promise<void> => {
    turn = turn.then(() => look(everyMs));
    return turn;
  };
  await part(
    'mailbox',
    async () => {
      void inTurn(mesh.pollMs);
      return setInterval(() => void inTurn(mesh.pollMs), mesh.pollMs).unref();
    },
    async (timer) => {
      clearInterval(timer);
      closing.abort();
      await turn;
    },
  );
  return () => inTurn(0);
};
