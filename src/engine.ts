import type pg from 'pg';
import { MAPPING_VERSION } from '../mappings/disclosure/mapping-version.ts';
import { BASE } from '../profiles/canonicals.ts';
import type { NudgeQueue } from '../queues/nudge.ts';
import { openQueue } from '../queues/nudge.ts';
import { startSweep } from '../queues/sweep.ts';
import { startWorkers } from '../queues/worker.ts';
import { openChannels } from './channel/open-channels.ts';
import type { Config } from './config.ts';
import type { Part } from './lifecycle.ts';
import { Line, type Log } from './log.ts';
import { readMesh, startMesh } from './mesh-part.ts';
import { portsOn } from './reconcile/ports-on.ts';
import { slice } from './reconcile/slice.ts';
import { type Delivered, watched } from './reconcile/watched-ports.ts';
import { inSpan, SpanName, tell } from './span.ts';
import type { Answering, Credit } from './store/acknowledged.ts';
import { openAttemptLog } from './store/attempt-log.ts';
import { forgetLeftCredentials } from './store/credentials.ts';
import { due, lookAhead } from './store/due.ts';
import { fanOut, isFanOutPending, resync } from './store/fan-out.ts';
import { StoredLedger } from './store/ledger.ts';
import { takeAcknowledgement } from './store/take-acknowledgement.ts';
import { attemptFolder } from './store/ledger-epoch.ts';
import { tellOfPauses } from './store/pace/pause.ts';
import { tellOfReviews } from './store/agreements-to-review.ts';
import { tellOfPlans, tellOfRules } from './store/plans-to-look-at.ts';
import { startSubscriptionClock } from './reconcile/subscription-clock.ts';
import { watchWebsockets, type WebsocketWatch } from './reconcile/websocket-watch.ts';
import type { BoundSockets } from './channel/bound-sockets.ts';
import { purgeEvents } from './store/subscription-events.ts';

/** What brings destinations to what they should hold: queue, workers, sweep. One in each process; as many processes as one likes. */
export interface Engine {
  readonly queue: NudgeQueue;
  /** A fact was committed: its fan-out is to be done. */
  changed(): void;
  /** Something of a recipient's is to be looked at. */
  nudge(recipientId: string): void;
  /**
   * Takes an application acknowledgement in HL7 v2 (AA, AE or AR to a message of ours), from whoever is known to have sent it, over whatever
   * connection: decision 0051.
   */
  acknowledge(from: Answering, text: string): Promise<Credit>;
  /** Looks into our MESH mailbox at once; nothing where there is none. */
  pollMailbox(): Promise<void>;
  /** The websockets of this process, and how one is bound. */
  readonly sockets: BoundSockets;
  readonly bindSocket: WebsocketWatch['bind'];
  /** Since the start: keys due that a sweep found (lost nudges), or a resync (alarms), and attempts that were stopped as another's (alarms). */
  readonly found: { bySweep: number; byResync: number; misaddressed: number };
}

const SLICES = 16;
/** What a crash takes longer than to be noticed: an exchange, the wait before it, and some. */
const leaseOf = (config: Config): number => config.sendTimeoutMs + config.sendBeforeMs + 10_000;
const RESYNC_EVERY = 20;
const originOf = ({ publicUrl, host, port }: Config): string => publicUrl ?? `http://${host}:${port}`;
const responseUrlOf = (config: Config): string => `${originOf(config)}/fhir/$process-message`;

