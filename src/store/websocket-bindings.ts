import type { Subscription } from '@medplum/fhirtypes';
import type { BindingEnd } from '../model/websocket.ts';
import { type Sql, statement } from './pool.ts';
import { openHeaders, type SealedSubscribed } from './keys/sealed-headers.ts';
import { readResource } from './resources.ts';
import type { Handshake, Subscribed } from './subscriptions.ts';
import type { Destination } from '../model/recipient.ts';
import { GIVEN_BACK, IN_AGREEMENT, KEYS } from './websocket-tokens.ts';

/** For how long a process counts as alive after it said so: its sockets are its own for so long after it was killed. */
const ALIVE_MS = 10_000;

/** Whether the client `c` of a binding `b` is out: suspended, with other keys, or with the access token given back by which it was bound. */
const NO_ACCESS = `(c.id IS NULL OR c.suspended_at IS NOT NULL OR ${KEYS} <> b.client_keys OR ${GIVEN_BACK('b.access_jti')})`;

const alive = statement<[string, number], never>(
  'websocket-process-alive',
  `WITH gone AS (DELETE FROM websocket_process WHERE alive_until < clock_timestamp() - interval '1 day')
   INSERT INTO websocket_process (id, alive_until) VALUES ($1, clock_timestamp() + $2 * interval '1 millisecond')
   ON CONFLICT (id) DO UPDATE SET alive_until = excluded.alive_until`,
);
const ends = statement<[string, readonly string[]], { id: string; because: BindingEnd }>(
  'websocket-bindings-ended',
  `SELECT asked.id, CASE WHEN b.process_id IS DISTINCT FROM $1::uuid THEN 'taken'
                         WHEN d.is_off THEN 'off'
                         WHEN ${NO_ACCESS} THEN 'revoked'
                         WHEN b.ends_at <= clock_timestamp() THEN 'expired'
                         ELSE 'no-agreement' END AS because
     FROM unnest($2::uuid[]) AS asked(id) LEFT JOIN websocket_binding b ON b.binding_id = asked.id
     LEFT JOIN destination d ON d.id = b.destination_id LEFT JOIN access_client c ON c.id = b.client_id
    WHERE b.process_id IS DISTINCT FROM $1::uuid OR b.ends_at <= clock_timestamp() OR d.is_off
       OR ${NO_ACCESS} OR NOT ${IN_AGREEMENT}`,
);
const ofClient = statement<[string], { n: number }>(
  'websockets-of-client',
  `SELECT count(DISTINCT b.socket_id)::integer AS n FROM websocket_binding b JOIN websocket_process p ON p.id = b.process_id AND p.alive_until > clock_timestamp()
    WHERE b.client_id = $1`,
);
const leave = statement<[readonly string[]], never>(
  'leave-websockets',
  'UPDATE websocket_binding SET process_id = NULL, left_at = clock_timestamp() WHERE binding_id = ANY ($1::uuid[])',
);
const leaveAll = statement<[string], never>(
  'leave-all-websockets',
  `WITH gone AS (DELETE FROM websocket_process WHERE id = $1)
   UPDATE websocket_binding SET process_id = NULL, left_at = clock_timestamp() WHERE process_id = $1`,
);
const FREE = '(k.lease_until IS NULL OR k.lease_until <= statement_timestamp())';
const waiting = statement<[string, number], { recipient_id: string }>(
  'due-at-own-websockets',
  // By the indexes of what is due, and of what is held: along the keys of a destination it takes ten times as long (2,000 sockets with 50 keys each: 137 ms, and 11).
  `SELECT DISTINCT d.recipient_id FROM websocket_binding b JOIN destination d ON d.id = b.destination_id AND d.waits_for_socket
    WHERE b.process_id = $1 AND b.is_shaken
      AND (EXISTS (SELECT FROM ledger_key k WHERE k.recipient_id = d.recipient_id AND k.rank IN (0, 1, 2) AND k.destination_id = d.id
                    AND k.look_at <= statement_timestamp() - $2 * interval '1 millisecond' AND ${FREE})
        OR EXISTS (SELECT FROM ledger_key k WHERE k.recipient_id = d.recipient_id AND k.held AND k.destination_id = d.id AND ${FREE})
           AND NOT EXISTS (SELECT FROM pace p WHERE p.recipient_id = d.recipient_id AND p.holds))`,
);
const shaking = statement<
  [string, readonly string[] | null],
  { id: string; binding_id: string; destination: Destination; subscription: SealedSubscribed<Subscribed['content']> }
