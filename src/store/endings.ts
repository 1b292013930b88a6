import type pg from 'pg';
import type { EndingItem, EndingProgress, RecallAttempt } from '../model/ending.ts';
import type { Principal } from '../model/principal.ts';
import type { NamedRecipient } from '../model/sharing.ts';
import { statement } from './pool.ts';

/** Where a page of proof ends. */
export interface EndingPlace {
  readonly recipientId: string;
  readonly keyId: string;
}

/** Keys on one page of proof at most. */
export const MOST_ITEMS = 1_000;

type Named = Omit<NamedRecipient, 'name'> & { readonly name: string | null };

const NAMED = `json_build_object('id', r.id, 'ods', r.ods, 'kind', r.kind, 'retains', r.retains, 'areas', r.areas, 'name', (
  SELECT o.body::jsonb->>'name' FROM resource_token t JOIN resource o ON o.serial = t.serial
   WHERE t.type = 'Organization' AND t.param = 'identifier' AND t.token = 'https://fhir.nhs.uk/Id/ods-organization-code|' || r.ods LIMIT 1)) AS recipient`;
/** Whether content is believed to lie there: a recall that may still arrive carries none. */
const HOLDS = `k.state @? '$.copies[*] ? (@.effect != null)'`;

interface Counts {
  readonly recipient: Named;
  readonly barrier: Date;
  readonly covered: string;
  readonly waiting: string;
  readonly asked: string;
  readonly acknowledged: string;
  readonly chased: string;
  readonly refused: string;
  readonly unknown: string;
  readonly ended: string;
  readonly kept: string;
  readonly completed_at: Date | null;
}
// Key by key, along the indexes that deliveries need too: another would be written by each of them. What was asked before the end was asked for another reason.
const counted = statement<[string, string], Counts>(
  'ending-progress',
  `SELECT ${NAMED}, e.ended_at AS barrier, c.covered, c.waiting, c.asked, c.acknowledged, c.chased, c.refused, c.unknown, c.ended, c.kept,
          CASE WHEN c.ended = c.covered THEN c.last_answer END AS completed_at
     FROM ended_for($1, $2) e JOIN recipient r ON r.id = e.recipient_id
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE one.attempts > 0 OR one.holds AND NOT e.agreed_elsewhere) AS covered,
             count(*) FILTER (WHERE one.attempts = 0 AND one.holds AND NOT e.agreed_elsewhere) AS waiting,
             count(*) FILTER (WHERE one.attempts = 0 AND one.holds AND e.agreed_elsewhere) AS kept,
             count(*) FILTER (WHERE one.attempts > 0) AS asked,
             count(*) FILTER (WHERE one.attempts > 1) AS chased,
             count(*) FILTER (WHERE one.last = 'accepted') AS acknowledged,
             count(*) FILTER (WHERE one.last = 'refused') AS refused,
             count(*) FILTER (WHERE one.last IN ('open', 'unknown')) AS unknown,
             count(*) FILTER (WHERE one.attempts > 0 AND NOT one.holds) AS ended,
             max(one.answered) AS last_answer
        FROM (SELECT ${HOLDS} AS holds, d.attempts, d.last, d.answered
                FROM ledger_key k JOIN plan p ON p.id = k.plan_id AND p.publisher = $2
               CROSS JOIN LATERAL (
                 SELECT count(*) AS attempts, (array_agg(a.outcome ORDER BY a.serial DESC))[1] AS last,
                        max(a.settled_at) FILTER (WHERE a.outcome = 'accepted') AS answered
                   FROM delivery a WHERE a.key_id = k.id AND a.action = 'recall' AND a.begun_at >= e.ended_at) d
               WHERE k.recipient_id = e.recipient_id) one) c
    ORDER BY r.ods, r.id`,
);

