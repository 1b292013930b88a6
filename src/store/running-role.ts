import { createHash } from 'node:crypto';
import pg from 'pg';
import { trailGrants } from './trail/trail-grants.ts';

/** How the connections of a running broker reach its database. */
export interface Running {
  readonly url: string;
  /** Why they are those of the owner after all; null where they have a role of their own. */
  readonly because: string | null;
}

const QUEUE = 'bullmq';
/** What may stand in a name of a role without being quoted on a command line. */
const PLAIN = /^[A-Za-z_][A-Za-z0-9_-]{0,50}$/;
const quoted = (name: string): string => `"${name}"`;

/** Of the broker's own cluster it is a login, with a password that is made of the owner's and does not give it away; elsewhere it is set. */
const urlFor = (ownerUrl: string, role: string, isOwn: boolean): string => {
  const url = new URL(ownerUrl);
  if (isOwn) {
    url.username = role;
    url.password = passwordOf(ownerUrl);
  } else url.searchParams.set('options', `${url.searchParams.get('options') ?? ''} -c role=${role}`.trim());
  return url.href;
};
const passwordOf = (ownerUrl: string): string =>
  createHash('sha256')
    .update(`running ${new URL(ownerUrl).password}`)
    .digest('base64url');

const connected = async <T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: url, application_name: 'crisis-plan-broker role', connectionTimeoutMillis: 10_000 });
  client.on('error', () => {}); // told by the query that it breaks
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {}); // never connected
  }
};

const sqlstate = (fault: unknown): string => (fault instanceof Error && 'code' in fault ? String(fault.code) : 'unknown');
const roleOf = async (client: pg.Client): Promise<string> => {
  const { rows } = await client.query<{ login: string }>('SELECT session_user AS login');
  return `${rows[0]?.login}_running`;
};

/** Whether connections under that address have the role, and it may write the trail: asked of the server, for a pooler between may know better. */
const isUsed = async (url: string, role: string): Promise<string | null> => {
  try {
    return await connected(url, async (client) => {
      const { rows } = await client.query<{ is_it: boolean }>(
        `SELECT current_user = $1 AND has_any_column_privilege('audit', 'INSERT') AND has_schema_privilege('${QUEUE}', 'USAGE')
                AND NOT has_table_privilege('audit', 'UPDATE') AS is_it`,
        [role],
      );
      return rows[0]?.is_it === true ? null : `${role} is not what connections become`;
    });
  } catch (fault) {
    return `connections as ${role} are refused (${sqlstate(fault)})`;
  }
};

/** The address for connections of a running broker beside one that has prepared it: for workers and commands. Changes nothing. */
export const runningOn = async (ownerUrl: string, isOwn: boolean): Promise<Running> => {
  const role = await connected(ownerUrl, roleOf);
  if (!PLAIN.test(role)) return { url: ownerUrl, because: 'the name of the login is no plain word' };
  const url = urlFor(ownerUrl, role, isOwn);
  const because = await isUsed(url, role);
  return because === null ? { url, because } : { url: ownerUrl, because };
};

/**
 * Makes the role of a running broker, `LOGIN_running`, in the database that is migrated, or finds it there, and grants it what it needs: everything but
 * the trail to read and write, the trail to read and add to. `isOwn`: the broker's own cluster. Where the login may not, its own address is answered.
 */
export const prepareRunning = async (ownerUrl: string, isOwn: boolean): Promise<Running> => {
  try {
    await connected(ownerUrl, async (client) => {
      const role = await roleOf(client);
      if (!PLAIN.test(role)) return;
      await makeRole(client, role, isOwn ? passwordOf(ownerUrl) : null);
      await grant(client, role);
    });
  } catch (fault) {
    return { url: ownerUrl, because: `the login may not make or grant it (${sqlstate(fault)})` };
  }
  return runningOn(ownerUrl, isOwn);
};

/** Another process may make it at the same moment: in this database or in another of the server. */
const MADE = ['42710', '23505'];

async function makeRole(client: pg.Client, role: string, password: string | null): Promise<void> {
  const found = async () =>
    (
      await client.query<{ is_member: boolean; may_log_in: boolean }>(
        // Since 16 whoever makes a role may grant it, and not set it.
        `SELECT CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN pg_has_role(oid, 'SET') ELSE pg_has_role(oid, 'MEMBER') END AS is_member,
              rolcanlogin AS may_log_in FROM pg_roles WHERE rolname = $1`,
        [role],
      )
    ).rows[0];
  if ((await found()) === undefined)
    await client.query(`CREATE ROLE ${quoted(role)} NOLOGIN`).catch((fault: unknown) => {
      if (!MADE.includes(sqlstate(fault))) throw fault;
    });
  const one = await found();
  if (one?.is_member !== true) await client.query(`GRANT ${quoted(role)} TO CURRENT_USER`);
  // Base64url: nothing in it to be quoted.
  if (password !== null && one?.may_log_in !== true) await client.query(`ALTER ROLE ${quoted(role)} LOGIN PASSWORD '${password}'`);
}

/** All of it each time: what a migration, of the queue's too, has added since is among it. */
async function grant(client: pg.Client, role: string): Promise<void> {
  const to = quoted(role);
  const { rows } = await client.query<{ name: string }>('SELECT quote_ident(current_schema()) AS name');
  const schemas = `${rows[0]?.name}, ${QUEUE}`;
  await client.query('BEGIN');
  try {
    // Rows of the catalogue are changed by one at a time.
    await client.query('SELECT pg_advisory_xact_lock(9, 2)');
    await client.query(`GRANT USAGE ON SCHEMA ${schemas} TO ${to}`);
    // BullMQ makes a sequence for each queue when its first job comes.
    await client.query(`GRANT CREATE ON SCHEMA ${QUEUE} TO ${to}`);
    await client.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schemas} TO ${to}`);
    await client.query(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schemas} TO ${to}`);
    for (const sql of await trailGrants(client, to)) await client.query(sql);
    await client.query('COMMIT');
  } catch (fault) {
    await client.query('ROLLBACK');
    throw fault;
  }
}
