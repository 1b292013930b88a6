import { expect, test } from '@jest/globals';
import { desired } from '../../src/decide/desired.ts';
import { step } from '../../src/decide/step.ts';
import type { Attempt, Desired, Move, Outcome } from '../../src/model/ledger.ts';
import type { Claim, Look } from '../../src/reconcile/ports.ts';
import type { LedgerUnderTest } from './ledger-under-test.ts';

const ACCEPTED: Outcome = { kind: 'accepted', level: 'application' };
const REFUSED: Outcome = { kind: 'refused', because: 'http-422', retry: false };
const UNKNOWN: Outcome = { kind: 'unknown', because: 'timeout' };

const must = <T>(value: T | null, what: string): T => {
  if (value === null) throw new Error(`${what} was expected`);
  return value;
};

/** What every ledger promises: the same sentences on the one in memory and on PostgreSQL. Design section 2, "the ledger". */
export function ledgerContract<L extends Look>(open: () => Promise<LedgerUnderTest<L>>): void {
  const contract = (sentence: string, run: (it: LedgerUnderTest<L>) => Promise<void>): void => {
    test(sentence, async () => run(await open()));
  };
  const decide = (look: L): { want: Desired; move: Move } => {
    const want = desired(look.facts, look.now);
    const move = step(want, look.ledger, look.now, look.facts.destination);
    if (move.kind === 'rest') throw new Error('something was to be done');
    return { want, move };
  };
  const begin = async (it: LedgerUnderTest<L>, claim: Claim, look: L): Promise<Attempt | null> => {
    const { want, move } = decide(look);
    return it.ports.begin(claim, look, want, move);
  };
  const settle = (it: LedgerUnderTest<L>, claim: Claim, look: L, attempt: Attempt, outcome: Outcome): Promise<void> => {
    const { want } = decide(look);
    return it.ports.settle(claim, look, attempt, outcome, (ledger, now) => step(want, ledger, now, look.facts.destination));
  };
  /** Claim, look and begin. */
  const start = async (it: LedgerUnderTest<L>): Promise<{ claim: Claim; look: L; attempt: Attempt }> => {
    const claim = must(await it.claim(), 'a claim');
    const look = await it.ports.look(claim);
    return { claim, look, attempt: must(await begin(it, claim, look), 'an attempt') };
  };
  const deliver = async (it: LedgerUnderTest<L>, outcome: Outcome): Promise<void> => {
    const { claim, look, attempt } = await start(it);
    await settle(it, claim, look, attempt, outcome);
  };
  const nothingBegun = async (it: LedgerUnderTest<L>, run: () => Promise<Attempt | null>): Promise<void> => {
    const before = (await it.believed()).ledger;
    expect(await run()).toBeNull();
    const after = await it.believed();
    expect(after.ledger).toEqual(before);
    expect(after.isOpen).toBe(false);
  };

  contract('a key that was never looked at is due, and is claimed once', async (it) => {
    expect(await it.claim()).not.toBeNull();
    expect(await it.claim()).toBeNull();
  });

  contract('a lease that has expired can be claimed again, with a higher fence', async (it) => {
    const first = must(await it.claim(), 'a claim');
    await it.pass(it.lease + 20);
    const second = must(await it.claim(), 'a second claim');
    expect(second.fence).toBeGreaterThan(first.fence);
  });

  contract('I2: begin writes the copy down before the wire, as uncertain, with a time-limit', async (it) => {
    const { look, attempt } = await start(it);
    const { ledger, isOpen } = await it.believed();
    expect(isOpen).toBe(true);
    expect(ledger.copies).toMatchObject([
      { id: attempt.id, state: 'uncertain', documentId: attempt.documentId, sequence: attempt.sequence },
    ]);
    expect(ledger.last).toMatchObject({ id: attempt.id, outcome: 'open' });
    expect(attempt.sendBefore).toBeGreaterThan(look.now);
  });

  contract('what was accepted is held, and the key rests', async (it) => {
    await deliver(it, ACCEPTED);
    const { ledger, observed, generation, lookIn, isOpen } = await it.believed();
    expect(ledger.copies).toMatchObject([{ state: 'held', againAt: null }]);
    expect(isOpen).toBe(false);
    expect(observed).toBe(generation);
    expect(await it.claim()).toBeNull();
    // Never null while a copy exists.
    expect(must(lookIn, 'a look')).toBeGreaterThan(0);
  });

  contract('what was refused is not held; it is tried again after a back-off, and not before', async (it) => {
    await deliver(it, REFUSED);
    expect((await it.believed()).ledger).toMatchObject({ copies: [], failures: 1, last: { outcome: 'refused' } });
    expect(await it.claim()).toBeNull();
    await it.pass(it.backoffMax + 20);
    const { attempt } = await start(it);
    expect(attempt.action.retryOf).toBeNull();
  });

  contract(
    'I2: what is unknown may be held; its retry has the same ids, and what follows an acceptance forgets the failures',
    async (it) => {
      const first = await start(it);
      await settle(it, first.claim, first.look, first.attempt, UNKNOWN);
      const { ledger, lookIn } = await it.believed();
      expect(ledger).toMatchObject({ failures: 1, copies: [{ state: 'uncertain' }], last: { outcome: 'unknown' } });
      expect(must(lookIn, 'a look')).toBeLessThanOrEqual(it.backoffMax);
      await it.pass(it.backoffMax + 20);
      const second = await start(it);
      expect(second.attempt).toMatchObject({
        sequence: first.attempt.sequence,
        documentId: first.attempt.documentId,
        since: first.attempt.since,
      });
      expect(second.attempt.id).not.toBe(first.attempt.id);
      await settle(it, second.claim, second.look, second.attempt, ACCEPTED);
      expect((await it.believed()).ledger.failures).toBe(0);
    },
  );

  contract(
    '[3a.2] what is awaited holds no lease and is no failure; at its deadline it is retried with its ids, and that is one',
    async (it) => {
      const first = await start(it);
      const answerBy = first.look.now + it.lease * 2;
      await settle(it, first.claim, first.look, first.attempt, { kind: 'unknown', because: 'answer-pending', answerBy });
      const { ledger, isOpen, lookIn } = await it.believed();
      expect(ledger).toMatchObject({ failures: 0, last: { outcome: 'unknown' }, copies: [{ state: 'uncertain', answerBy }] });
      expect(isOpen).toBe(false);
      expect(must(lookIn, 'a look')).toBeLessThanOrEqual(it.lease * 2);
      // Not after a back-off, nor after what a lease lasts.
      expect(await it.claim()).toBeNull();
      await it.pass(it.lease + 20);
      expect(await it.claim()).toBeNull();
      await it.pass(it.lease + 20);
      const second = await start(it);
      expect(second.attempt).toMatchObject({ sequence: first.attempt.sequence, documentId: first.attempt.documentId });
      expect((await it.believed()).ledger.failures).toBe(1);
    },
  );

  contract('[3a.2] I1 I2: what is awaited does not hold a recall back', async (it) => {
    const { claim, look, attempt } = await start(it);
    await settle(it, claim, look, attempt, { kind: 'unknown', because: 'answer-pending', answerBy: look.now + 3_600_000 });
    await it.revoke();
    expect((await start(it)).attempt.action).toMatchObject({ kind: 'recall' });
  });

  contract('I2: an expired lease settles its open delivery as unknown', async (it) => {
    const { attempt } = await start(it);
    await it.pass(it.lease + 20);
    must(await it.claim(), 'a claim');
    const { ledger, isOpen } = await it.believed();
    expect(isOpen).toBe(false);
    expect(ledger).toMatchObject({
      failures: 1,
      last: { id: attempt.id, outcome: 'unknown' },
      copies: [{ id: attempt.id, state: 'uncertain' }],
    });
  });

  contract('one delivery is open at a time', async (it) => {
    const { claim, look } = await start(it);
    const again = await it.ports.look(claim);
    const { want, move } = decide(look);
    expect(await it.ports.begin(claim, again, want, move).catch(() => null)).toBeNull();
    expect((await it.believed()).ledger.copies).toHaveLength(1);
  });

  contract('I1: a fact between look and begin: nothing is begun, nothing is written', async (it) => {
    const claim = must(await it.claim(), 'a claim');
    const look = await it.ports.look(claim);
    await it.revokeUnseen();
    await nothingBegun(it, () => begin(it, claim, look));
  });

  contract('a fact between look and begin that changes the answer back counts too: what was seen is not what is', async (it) => {
    const claim = must(await it.claim(), 'a claim');
    const look = await it.ports.look(claim);
    await it.revokeUnseen();
    await it.permit();
    await nothingBegun(it, () => begin(it, claim, look));
  });

  contract('I1: time past `until` between look and begin: nothing is begun', async (it) => {
    await it.permitFor(150);
    const claim = must(await it.claim(), 'a claim');
    const look = await it.ports.look(claim);
    await it.pass(200);
    await nothingBegun(it, () => begin(it, claim, look));
  });

  contract('I1: no byte is written after `until`', async (it) => {
    await it.permitFor(2_000);
    const { look, attempt } = await start(it);
    expect(must(desired(look.facts, look.now).until, 'an end')).toBe(attempt.sendBefore);
  });

  contract('without its fence a worker begins nothing', async (it) => {
    const claim = must(await it.claim(), 'a claim');
    const look = await it.ports.look(claim);
    await it.pass(it.lease + 20);
    must(await it.claim(), 'a second claim');
    await nothingBegun(it, () => begin(it, claim, look));
  });

  contract('without its fence a worker settles nothing: the copy stays uncertain', async (it) => {
    const { claim, look, attempt } = await start(it);
    await it.pass(it.lease + 20);
    must(await it.claim(), 'a second claim');
    const before = await it.believed();
    await settle(it, claim, look, attempt, ACCEPTED);
    expect((await it.believed()).ledger).toEqual(before.ledger);
  });

  contract('without its fence a worker puts nothing to rest', async (it) => {
    const claim = must(await it.claim(), 'a claim');
    const look = await it.ports.look(claim);
    await it.pass(it.lease + 20);
    const second = must(await it.claim(), 'a second claim');
    await it.ports.rest(claim, look, desired(look.facts, look.now), null);
    expect((await it.believed()).observed).toBeLessThan((await it.believed()).generation);
    expect(await it.ports.begin(second, await it.ports.look(second), desired(look.facts, look.now), decide(look).move)).not.toBeNull();
  });

  contract('I1 I2: a fact during a delivery makes the key due again, whatever comes back', async (it) => {
    for (const outcome of [ACCEPTED, REFUSED, UNKNOWN]) {
      await it.permit();
      const { claim, look, attempt } = await start(it);
      await it.revoke();
      await settle(it, claim, look, attempt, outcome);
      const { observed, generation } = await it.believed();
      expect(observed).toBeLessThan(generation);
      const next = must(await it.claim(), 'a claim');
      const seen = await it.ports.look(next);
      if (outcome.kind === 'refused') {
        await it.ports.rest(next, seen, desired(seen.facts, seen.now), null);
        continue;
      }
      expect(decide(seen).move.kind).toBe('recall');
      const recall = must(await begin(it, next, seen), 'a recall');
      await settle(it, next, seen, recall, ACCEPTED);
    }
  });

  contract('a fan-out that comes after the rest makes the key due again', async (it) => {
    await deliver(it, ACCEPTED);
    await it.revokeUnseen();
    expect(await it.claim()).toBeNull();
    await it.fanOut();
    expect(decide(await it.ports.look(must(await it.claim(), 'a claim'))).move.kind).toBe('recall');
  });

  contract('a rest is until its moment', async (it) => {
    const claim = must(await it.claim(), 'a claim');
    const look = await it.ports.look(claim);
    await it.ports.rest(claim, look, desired(look.facts, look.now), look.now + 120);
    expect(await it.claim()).toBeNull();
    await it.pass(150);
    expect(await it.claim()).not.toBeNull();
  });

  contract('a rest without a moment is until a fact changes', async (it) => {
    const claim = must(await it.claim(), 'a claim');
    const look = await it.ports.look(claim);
    await it.ports.rest(claim, look, desired(look.facts, look.now), null);
    expect((await it.believed()).lookIn).toBeNull();
    expect(await it.claim()).toBeNull();
    await it.revoke();
    expect(await it.claim()).not.toBeNull();
  });

  contract('I2: an accepted recall leaves nothing, and nothing to look at', async (it) => {
    await deliver(it, ACCEPTED);
    await it.revoke();
    await deliver(it, ACCEPTED);
    const { ledger, lookIn } = await it.believed();
    expect(ledger.copies).toEqual([]);
    expect(lookIn).toBeNull();
  });

  contract('I2: a recall makes uncertain what it recalls before the wire', async (it) => {
    await deliver(it, ACCEPTED);
    await it.revoke();
    const { attempt } = await start(it);
    expect(attempt.action.kind).toBe('recall');
    expect((await it.believed()).ledger.copies.map(({ state }) => state)).toEqual(['uncertain', 'uncertain']);
  });

  contract('I2: a read during a delivery keeps its copy, and the key will be looked at again', async (it) => {
    const { claim, look, attempt } = await start(it);
    await it.read();
    await settle(it, claim, look, attempt, ACCEPTED);
    const { ledger, isOpen } = await it.believed();
    expect(isOpen).toBe(false);
    expect(ledger.copies.map(({ state, documentId }) => [state, documentId === ''])).toEqual([
      ['held', false],
      ['uncertain', true],
    ]);
    expect((await it.believed()).lookIn).not.toBeNull();
  });

  contract('I2: a read during a recall keeps its copy: what was read is recalled too', async (it) => {
    await deliver(it, ACCEPTED);
    await it.revoke();
    const { claim, look, attempt } = await start(it);
    await it.permit();
    await it.read();
    await settle(it, claim, look, attempt, ACCEPTED);
    expect((await it.believed()).ledger.copies).toMatchObject([{ documentId: '', state: 'uncertain' }]);
  });

  contract('a read between look and begin: nothing is begun, for the ledger is not what was seen', async (it) => {
    const claim = must(await it.claim(), 'a claim');
    const look = await it.ports.look(claim);
    await it.read();
    await nothingBegun(it, () => begin(it, claim, look));
  });

  contract('a read makes sure that the key is looked at again', async (it) => {
    const claim = must(await it.claim(), 'a claim');
    const look = await it.ports.look(claim);
    await it.ports.rest(claim, look, desired(look.facts, look.now), null);
    await it.read();
    expect((await it.believed()).lookIn).not.toBeNull();
  });
}
