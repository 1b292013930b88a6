import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createLog } from '../../src/log.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded-postgres.ts';
import { migrate } from '../../src/store/migrate.ts';

/** A PostgreSQL with the broker's own settings, durable commits included, in a folder that is gone afterwards. */
export interface Cluster {
  /** What PostgreSQL says of its version. */
  readonly version: string;
  readonly folder: string;
  /** A fresh, migrated database; answers its address. */
  database(name: string): Promise<string>;
  drop(name: string): Promise<void>;
  stop(): Promise<void>;
}

const TEMPLATE = 'template_bench';

/** Starts the embedded PostgreSQL as `npm start` does. */
export const startCluster = async (): Promise<Cluster> => {
  const folder = mkdtempSync(join(tmpdir(), 'crisis-plan-broker-bench-'));
  const server = await startEmbeddedPostgres(folder, createLog('error'));
  const at = (name: string): string => {
    const url = new URL(server.url);
    url.pathname = `/${name}`;
    return url.href;
  };
  const administer = async (sql: string): Promise<readonly { readonly version: string }[]> => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      return (await client.query<{ version: string }>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  await administer(`CREATE DATABASE ${TEMPLATE}`);
  await migrate(at(TEMPLATE));
  const [row] = await administer("SELECT current_setting('server_version') AS version");
  return {
    version: row?.version ?? 'unknown',
    folder,
    database: async (name) => {
      await administer(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
      return at(name);
    },
    drop: async (name) => void (await administer(`DROP DATABASE ${name} WITH (FORCE)`)),
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
