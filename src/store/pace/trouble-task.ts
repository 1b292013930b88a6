import type { Breaker } from '../../decide/breaker.ts';
import type { Sql } from '../pool.ts';
import { recipientIsWell, tellOfRecipient } from './recipient-task.ts';

const instant = (at: number | null): string => (at === null ? 'a moment ago' : new Date(at).toISOString());

/** A breaker has opened: who, what, since when, and what to do. Inside the transaction that opens it. */
export const tellOfTrouble = (
  tx: Sql,
  {
    recipientId,
    operator,
    breaker,
    probeEvery,
  }: { readonly recipientId: string; readonly operator: string; readonly breaker: Breaker; readonly probeEvery: number },
): Promise<void> =>
  tellOfRecipient(
    tx,
    { recipientId, operator, matter: 'recipient-in-trouble' },
    {
      what: `since ${instant(breaker.since)} ${breaker.troubles} deliveries in a row had no answer that counts, the last: ${breaker.because ?? 'unknown'}. Updates of plans wait; recalls are still tried, slowly.`,
      todo: `Ask them whether their system runs, and check its Endpoint (address, credentials). One delivery is tried about every ${Math.ceil(probeEvery / 1_000)} s: once it is answered all go on by themselves, and this Task is closed. If it is to stay down: broker recipient pause ${recipientId} --reason TEXT`,
    },
  );

/** The recipient answers as before. Inside the transaction that closes its breaker. */
export const troubleIsOver = (tx: Sql, of: { readonly recipientId: string; readonly operator: string }): Promise<void> =>
  recipientIsWell(tx, { ...of, matter: 'recipient-in-trouble' });
