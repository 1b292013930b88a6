import {
  assertSchemaCompatibility,
  createPostgresBackend,
  createRedisBackend,
  LATEST_SCHEMA_VERSION,
  runMigrations,
  withBackend,
} from 'bullmq';
import type { JobsOptions, Telemetry } from 'bullmq';
import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import pg from 'pg';
import { queueTelemetry } from './queue-telemetry.ts';

/** Where the queue lives: PostgreSQL (session pooling, for LISTEN), or Redis 6.2+ with `noeviction` when an address is given. */
export interface QueueAddress {
  readonly databaseUrl: string;
  readonly redisUrl?: string | undefined;
  /** Whether what is added and run is told to OpenTelemetry, and a job carries the ids of its trace. */
  readonly isTraced?: boolean;
}

/** All that a job carries: an opaque recipient id, or nothing for a fan-out. */
export interface NudgeData {
  readonly recipient?: string;
}

/** The side of a BullMQ queue that adds. */
export interface Producer {
  add(name: string, data: NudgeData, options: JobsOptions): Promise<unknown>;
  getJobCountByTypes(...types: ('waiting' | 'active' | 'delayed')[]): Promise<number>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

/** The side that runs jobs. `close` waits without limit for running ones. */
export interface Consumer {
  on(event: 'error', listener: (error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

export type Run = (job: { readonly data: NudgeData }) => Promise<void>;

/** BullMQ on one of its two stores. */
export interface Backend {
  /** Creates what the store needs; before the first producer or consumer. Rejects when the store cannot be reached. */
  prepare(): Promise<void>;
  producer(name: string): Producer;
  consumer(name: string, run: Run, concurrency: number): Consumer;
  /** Ends what BullMQ leaves to the caller; after every producer and consumer is closed. */
  end(): Promise<void>;
}

/** What BullMQ is told beside its own options; nothing where nobody traces. */
type Telemetered = { readonly telemetry?: Telemetry };

const SCHEMA = 'bullmq';
/** BullMQ never trims less than this; nobody reads its events. */
const streams = { events: { maxLen: 100 } };

/**
 * A killed process leaves its job active, and until the job counts as stalled every nudge to that recipient is kept back: at most
 * 15 s with these (60 s with BullMQ's own 30 s and 30 s). A false stall only runs a slice twice; the fence is in the ledger.
 * No limit of stalls, for a job that fails as "stalled more than allowable" would be a lost nudge. `runRetryDelay`: pause after a
 * refused connection, 15 s otherwise. An idle worker asks its store twice in 5 s and sleeps on LISTEN or BZPOPMIN else.
 */
const WORKING = {
  lockDuration: 10_000,
  stalledInterval: 5_000,
  maxStalledCount: 1_000_000,
  drainDelay: 5,
  runRetryDelay: 1_000,
} as const;

/**
 * BullMQ takes each listener off its LISTEN client before it ends it: an error that the server sends in that moment, as at its own
 * shutdown, would then end this process (measured: 57P01).
 */
class HeardClient extends pg.Client {
  override removeAllListeners(event?: string | symbol): this {
    // Without an event is another call than with `undefined`: it takes off those of every event.
    if (event === undefined) super.removeAllListeners();
    else super.removeAllListeners(event);
    return this.on('error', () => undefined);
  }
}

const onPostgres = (databaseUrl: string, telemetry: Telemetered): Backend => {
  const { Queue, Worker } = withBackend(createPostgresBackend);
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    Client: HeardClient,
    // Two of them LISTEN, one for each consumer.
    max: 8,
    connectionTimeoutMillis: 2_000,
    // What dropped a LISTEN silently is found out.
    keepAlive: true,
    application_name: 'crisis-plan-broker queue',
    onConnect: (client) => client.query(`SET search_path TO ${SCHEMA}`),
  });
  // BullMQ leaves one listener behind for each consumer that it closes.
  pool.setMaxListeners(0);
  return {
    async prepare() {
      const client = await pool.connect();
      try {
        // The role of a running broker may not make what is there already.
        const version = await assertSchemaCompatibility(client, SCHEMA).catch(() => 0);
        if (version < LATEST_SCHEMA_VERSION) await runMigrations(client, SCHEMA);
      } finally {
        client.release();
      }
    },
    producer: (name) => new Queue<NudgeData>(name, { connection: pool, streams, ...telemetry }),
    consumer: (name, run, concurrency) =>
      new Worker<NudgeData, void>(name, run, { connection: pool, concurrency, ...WORKING, ...telemetry }),
    end: () => pool.end(),
  };
};

type Endable = Pick<Redis, 'status' | 'disconnect'> & { on(event: 'error', listener: () => void): unknown };

/**
 * ioredis leaves a client that is told to disconnect while it waits to reconnect neither ended nor its commands answered, and the
 * close of a BullMQ worker then waits for ever (measured, ioredis 6.0.0). From `wait` it ends as it should.
 */
const endProperly = (client: Endable): void => {
  const disconnect = client.disconnect.bind(client);
  client.disconnect = (reconnect = false) => {
    if (!reconnect && client.status === 'reconnecting') client.status = 'wait';
    disconnect(reconnect);
  };
  // BullMQ reports each error while it listens; after its close ioredis would print them.
  client.on('error', () => undefined);
};

/** A client that keeps the copies that BullMQ makes of it for blocking reads, so that they end with it. */
class KeptRedis extends Redis {
  readonly copies: Endable[] = [];

  override duplicate<Override extends Partial<RedisOptions> | undefined = undefined>(override?: Override) {
    const copy = super.duplicate(override);
    endProperly(copy);
    this.copies.push(copy);
    return copy;
  }
}

const onRedis = (redisUrl: string, telemetry: Telemetered): Backend => {
  const { Queue, Worker } = withBackend(createRedisBackend);
  const clients: KeptRedis[] = [];
  const connect = (options: { readonly enableOfflineQueue: boolean }): Redis => {
    const retryStrategy = (times: number): number => Math.min(times * 100, 1_000);
    const client = new KeptRedis(redisUrl, { ...options, maxRetriesPerRequest: null, retryStrategy });
    endProperly(client);
    clients.push(client);
    return client;
  };
  return {
    prepare: async () => undefined,
    // While Redis is away a nudge fails at once, and does not heap up in this process.
    producer: (name) => new Queue<NudgeData>(name, { connection: connect({ enableOfflineQueue: false }), streams, ...telemetry }),
    consumer: (name, run, concurrency) =>
      new Worker<NudgeData, void>(name, run, { connection: connect({ enableOfflineQueue: true }), concurrency, ...WORKING, ...telemetry }),
    async end() {
      for (const client of clients) for (const each of [client, ...client.copies]) each.disconnect();
    },
  };
};

/** BullMQ on Redis when an address of one is given, on PostgreSQL otherwise. */
export const backendOf = ({ databaseUrl, redisUrl, isTraced = false }: QueueAddress): Backend => {
  const telemetry = isTraced ? { telemetry: queueTelemetry() } : {};
  return redisUrl ? onRedis(redisUrl, telemetry) : onPostgres(databaseUrl, telemetry);
};