>(
  'handshakes-on-websockets',
  `SELECT d.id, b.binding_id, d.facts AS destination, d.subscription FROM websocket_binding b JOIN destination d ON d.id = b.destination_id
    WHERE b.process_id = $1 AND CASE WHEN $2::text[] IS NULL THEN d.handshake_due ELSE d.id = ANY ($2) END`,
);
const shaken = statement<[string, string], never>(
  'websocket-shaken',
  'UPDATE websocket_binding SET is_shaken = true WHERE destination_id = $1 AND process_id = $2',
);
const silent = statement<[number], { id: string }>(
  'silent-websockets',
  `SELECT d.id FROM destination d LEFT JOIN websocket_binding b ON b.destination_id = d.id LEFT JOIN websocket_process p ON p.id = b.process_id
    WHERE d.waits_for_socket AND NOT coalesce(p.alive_until > clock_timestamp(), false)
      AND (NOT ${IN_AGREEMENT} OR coalesce(b.left_at, p.alive_until, '-infinity') <= clock_timestamp() - $1 * interval '1 millisecond')
      AND EXISTS (SELECT FROM ledger_key k WHERE k.destination_id = d.id AND k.look_at <= clock_timestamp()
                     AND (NOT ${IN_AGREEMENT} OR k.look_at <= clock_timestamp() - $1 * interval '1 millisecond'))
    LIMIT 100`,
);

/** This process lives, and so its bindings are its own. */
export const noteAlive = async (sql: Sql, processId: string): Promise<void> => void (await alive(sql, processId, ALIVE_MS));

/** Which of a process's bindings are over, and why: asked again and again, for the right to one may end at any time. */
export const bindingsEnded = (sql: Sql, processId: string, bindingIds: readonly string[]) => ends(sql, processId, bindingIds);

/** How many sockets a client has that are bound, over all processes that are alive. */
export const socketsOfClient = async (sql: Sql, clientId: string): Promise<number> => (await ofClient(sql, clientId))[0]?.n ?? 0;

/** Sockets have gone: what was bound there waits for the next. */
export const leaveSockets = async (sql: Sql, bindingIds: readonly string[]): Promise<void> => void (await leave(sql, bindingIds));

/** A process stops: it has no socket any more. */
export const leaveAllSockets = async (sql: Sql, processId: string): Promise<void> => void (await leaveAll(sql, processId));

/** Recipients with something due at a process's own sockets, for longer than `forMs`: no worker that could have sent it was woken. */
export const dueAtSockets = async (sql: Sql, processId: string, forMs: number): Promise<readonly string[]> =>
  (await waiting(sql, processId, forMs)).map((row) => row.recipient_id);

/** A handshake on a socket, by the binding that it is for. */
export interface SocketHandshake extends Handshake {
  readonly bindingId: string;
  readonly status: Subscription['status'];
}

/** Handshakes to be made on a process's sockets: of these Subscriptions; with null of all that wait for one. */
export async function socketHandshakes(sql: Sql, processId: string, ids: readonly string[] | null): Promise<readonly SocketHandshake[]> {
  const made: SocketHandshake[] = [];
  for (const { id, binding_id: bindingId, destination, subscription } of await shaking(sql, processId, ids)) {
    const stored = await readResource(sql, 'Subscription', id);
    if (stored?.body.resourceType !== 'Subscription') continue;
    const { content } = subscription;
    made.push({
      bindingId,
      destination,
      subscription: { content, headers: openHeaders(sql, id, subscription) },
      version: stored.version,
      status: stored.body.status,
    });
  }
  return made;
}

/** The handshake of a Subscription was answered on a process's socket: what waits for it may be told there. */
export const noteShaken = async (sql: Sql, processId: string, subscriptionId: string): Promise<void> =>
  void (await shaken(sql, subscriptionId, processId));

/** Subscriptions that are on no socket although something has been due there for `forMs`, or may never be on one again: nobody is told. */
export const silentSubscriptions = async (sql: Sql, forMs: number): Promise<readonly string[]> =>
  (await silent(sql, forMs)).map((row) => row.id);
