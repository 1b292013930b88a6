import { randomUUID } from 'node:crypto';
import type { Hl7Sender } from '../../model/hl7-sender.ts';
import type { RecipientKind } from '../../model/kind.ts';
import { type Sql, statement } from '../pool.ts';

interface Row {
  readonly id: string;
  readonly organization: string;
  readonly kind: RecipientKind;
  readonly application: string | null;
  readonly fingerprint: string;
  readonly created_at: Date;
  readonly suspended_at: Date | null;
}

const COLUMNS = 'id, organization, kind, application, fingerprint, created_at, suspended_at';

const toSender = ({ created_at, suspended_at, ...row }: Row): Hl7Sender => ({
  ...row,
  createdAt: created_at.getTime(),
  suspendedAt: suspended_at?.getTime() ?? null,
});
const firstOf = ([row]: readonly Row[]): Hl7Sender | null => (row === undefined ? null : toSender(row));

// The one that names the application is closer to the case than the one that takes any; one that is suspended is not gone round by the other.
const one = statement<[string, string, string], Row>(
  'hl7-sender',
  `SELECT ${COLUMNS} FROM hl7_sender WHERE fingerprint = $1 AND organization = $2 AND (application IS NULL OR application = $3)
    ORDER BY application IS NULL LIMIT 1`,
);
const all = statement<[], Row>('hl7-senders', `SELECT ${COLUMNS} FROM hl7_sender ORDER BY organization, kind, created_at, id`);
const add = statement<[string, string, string, string | null, string], Row>(
  'add-hl7-sender',
  `INSERT INTO hl7_sender (id, organization, kind, application, fingerprint) VALUES ($1, $2, $3, $4, $5)
   ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
);
const suspend = statement<[string, boolean], Row>(
  'suspend-hl7-sender',
  `UPDATE hl7_sender SET suspended_at = CASE WHEN $2 THEN coalesce(suspended_at, clock_timestamp()) END WHERE id = $1 RETURNING ${COLUMNS}`,
);

/** Who speaks under a certificate for a facility, from an application; null for nobody, and for one that is suspended. */
export const findHl7Sender = async (
  sql: Sql,
  fingerprint: string,
  organization: string,
  application: string,
): Promise<Hl7Sender | null> => {
  const found = firstOf(await one(sql, fingerprint, organization, application));
  return found === null || found.suspendedAt !== null ? null : found;
};

/** Every sender, by organisation and kind. */
export const listHl7Senders = async (sql: Sql): Promise<readonly Hl7Sender[]> => (await all(sql)).map(toSender);

/** A new sender, with an id of its own; null where this certificate speaks for that facility and application already. */
export const addHl7Sender = async (
  sql: Sql,
  { organization, kind, application, fingerprint }: Pick<Hl7Sender, 'organization' | 'kind' | 'application' | 'fingerprint'>,
): Promise<Hl7Sender | null> => firstOf(await add(sql, randomUUID(), organization, kind, application, fingerprint));

/** Shuts a sender out from its next message on, or lets it in again; null where there is none. */
export const suspendHl7Sender = async (sql: Sql, id: string, isSuspended: boolean): Promise<Hl7Sender | null> =>
  firstOf(await suspend(sql, id, isSuspended));
