import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CarePlan, Endpoint, Resource } from '@medplum/fhirtypes';
import type { Believed } from '../src/store/believed.ts';
import type { Caller, Registered } from './caller.ts';
import { callAs } from './caller.ts';
import { approval, example, nhsNumber, plan, words } from './examples.ts';
import { inLedger } from './in-ledger.ts';
import { inStore } from './in-store.ts';
import { signInAt } from './sign-in.ts';
import { makeKeys, signUp } from './sign-up.ts';
import type { Held } from './recipients/own-store.ts';
import type { Recipient } from './scenario-words.ts';
import type { Running, Stage } from './stage.ts';

/** Everyone who plays a part: callers of the broker, and the recipients' own programs. */
export interface Cast {
  /** The broker's FHIR base address. */
  readonly base: string;
  readonly operator: Caller;
  readonly publisher: Caller;
  readonly ambulance: Caller;
  readonly police: Caller;
  readonly programs: Readonly<Record<Recipient, Running>>;
  /** The number by which the ambulance service would ask now; the scenario changes it when it is corrected. */
  number: string;
  /** Writes a version's words and draft, and has it approved. */
  approve(version: number): Promise<void>;
  /** A 999 call: dispatch asks for the person's plan. */
  lookUp(): Promise<void>;
  /** What a recipient's own store says, in a word of the scenario. */
  store(recipient: Recipient): Promise<string>;
  /** What `broker ledger show` prints. */
  ledger(): Promise<readonly Believed[]>;
  ledgerWord(recipient: Recipient, keys: readonly Believed[]): string;
}

const FIRST: readonly string[] = [
  ...['organization-trust', 'organization-hospital', 'organization-ambulance', 'organization-police'],
  ...['service-hospital-epr', 'service-hospital-ed', 'service-ambulance-dispatch', 'service-police-control-room'],
];
const PUBLISHED: readonly string[] = ['practitioner-nurse', 'practitioner-consultant', 'patient', 'related-person', 'care-team', 'consent'];

const at = (endpoint: Endpoint, address: string): Endpoint => ({ ...endpoint, address });

/** Waits until `look` says yes, up to `ms`; answers whether it did. */
export const until = async (look: () => Promise<boolean>, ms: number, pause = 100): Promise<boolean> => {
  const end = performance.now() + ms;
  for (;;) {
    if (await look()) return true;
    if (performance.now() > end) return false;
    await sleep(pause);
  }
};

/**
 * Registers who calls, and by them organisations, services, addresses, agreements and the person's record; starts the four recipients, and has the
 * consultant sign in, who approves.
 */
export const assemble = async (stage: Stage): Promise<Cast> => {
  const signIn = signInAt(join(stage.folder, 'sign-in'));
  await signIn.open();
  const [base] = await Promise.all([stage.broker({ USER_ISSUERS: signIn.issuers }), makeKeys(stage)]);
  const [clients, consultant] = await Promise.all([signUp(stage), signIn.consultant(base)]);
  const operator = callAs(base, clients.operator);
  const publisher = callAs(base, clients.trust);
  const police = callAs(base, clients.controlRoom);
  const own = ({ clientId, keyFile }: Registered) => ({ CLIENT_ID: clientId, CLIENT_KEY: keyFile });
  for (const name of FIRST) await operator.put(example<Resource>(name));
  const [epr, ed, dispatch, controlRoom] = await Promise.all([
    stage.recipient('epr', { ODS: 'ZZ2' }),
    stage.recipient('ed'),
    stage.recipient('dispatch', { ...own(clients.dispatch), POLL_MS: '100' }),
    stage.recipient('police', own(clients.controlRoom)),
  ]);
  await operator.put(at(example<Endpoint>('endpoint-hospital-epr'), `http://127.0.0.1:${epr.port}/fhir`));
  await operator.put(at(example<Endpoint>('endpoint-hospital-ed'), `mllp://127.0.0.1:${ed.port}`));
  for (const name of ['agreement', 'agreement-ed']) await operator.put(example(name));
  for (const name of PUBLISHED) await publisher.put(example(name));
  const { id } = await controlRoom.ask<{ id: string }>('GET', '/subscription');
  const isActive = async (): Promise<boolean> => /"status":"active"/.test((await police.get(`Subscription/${id}`)).text);
  if (!(await until(isActive, 10_000))) throw new Error('the police Subscription did not become active');

  const programs = { epr, ed, ambulance: dispatch, police: controlRoom };
  const cast: Cast = {
    base,
    operator,
    publisher,
    ambulance: callAs(base, clients.dispatch),
    police,
    programs,
    number: nhsNumber('patient'),
    approve: async (version) => {
      await publisher.put(words(version));
      const draft: CarePlan = plan(version);
      await publisher.put(draft);
      const { status, text } = await publisher.post(`CarePlan/${draft.id}/$approve`, approval(version), consultant);
      if (status !== 200) throw new Error(`$approve: ${status} ${text}`);
    },
    lookUp: async () => void (await dispatch.ask('POST', '/lookup', { nhsNumber: cast.number })),
    store: async (recipient) => inStore(recipient, await programs[recipient].ask<readonly Held[]>('GET', '/store')),
    ledger: async () => JSON.parse(await stage.command(['ledger', 'show'])),
    ledgerWord: inLedger,
  };
  return cast;
};
