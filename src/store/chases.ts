import { desired } from '../decide/desired.ts';
import { owedCopies } from '../decide/owed.ts';
import type { Instant } from '../model/instant.ts';
import type { RecipientKind } from '../model/kind.ts';
import { factsOf, lookAtKeys } from './look.ts';
import { type Sql, statement } from './pool.ts';

/** A recall that was begun, and that nobody has answered yet. Ids only: neither the person nor the plan is named. */
export interface Chase {
  readonly key: string;
  readonly recipient: { readonly ods: string; readonly kind: RecipientKind; readonly service: string };
  /** Under which the recipient knows the plan. */
  readonly disclosure: string;
  readonly publisher: string;
  readonly channel: string;
  readonly since: Instant;
  /** Attempts without an answer, in a row. */
  readonly failures: number;
  /** Documents that may still lie there; none of what was read. */
  readonly documents: readonly string[];
}

/** Where a page ends. */
export interface ChasePlace {
  readonly since: number;
  readonly key: string;
}
const FIRST: ChasePlace = { since: 0, key: '00000000-0000-0000-0000-000000000000' };

const begun = statement<[number, string, number], { id: string; since: number }>(
  'recalls-begun',
  `SELECT id, recall_since AS since FROM ledger_key WHERE recall_since IS NOT NULL AND (recall_since, id) > ($1::double precision, $2::uuid)
    ORDER BY recall_since, id LIMIT $3`,
);

/**
 * One page of the chases, the oldest first, each decided anew: where the plan may be held again, nothing is asked back any more. `next` is where the
 * following page begins; null after the last.
 */
export async function chases(
  sql: Sql,
  { after = FIRST, count }: { readonly after?: ChasePlace; readonly count: number },
): Promise<{ readonly chases: readonly Chase[]; readonly next: ChasePlace | null }> {
  const found = await begun(sql, after.since, after.key, count);
  const rows = new Map(
    (
      await lookAtKeys(
        sql,
        found.map(({ id }) => id),
      )
    ).map((row) => [row.key_id, row]),
  );
  const owed = found.flatMap(({ id, since }): readonly Chase[] => {
    const row = rows.get(id);
    if (row === undefined) return [];
    const facts = factsOf(row, row.destination);
    const copies = owedCopies(desired(facts, Number(row.now)), row.state, row.destination);
    if (copies.length === 0) return [];
    const documents = [...new Set(copies.map((copy) => copy.documentId).filter((document) => document !== ''))];
    const recipient = { ods: row.ods, kind: row.kind, service: row.recipient_id };
    const { channel } = row.destination;
    return [
      {
        key: id,
        recipient,
        disclosure: row.disclosure_id,
        publisher: row.publisher,
        channel,
        since,
        failures: row.state.failures,
        documents,
      },
    ];
  });
  const last = found.length === count ? found.at(-1) : undefined;
  return { chases: owed, next: last === undefined ? null : { since: last.since, key: last.id } };
}

/** Keys that are looked at to find the oldest chase: of those before it that are none, the plan may be held again. */
const MOST_LOOKED_AT = 500;
const PAGE = 50;

/** When the oldest recall that is owed was begun; null where none is. */
export async function oldestChase(sql: Sql): Promise<Instant | null> {
  let after = FIRST;
  for (let seen = 0; seen < MOST_LOOKED_AT; seen += PAGE) {
    const page = await chases(sql, { after, count: PAGE });
    const [first] = page.chases;
    if (first !== undefined) return first.since;
    if (page.next === null) return null;
    after = page.next;
  }
  return after.since;
}
