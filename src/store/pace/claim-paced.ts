import type pg from 'pg';
import { type ClaimedKey, settleOpenDelivery } from '../claim.ts';
import { statement } from '../pool.ts';

/** What is asked of a paced recipient. */
export interface PacedAsk {
  readonly recipientId: string;
  /** 1 where it takes one message after another; null leaves it to what it declares. */
  readonly places: number | null;
  readonly most: number;
  /** Claims of before of which nothing left, by what they were for: their tokens and probes are given back. */
  readonly unused: { readonly send: number; readonly recall: number };
  /** Whose websockets it may claim keys at; left out: nobody's. */
  readonly processId?: string;
}

/** Milliseconds, all of them. */
export interface PacedLimits {
  readonly lease: number;
  readonly probeEvery: number;
  readonly recallEvery: number;
}

/** What was claimed, and after how many milliseconds it is worth asking again; null where nothing was held back. */
export interface PacedClaims {
  readonly claims: readonly ClaimedKey[];
  readonly wait: number | null;
}

interface Answer {
  readonly claims: readonly {
    readonly id: string;
    readonly fence: number;
    readonly open: string | null;
    readonly may: ClaimedKey['may'];
  }[];
  readonly wait: number | null;
}
const claimPaced = statement<[string, number | null, number, number, number, number, number, number, string | null], { answer: Answer }>(
  'claim-paced',
  `SELECT claim_paced($1, $2, $3, $4 * interval '1 millisecond', $5, $6, $7 * interval '1 millisecond', $8 * interval '1 millisecond', $9::uuid) AS answer`,
);

/** Claims due keys of a recipient within its pace over all workers, in one statement (0097-websockets.sql). */
export async function claimWithinPace(
  pool: pg.Pool,
  { recipientId, places, most, unused, processId }: PacedAsk,
  { lease, probeEvery, recallEvery }: PacedLimits,
  settleOpen: boolean,
): Promise<PacedClaims> {
  const [row] = await claimPaced(
    pool,
    recipientId,
    places,
    most,
    lease,
    unused.send,
    unused.recall,
    probeEvery,
    recallEvery,
    processId ?? null,
  );
  if (row === undefined) throw new Error('a claim was not answered');
  const { claims, wait } = row.answer;
  for (const { id, fence, open } of claims) if (settleOpen && open !== null) await settleOpenDelivery(pool, { id, fence: String(fence) });
  return { claims: claims.map(({ id, fence, may }) => ({ keyId: id, recipientId, fence, may })), wait };
}
