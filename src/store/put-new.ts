import { randomUUID } from 'node:crypto';
import type { Resource } from '@medplum/fhirtypes';
import type pg from 'pg';
import type { Stored } from './door.ts';
import { passKeys } from './keys/keys-of.ts';
import { OPEN_TYPES, type SealedBody, sealBodies, STORED_AT } from './keys/sealed-body.ts';
import { type Sql, statement } from './pool.ts';
import { blindedRows } from './search/blinded-rows.ts';

/** A resource that is not there yet. */
export interface New {
  readonly resource: Resource;
  readonly id: string;
  readonly owner: string;
  /** The kind of service that writes it. */
  readonly service: string;
  /** The Patient whose record it hangs on, by its id: it is stored only where the same owner wrote that one. Null where none is asked for. */
  readonly patient: string | null;
  /** When it is stored; null is the moment at which it is. */
  readonly at: Date | null;
}

const putNewResources = statement<[string], { readonly place: number; readonly stored: Date }>(
  'put-new-resources',
  // As JSON, which is planned once: of arrays PostgreSQL counts the elements, and plans anew.
  `WITH moment AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS now),
   sent AS MATERIALIZED (
     SELECT one.*, CASE WHEN sealed_by IS NULL THEN before || to_char(stored AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || after ELSE before END AS body
       FROM (SELECT sent.*, coalesce(sent.moment, moment.now) AS stored FROM moment, json_to_recordset($1) AS sent(
               place integer, moment timestamptz, type text, id text, owner text, service text, patient text, before text, after text, sealed_by text,
               searcher text, tokens json, strings json, dates json)) one
      WHERE patient IS NULL OR EXISTS (SELECT FROM patient_fact p WHERE p.patient_id = one.patient AND p.owner = one.owner)),
   newest AS (INSERT INTO resource (type, id, version, owner, service, updated_at, body, sealed_by)
              SELECT type, id, 1, owner, service, stored, body, sealed_by FROM sent RETURNING type, id, serial),
   kept AS (INSERT INTO resource_version (type, id, version, owner, service, updated_at, body, sealed_by)
            SELECT type, id, 1, owner, service, stored, body, sealed_by FROM sent),
   found AS (SELECT newest.serial, sent.* FROM newest JOIN sent USING (type, id)),
   tokens AS (INSERT INTO resource_token (type, owner, serial, param, token)
              SELECT type, searcher, serial, param, token FROM found, json_to_recordset(tokens) AS row(param text, token text)),
   strings AS (INSERT INTO resource_string (type, owner, serial, param, value, exact)
               SELECT type, searcher, serial, param, value, exact FROM found, json_to_recordset(strings) AS row(param text, value text, exact text)),
   dates AS (INSERT INTO resource_date (type, owner, serial, param, low, high)
             SELECT type, searcher, serial, param, low, high FROM found, json_to_recordset(dates) AS row(param text, low bigint, high bigint))
   SELECT place, stored FROM sent`,
);

/** Stands in a text that lies open for the moment at which it is stored, until the database says it; nobody else knows it. */
const MOMENT = randomUUID();

const bodyOf = ({ resource, id }: New, lastUpdated: string): Resource => ({
  ...resource,
  id,
  meta: { ...resource.meta, versionId: '1', lastUpdated },
});

/** What is written open holds the moment between two parts; what is sealed is opened with it. */
const textOf = (one: New): string => JSON.stringify(bodyOf(one, OPEN_TYPES.includes(one.resource.resourceType) ? MOMENT : STORED_AT));

const rowOf = (sql: Sql, one: New, { body, sealedBy }: SealedBody, place: number): object => {
  const [before, after, ...more] = sealedBy === null ? body.split(MOMENT) : [body, ''];
  if (after === undefined || more.length > 0) throw new Error('a text has one moment');
  const { resource, id, owner, service, patient, at } = one;
  const named = { type: resource.resourceType, id, owner, service, patient, sealed_by: sealedBy };
  return { place, moment: at, ...named, before, after, ...blindedRows(sql, resource, owner) };
};

/**
 * Stores resources that are not there yet, each as its first version, in one statement: their text, their version, and what they are found by.
 * Null in the place of one whose patient is not its owner's. The caller has checked everything else, and nobody else can name their ids.
 */
export const putNew = async (sql: Sql, all: readonly New[]): Promise<readonly (Stored | null)[]> => {
  const bodies = await sealBodies(
    sql,
    all.map((one) => ({ resource: one.resource, id: one.id, version: 1, owner: one.owner, text: textOf(one) })),
  );
  const sent = all.flatMap((one, place) => {
    const body = bodies[place];
    return body === undefined ? [] : [rowOf(sql, one, body, place)];
  });
  const rows = await putNewResources(sql, JSON.stringify(sent));
  const moments = new Map(rows.map(({ place, stored }) => [place, stored]));
  return all.map((one, place) => {
    const moment = moments.get(place);
    if (moment === undefined) return null;
    return storedAt(one, moment);
  });
};

const storedAt = (one: New, moment: Date): Stored => {
  const { resource, id, owner, service } = one;
  return {
    type: resource.resourceType,
    id,
    version: 1,
    owner,
    service,
    updatedAt: moment.getTime(),
    body: bodyOf(one, moment.toISOString()),
  };
};

/**
 * New resources of one transaction that wait to be stored together: before anything else is done in it, and before its end. Nothing can
 * be wrong with them any more, so each is answered at once.
 */
export class WaitingToBePut {
  readonly #sql: Sql;
  #waiting: readonly New[] = [];

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The same connection, on which whatever is asked is asked after those that wait are stored. */
  before(client: pg.PoolClient): pg.PoolClient {
    const after = new Proxy(client, {
      get: (target, name) =>
        name === 'query'
          ? async (...asked: readonly unknown[]) => {
              await this.all();
              return Reflect.apply(target.query, target, asked);
            }
          : Reflect.get(target, name),
    });
    passKeys(client, after);
    return after;
  }

  /** One that hangs on nothing: it waits. */
  later(one: New & { readonly at: Date; readonly patient: null }): Stored {
    this.#waiting = [...this.#waiting, one];
    return storedAt(one, one.at);
  }

  /** One that may not be stored, with those that wait; null where it may not. */
  async now(one: New): Promise<Stored | null> {
    const all = [...this.#waiting, one];
    this.#waiting = [];
    return (await putNew(this.#sql, all)).at(-1) ?? null;
  }

  /** Leaves out those that wait: what they were a part of is undone. */
  forget(): void {
    this.#waiting = [];
  }

  /** Stores those that wait. */
  async all(): Promise<void> {
    const all = this.#waiting;
    this.#waiting = [];
    if (all.length > 0) await putNew(this.#sql, all);
  }
}