/** Starts the loop on a database. Each part stops in reverse order: sweep, workers, queue, roads. Each exchange is told to `onDelivered`. */
export async function startEngine(
  part: Part,
  config: Config,
  log: Log,
  pool: pg.Pool,
  url: string,
  epoch: number,
  onDelivered: (delivered: Delivered) => void = () => {},
): Promise<Engine> {
  const mesh = await readMesh(config);
  const channels = await part(
    'channels',
    () =>
      openChannels(config.outboundAllow, {
        mesh,
        eventSignal: config.eventSignal,
        onUnexpected: () => log(Line.strayAnswer),
        onAcknowledgement: (address, text) => {
          acknowledge({ address }, text).catch((fault: unknown) => log(Line.fault, { name: 'acknowledgement', fault }));
        },
      }),
    (open) => open.close(),
  );
  const attempts = await part(
    'attempts',
    () => openAttemptLog(attemptFolder(config.dataDir)),
    async (file) => file.close(),
  );
  const limits = {
    lease: leaseOf(config),
    sendBefore: config.sendBeforeMs,
    backoffMin: config.backoffMinMs,
    backoffMax: config.backoffMaxMs,
  };
  const ledger = new StoredLedger(pool, limits, epoch);
  const sender = { ods: config.operatorOds, name: 'Crisis-plan broker', endpoint: BASE };
  const found = { bySweep: 0, byResync: 0, misaddressed: 0 };
  const onMisaddressed = (keyId: string): void => {
    found.misaddressed += 1;
    log(Line.misaddressed, { keyId });
  };
  const world = {
    pool,
    ledger,
    channels,
    attempts,
    sender,
    sendTimeout: config.sendTimeoutMs,
    responseUrl: responseUrlOf(config),
    pointers: { origin: originOf(config), practiceSetting: config.nrl.practiceSetting },
    onMisaddressed,
  };
  const ports = watched(portsOn(world), onDelivered);
  const onError = (name: string, fault: unknown): void => log(Line.fault, { name, fault });
  const queue = await part(
    'queue',
    () => openQueue({ databaseUrl: url, redisUrl: config.redisUrl ?? undefined, isTraced: config.otlpEndpoint !== null }, onError),
    (open) => open.close(),
  );
  const changed = (): void => void queue.nudgeFanOut();
  const acknowledge = async (from: Answering, text: string): Promise<Credit> => {
    const { credit, recipientId } = await takeAcknowledgement(pool, ledger, from, text);
    if (recipientId === null) log(Line.strayAnswer);
    else if (credit === 'settled' || credit === 'believed') await queue.nudge(recipientId);
    return credit;
  };
  await part(
    'workers',
    () =>
      startWorkers(queue, {
        slice: (recipientId, closing) =>
          inSpan(SpanName.slice, { 'broker.recipient.id': recipientId }, async () => {
            const end = await slice(world, ports, recipientId, closing);
            if (end.changed) changed();
            return end;
          }),
        fanOut: () =>
          inSpan(SpanName.fanOut, {}, async () => {
            const end = await fanOut(pool, epoch);
            tell({ 'broker.count': end.recipients.length });
            return end;
          }),
        concurrency: SLICES,
      }),
    (workers) => workers.close(config.sendTimeoutMs + 1_000),
  );
  const websockets = await part(
    'websockets',
    () => watchWebsockets(world, ports, { changed, nudge: (recipientId) => void queue.nudge(recipientId), onError }),
    (watch) => watch.close(),
  );
  await part(
    'subscription clock',
    () => startSubscriptionClock(world, onError),
    (clock) => clock.close(),
  );
  let sweeps = 0;
  await part(
    'sweep',
    () =>
      startSweep(queue, {
        everyMs: config.sweepMs,
        due: async () => {
          await websockets.endSilent();
          if (++sweeps % RESYNC_EVERY === 0) {
            const missing = await resync(pool, epoch);
            found.byResync += missing.length;
            if (missing.length > 0) log(Line.resyncFound, { count: missing.length });
            await forgetLeftCredentials(pool);
            await purgeEvents(pool);
            await tellOfReviews(pool);
            await tellOfPauses(pool, config.operatorOds);
            await tellOfPlans(pool, sweeps === RESYNC_EVERY ? MAPPING_VERSION : null);
            if (sweeps === RESYNC_EVERY) await tellOfRules(pool);
          }
          return due(pool);
        },
        fanOutPending: () => isFanOutPending(pool),
        lookAhead: () => lookAhead(pool),
        found: (recipients, by) => {
          if (by === 'sweep') found.bySweep += recipients;
        },
      }),
    (sweep) => sweep.close(),
  );
  const nudge = (recipientId: string): void => void queue.nudge(recipientId);
  const looksIntoMailbox = await startMesh(part, config, log, pool, channels.mailbox, nudge);
  return {
    queue,
    changed,
    nudge,
    acknowledge,
    pollMailbox: looksIntoMailbox,
    sockets: channels.sockets,
    bindSocket: websockets.bind,
    found,
  };
}