interface ItemRow {
  readonly recipient: Named;
  readonly key_id: string;
  readonly care_plan_id: string | null;
  readonly disclosure_id: string;
  readonly holds: boolean;
  readonly sent: { readonly document: string; readonly sequence: string; readonly at: number } | null;
  readonly recalls: readonly RecallAttempt[] | null;
}
const MS = (column: string): string => `floor(extract(epoch FROM ${column}) * 1000)`;
const items = statement<[string, string, string, string, number], ItemRow>(
  'ending-proof',
  `SELECT ${NAMED}, one.id AS key_id, one.disclosure_id, one.holds, one.recalls,
          (SELECT v.care_plan_id FROM approved_version v WHERE v.plan_id = one.plan_id ORDER BY v.number DESC LIMIT 1) AS care_plan_id,
          (SELECT json_build_object('document', d.document_id, 'sequence', d.epoch || '.' || d.count, 'at', ${MS('d.begun_at')})
             FROM delivery d WHERE d.key_id = one.id AND d.action = 'update' AND d.begun_at < one.ended_at ORDER BY d.serial DESC LIMIT 1) AS sent
     FROM (SELECT k.id, k.recipient_id, k.plan_id, k.disclosure_id, place.ended_at, k.holds, d.recalls
             FROM (SELECT k.id, k.recipient_id, e.ended_at, e.agreed_elsewhere
                     FROM ended_for($1, $2) e JOIN ledger_key k ON k.recipient_id = e.recipient_id JOIN plan p ON p.id = k.plan_id AND p.publisher = $2
                    WHERE (k.recipient_id, k.id) > ($3, $4::uuid) ORDER BY k.recipient_id, k.id OFFSET 0) place
            CROSS JOIN LATERAL (SELECT k.*, ${HOLDS} AS holds FROM ledger_key k WHERE k.id = place.id OFFSET 0) k
            CROSS JOIN LATERAL (
              SELECT json_agg(json_build_object('document', a.document_id, 'sequence', a.epoch || '.' || a.count, 'askedAt', ${MS('a.begun_at')},
                       'outcome', a.outcome, 'because', a.because, 'answeredAt', ${MS('a.settled_at')}) ORDER BY a.serial) AS recalls
                FROM delivery a WHERE a.key_id = k.id AND a.action = 'recall' AND a.begun_at >= place.ended_at OFFSET 0) d
            WHERE d.recalls IS NOT NULL OR k.holds AND NOT place.agreed_elsewhere
            ORDER BY place.recipient_id, place.id LIMIT $5) one
     JOIN recipient r ON r.id = one.recipient_id ORDER BY one.recipient_id, one.id`,
);
const leaveTrail = statement<[string, string, string | null, string], never>(
  'trail-of-ending',
  `INSERT INTO audit (event, organization, kind, caller, about) VALUES ('ending', $1, $2, $3, $4)`,
);

const onRecord = (pool: pg.Pool, { organization, kind, user }: Principal, contractId: string) =>
  leaveTrail(pool, organization, kind, user, `Contract/${contractId}`);
const named = ({ name, ...recipient }: Named): NamedRecipient => ({ ...recipient, name: name ?? recipient.ods });

/** How far what an agreement covered has been given up since it ended, service by service; none while it is in force. On record before it answers. */
export async function endingProgress(pool: pg.Pool, principal: Principal, contractId: string): Promise<readonly EndingProgress[]> {
  const rows = await counted(pool, contractId, principal.organization);
  await onRecord(pool, principal, contractId);
  return rows.map(({ recipient, barrier, completed_at, covered, waiting, asked, acknowledged, chased, refused, unknown, ended, kept }) => ({
    recipient: named(recipient),
    barrier: barrier.getTime(),
    covered: Number(covered),
    waiting: Number(waiting),
    asked: Number(asked),
    acknowledged: Number(acknowledged),
    chased: Number(chased),
    refused: Number(refused),
    unknown: Number(unknown),
    ended: Number(ended),
    kept: Number(kept),
    completedAt: completed_at?.getTime() ?? null,
  }));
}

/** The same key by key: what was sent, how it was asked back, and what the recipient said. On record before it answers. */
export async function endingProof(
  pool: pg.Pool,
  principal: Principal,
  contractId: string,
  { after, count }: { readonly after: EndingPlace | null; readonly count: number },
): Promise<{ readonly items: readonly EndingItem[]; readonly next: EndingPlace | null }> {
  const { recipientId, keyId } = after ?? { recipientId: '', keyId: '00000000-0000-0000-0000-000000000000' };
  const rows = await items(pool, contractId, principal.organization, recipientId, keyId, count + 1);
  await onRecord(pool, principal, contractId);
  const page = rows.slice(0, count);
  const last = rows.length > count ? page.at(-1) : undefined;
  return {
    items: page.map(({ recipient, care_plan_id, disclosure_id, sent, recalls, holds }) => ({
      recipient: named(recipient),
      carePlanId: care_plan_id,
      disclosureId: disclosure_id,
      sent,
      recalls: recalls ?? [],
      isHeld: holds,
    })),
    next: last === undefined ? null : { recipientId: last.recipient.id, keyId: last.key_id },
  };
}
