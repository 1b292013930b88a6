import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChannelOptions } from '../../src/channel/open-channels.ts';
import type { MeshMailbox } from '../../src/channel/mesh-mailbox.ts';
import { openChannels } from '../../src/channel/open-channels.ts';
import type { Claim, Ports } from '../../src/reconcile/ports.ts';
import { portsOn } from '../../src/reconcile/ports-on.ts';
import { reconcile } from '../../src/reconcile/reconcile.ts';
import { slice } from '../../src/reconcile/slice.ts';
import { openAttemptLog } from '../../src/store/attempt-log.ts';
import type { StoredLedger, StoredLook } from '../../src/store/ledger.ts';
import { takeAcknowledgement } from '../../src/store/take-acknowledgement.ts';
import type { Ground } from '../store/ground.ts';

/** The broker's own roads out on a ground, taken when a test says so. */
export interface Sending {
  readonly ports: Ports<StoredLook>;
  readonly ledger: StoredLedger;
  /** Brings what is due of a service one step further, with what a test does at a moment of it; answers how many keys were due. */
  step(service: string, at?: Partial<Ports<StoredLook>>): Promise<number>;
  /** All that is due of a service, as a worker does it, handshakes too. */
  all(service: string): Promise<void>;
  /** The broker's own MESH mailbox; null where it has none. */
  readonly mailbox: MeshMailbox | null;
  /** Keys of which an attempt was stopped, for it was addressed to another. */
  alarms(): readonly string[];
  close(): Promise<void>;
}

/** How roads differ from the ones that most tests take. */
export interface SendingOptions extends ChannelOptions {
  /** Milliseconds for one exchange. */
  readonly sendTimeout?: number;
}

/** Opens them. `sendBefore` and the ground's message lifetime say how long what may still arrive is chased. All in milliseconds. */
export const openSending = (ground: Ground, sendBefore: number, { sendTimeout = 150, ...options }: SendingOptions = {}): Sending => {
  const folder = mkdtempSync(join(tmpdir(), 'sending-'));
  // As the engine does: an application's answer that comes late is credited.
  const channels = openChannels(['127.0.0.0/8'], {
    ...options,
    onAcknowledgement: (address, text) => void takeAcknowledgement(ground.database.pool, ledger, { address }, text),
  });
  const attempts = openAttemptLog(folder);
  const ledger = ground.ledger(undefined, { sendBefore });
  const sender = { ods: 'BROKER', name: 'Crisis-plan broker', endpoint: 'https://broker.example/fhir' };
  const alarms: string[] = [];
  const onMisaddressed = (keyId: string): void => void alarms.push(keyId);
  const world = {
    pool: ground.database.pool,
    ledger,
    channels,
    attempts,
    sender,
    base: 'https://broker.example/fhir',
    sendTimeout,
    onMisaddressed,
  };
  const ports = portsOn(world);
  return {
    ports,
    ledger,
    mailbox: channels.mailbox,
    alarms: () => alarms,
    step: async (service, at = {}) => {
      await ground.fanOutAll();
      const claims: readonly Claim[] = await ledger.claim(service, 16);
      for (const claim of claims) await reconcile(claim, { ...ports, ...at });
      return claims.length;
    },
    all: async (service) => {
      await ground.fanOutAll();
      await slice(world, ports, service, new AbortController().signal);
    },
    close: async () => {
      await channels.close();
      attempts.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
