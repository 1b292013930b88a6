import type { Resource } from '@medplum/fhirtypes';
import type { Protections } from '../../src/decide/protections.ts';
import { PROTECTED } from '../../src/decide/protections.ts';
import type { RecipientKind } from '../../src/model/kind.ts';
import type { Principal } from '../../src/model/principal.ts';
import type { DoorStore } from '../../src/store/door.ts';
import { fanOut } from '../../src/store/fan-out.ts';
import type { LedgerLimits } from '../../src/store/ledger.ts';
import { StoredLedger } from '../../src/store/ledger.ts';
import { openStore } from '../../src/store/store.ts';
import * as body from '../support/bodies.ts';
import type { TestDatabase } from '../support/database.ts';
import { openDatabase } from '../support/database.ts';
import { nhsNumbersFrom } from '../support/nhs-numbers.ts';
import { testApproving } from '../support/test-approving.ts';

export const operator: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null };
export const publisher: Principal = { organization: 'TRUST1', kind: 'publisher', scopes: ['system/*.cruds'], user: null };
export const caller = (organization: string, kind: RecipientKind): Principal => ({
  organization,
  kind,
  scopes: ['system/*.cruds'],
  user: null,
});

export const WORDS = {
  'please-do': 'Speak slowly please',
  triggers: 'Loud sirens upset me',
  'who-to-ring': 'Ring the crisis team, day and night: 01632 960001',
};
const LIMITS: LedgerLimits = { lease: 30_000, sendBefore: 5_000, backoffMin: 40, backoffMax: 80 };

/** A recipient of its own organisation, with one address, an agreement with the publisher, and a plan of a person of its own in its reach. */
export interface Lane {
  readonly name: string;
  readonly ods: string;
  readonly service: string;
  readonly contract: string;
  readonly patient: string;
  readonly consent: string;
  readonly plan: string;
  readonly number: string;
}

/** The store on a database of its own, without a loop: a test says when each step is taken. */
export interface Ground {
  readonly database: TestDatabase;
  readonly store: DoorStore;
  readonly numbers: { next(): string };
  put(principal: Principal, resource: Resource): Promise<string>;
  ledger(on?: Protections, limits?: Partial<LedgerLimits>): StoredLedger;
  /** Works every fan-out that waits. */
  fanOutAll(): Promise<void>;
  /** An organisation, its service and address, and its agreement. */
  recipient(name: string, kind?: RecipientKind, address?: string): Promise<Pick<Lane, 'name' | 'ods' | 'service' | 'contract'>>;
  agree(name: string, status?: 'executed' | 'terminated' | 'negotiable'): Promise<void>;
  /** A person and an approved plan of theirs, with consent for everyone; `reach` names services. */
  person(name: string, reach: readonly string[]): Promise<Pick<Lane, 'patient' | 'consent' | 'plan' | 'number'>>;
  lane(name: string, kind?: RecipientKind, address?: string): Promise<Lane>;
  /** Nothing is due any more, without having been acted on. */
  park(): Promise<void>;
  close(): Promise<void>;
}

/** Lays a ground with one publisher, TRUST1; on a database of its own where none is given; or finds the one that was laid there. `lifetime` in milliseconds. */
export async function layGround(on: TestDatabase | null = null, how: 'lay' | 'find' = 'lay', lifetime = 60_000): Promise<Ground> {
  const database = on ?? (await openDatabase());
  const { pool } = database;
  const store = openStore(pool, {
    epoch: 1,
    messageLifetime: lifetime,
    approving: testApproving,
    changed: () => {},
    queueAnswers: async () => {},
  });
  const numbers = nhsNumbersFrom(1_000);
  const put = async (principal: Principal, resource: Resource): Promise<string> =>
    (await store.write({ principal, resource, id: resource.id ?? null, ifMatch: null })).stored.id;

  if (how === 'lay') {
    await put(operator, body.organization('org-trust', 'TRUST1', 'publisher'));
    for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));
  }

  const ground: Ground = {
    database,
    store,
    numbers,
    put,
    ledger: (on = PROTECTED, limits = {}) => new StoredLedger(pool, { ...LIMITS, ...limits }, 1, on),
    fanOutAll: async () => {
      while ((await fanOut(pool, 1)).more);
    },
    recipient: async (name, kind = 'ed', address = `https://${name}.example/fhir`) => {
      const ods = `X${name.toUpperCase()}`;
      await put(operator, body.organization(`org-${name}`, ods, kind));
      await put(operator, body.service(`svc-${name}`, `org-${name}`, kind));
      await put(operator, body.endpoint(`end-${name}`, `svc-${name}`, `org-${name}`, address));
      await ground.agree(name);
      return { name, ods, service: `svc-${name}`, contract: `con-${name}` };
    },
    agree: async (name, status = 'executed') => {
      await put(operator, { ...body.agreement('org-trust', [`svc-${name}`], { status }), id: `con-${name}` });
    },
    person: async (name, reach) => {
      const number = numbers.next();
      await put(publisher, body.patient(`pat-${name}`, number));
      await put(publisher, body.consent(`cons-${name}`, `pat-${name}`, 'org-trust', { kinds: ['epr', 'ed', 'ambulance', 'police'] }));
      await put(publisher, body.composition(`words-${name}`, `pat-${name}`, WORDS));
      await put(publisher, body.carePlan(`plan-${name}`, `pat-${name}`, `words-${name}`, { reach }));
      await store.approve(publisher, `plan-${name}`, '1', body.approval(`plan-${name}`), body.approver);
      return { patient: `pat-${name}`, consent: `cons-${name}`, plan: `plan-${name}`, number };
    },
    lane: async (name, kind = 'ed', address = `https://${name}.example/fhir`) => {
      const recipient = await ground.recipient(name, kind, address);
      return { ...recipient, ...(await ground.person(name, [recipient.service])) };
    },
    park: async () => {
      await pool.query(`UPDATE ledger_key SET look_at = 'infinity', observed = generation, lease_until = NULL`);
    },
    close: () => database.close(),
  };
  return ground;
}
