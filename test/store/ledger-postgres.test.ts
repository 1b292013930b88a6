import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe } from '@jest/globals';
import type { Subscription } from '@medplum/fhirtypes';
import { Extension, PLAN_TOPIC } from '../../profiles/canonicals.ts';
import type { Ledger } from '../../src/model/ledger.ts';
import type { ClaimedKey } from '../../src/store/claim.ts';
import type { StoredLedger, StoredLook } from '../../src/store/ledger.ts';
import { setSubscription } from '../../src/store/subscriptions.ts';
import * as body from '../support/bodies.ts';
import type { Ground } from './ground.ts';
import { caller, layGround, publisher } from './ground.ts';
import { ledgerContract } from './ledger-contract.ts';
import type { LedgerUnderTest } from './ledger-under-test.ts';

const LEASE = 400;
const BACKOFF_MAX = 80;

let ground: Ground;
let keys = 0;
beforeAll(async () => {
  ground = await layGround();
}, 60_000);
afterAll(() => ground?.close());

interface KeyRow {
  readonly state: Ledger;
  readonly generation: string;
  readonly observed: string;
  readonly look_in: string | null;
  readonly open_delivery: string | null;
}

/** The ports without a wire, as `ports-on.ts` makes them. */
const portsOf = (ledger: StoredLedger): LedgerUnderTest<StoredLook>['ports'] => ({
  look: (claim) => ledger.look(claim),
  begin: async (claim, look, want, move) => {
    const attempt = ledger.plan(look, want, move, randomUUID(), randomUUID());
    const frozen = move.retryOf === null ? { parcel: { bytes: '' }, repeats: null } : await ledger.repeated(move.retryOf.id);
    return (await ledger.begin(claim, look, want, attempt, frozen)) === null ? null : attempt;
  },
  settle: (claim, look, attempt, outcome, next) => ledger.settle(claim, look, attempt, outcome, next),
  hold: (claim, look, want, move) => ledger.hold(claim, look, want, move),
  rest: (claim, look, want, lookAt) => ledger.rest(claim, look, want, lookAt),
});

/** The key of an ED that is told by a Subscription: the one kind of destination where a push and a read meet at one key. */
const open = async (): Promise<LedgerUnderTest<StoredLook>> => {
  const name = `k${++keys}`;
  const { store, put, fanOutAll, database } = ground;
  const lane = { ods: `X${name.toUpperCase()}` };
  await put(
    { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null },
    body.organization(`org-${name}`, lane.ods, 'ed'),
  );
  await put(
    { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null },
    body.service(`svc-${name}`, `org-${name}`, 'ed'),
  );
  await ground.agree(name);
  const subscription = {
    resourceType: 'Subscription',
    id: `sub-${name}`,
    status: 'requested',
    reason: 'Plan changes',
    criteria: PLAN_TOPIC,
    channel: {
      type: 'rest-hook',
      endpoint: `https://${name}.example/hook`,
      payload: 'application/fhir+json',
      _payload: { extension: [{ url: Extension.backportPayloadContent, valueCode: 'id-only' }] },
    },
  } as Subscription;
  await put(caller(lane.ods, 'ed'), subscription);
  await setSubscription(database.pool, `sub-${name}`, ['requested'], 'active');
  const { number, consent, patient } = await ground.person(name, [`svc-${name}`]);
  await fanOutAll();

  const ledger = ground.ledger(undefined, { lease: LEASE, backoffMin: 40, backoffMax: BACKOFF_MAX });
  const claim = async (): Promise<ClaimedKey | null> => (await ledger.claim(`svc-${name}`, 1))[0] ?? null;
  const write = async (status: 'active' | 'inactive', end?: string): Promise<void> => {
    await put(publisher, body.consent(consent, patient, 'org-trust', { kinds: ['ed'], status, ...(end === undefined ? {} : { end }) }));
  };
  return {
    ports: portsOf(ledger),
    lease: LEASE,
    backoffMax: BACKOFF_MAX,
    claim,
    revoke: async () => {
      await write('inactive');
      await fanOutAll();
    },
    permit: async () => {
      await write('active');
      await fanOutAll();
    },
    permitFor: async (ms) => {
      await write('active', new Date(Date.now() + ms).toISOString());
      await fanOutAll();
    },
    revokeUnseen: () => write('inactive'),
    fanOut: fanOutAll,
    read: async () => {
      const shown = await store.lookUp(caller(lane.ods, 'ed'), { nhsNumber: number }, true);
      if (shown.length !== 1) throw new Error('there is nothing to read');
    },
    pass: (ms) => wait(ms),
    believed: async () => {
      const { rows } = await database.pool.query<KeyRow>(
        `SELECT state, generation, observed, open_delivery,
                CASE WHEN look_at < 'infinity' THEN extract(epoch FROM look_at - clock_timestamp()) * 1000 END AS look_in
           FROM ledger_key WHERE destination_id = $1`,
        [`sub-${name}`],
      );
      const row = rows[0];
      if (row === undefined || rows.length !== 1) throw new Error('there is not one key');
      return {
        ledger: row.state,
        generation: Number(row.generation),
        observed: Number(row.observed),
        lookIn: row.look_in === null ? null : Number(row.look_in),
        isOpen: row.open_delivery !== null,
      };
    },
  };
};

describe('the ledger on PostgreSQL', () => ledgerContract(open));
