import { describe } from '@jest/globals';
import { desired } from '../../src/decide/desired.ts';
import { PROTECTED } from '../../src/decide/protections.ts';
import type { Facts } from '../../src/model/facts.ts';
import { holds } from '../../src/model/ledger.ts';
import type { Look } from '../../src/reconcile/ports.ts';
import { consent, facts, permit } from '../decide/sample.ts';
import { MemoryLedger } from '../support/memory-ledger.ts';
import { ledgerContract } from './ledger-contract.ts';
import type { LedgerUnderTest } from './ledger-under-test.ts';

const LEASE = 300;
const BACKOFF_MAX = 80;
const KEY = 'key';

const open = async (): Promise<LedgerUnderTest<Look>> => {
  let now = Date.parse('2026-11-20T12:00:00Z');
  let seen: Facts = facts();
  let epoch = 0;
  let reads = 0;
  const ledger = new MemoryLedger(
    { now: () => now, chance: () => 0.5, pause: async () => {}, facts: () => seen, epoch: () => epoch },
    { lease: LEASE, sendBefore: 5_000, backoffMin: 40, backoffMax: BACKOFF_MAX },
    PROTECTED,
  );
  ledger.addKey(KEY);
  const change = (consents: Facts['consents']): void => {
    seen = { ...seen, consents };
    epoch++;
  };
  const revoked = [consent('c1', [permit()], { active: false })];
  return {
    ports: ledger,
    lease: LEASE,
    backoffMax: BACKOFF_MAX,
    claim: () => ledger.claim(KEY),
    revoke: async () => {
      change(revoked);
      ledger.bump(KEY);
    },
    permit: async () => {
      change([consent('c1', [permit()])]);
      ledger.bump(KEY);
    },
    permitFor: async (ms) => {
      change([consent('c1', [permit({ period: { start: null, end: now + ms } })])]);
      ledger.bump(KEY);
    },
    revokeUnseen: async () => change(revoked),
    fanOut: async () => ledger.bump(KEY),
    read: async () => {
      const want = desired(seen, now);
      if (!holds(want)) throw new Error('there is nothing to read');
      await ledger.read(KEY, {
        id: `read-${++reads}`,
        place: want.place,
        effect: want.hold,
        headings: want.headings,
        at: now,
        lifetime: 60_000,
      });
    },
    pass: async (ms) => {
      now += ms;
    },
    believed: async () => {
      const row = ledger.row(KEY);
      const { ledger: state, generation, observed, lookAt, open: delivery } = row;
      return { ledger: state, generation, observed, lookIn: lookAt === null ? null : lookAt - now, isOpen: delivery !== null };
    },
  };
};

describe('the ledger in memory', () => ledgerContract(open));
