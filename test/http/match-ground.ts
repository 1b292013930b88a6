import { randomUUID } from 'node:crypto';
import type { Parameters, Patient } from '@medplum/fhirtypes';
import { Registry } from 'prom-client';
import { System } from '../../profiles/canonicals.ts';
import { createApp } from '../../src/http/app.ts';
import { listen } from '../../src/http/listen.ts';
import { createLog } from '../../src/log.ts';
import type { RecipientKind } from '../../src/model/kind.ts';
import { validate } from '../../src/validate/validate.ts';
import type { Ground } from '../store/ground.ts';
import { layGround, publisher, WORDS } from '../store/ground.ts';
import { accessParts, type Caller, tokensAt } from '../support/access.ts';
import * as body from '../support/bodies.ts';

export const AMBULANCE: Caller = { ods: 'XAMB', kind: 'ambulance' };
export const POLICE: Caller = { ods: 'XFORCE', kind: 'police' };
export const ED: Caller = { ods: 'XED', kind: 'ed' };
export const TRUST: Caller = { ods: 'TRUST1', kind: 'publisher' };
export const OTHER_TRUST: Caller = { ods: 'TRUST2', kind: 'publisher' };
export const OPERATOR: Caller = { ods: 'BROKER', kind: 'operator' };

export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came.
  readonly json: any;
  readonly ms: number;
}

/** Somebody as a trust writes them down: a number, a name, a birth date, a phone, an address. */
export const somebody = (id: string, number: string, change: Partial<Patient> = {}): Patient => ({
  ...body.patient(id, number, `Testperson-${id}`),
  telecom: [
    { system: 'phone', value: '01632 960001' },
    { system: 'email', value: `${id}@example.org` },
  ],
  address: [{ use: 'home', line: ['1 Invented Street'], postalCode: 'XX1 1XX' }],
  ...change,
});

/** The same without a verified number. */
export const untraced = (patient: Patient): Patient => ({
  ...patient,
  identifier: (patient.identifier ?? []).map(({ system, value }) => ({ system, value })) as Patient['identifier'] & object,
});

const present = (headers: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

/** A ground with an ambulance service, an ED and police in agreement, and the door on it, with a clock that can be put forward. */
export const openMatchGround = async (issuers?: readonly string[]) => {
  const ground: Ground = await layGround();
  for (const [name, kind] of [
    ['amb', 'ambulance'],
    ['force', 'police'],
    ['ed', 'ed'],
  ] as const)
    await ground.recipient(name, kind);
  let ahead = 0;
  const lines: string[] = [];
  const log = createLog('info', (text) => lines.push(text));
  const config = { operatorOds: 'BROKER', behindProxy: false, publicUrl: null, outboundAllow: [], errorCodeSystem: System.httpErrorCodes };
  const app = createApp({
    store: ground.store,
    ...accessParts(ground.database.pool, undefined, issuers),
    config,
    metrics: new Registry(),
    validate,
    log,
    newId: randomUUID,
    now: () => Date.now() + ahead,
  });
  const listening = await listen(app, { host: '127.0.0.1', port: 0, log, errorCodeSystem: config.errorCodeSystem });
  const origin = `http://127.0.0.1:${listening.port}/fhir`;
  const tokens = tokensAt(() => new URL(origin).origin, ground.database.pool);
  /** Headers of the test's own over those of the caller; undefined leaves one out. */
  const ask = async (
    caller: Caller,
    path: string,
    sent?: unknown,
    own: Readonly<Record<string, string | undefined>> = {},
  ): Promise<Answer> => {
    const startedAt = performance.now();
    const answer = await fetch(path.startsWith('http') ? path : `${origin}/${path}`, {
      method: sent === undefined ? 'GET' : 'POST',
      headers: present({
        ...(await tokens.headersOf(caller, path)),
        ...(sent === undefined || sent instanceof URLSearchParams ? {} : { 'Content-Type': 'application/fhir+json' }),
        ...own,
      }),
      ...(sent === undefined ? {} : { body: sent instanceof URLSearchParams ? sent : JSON.stringify(sent) }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: [...answer.headers], text, json: JSON.parse(text), ms: performance.now() - startedAt };
  };
  const match = (caller: Caller, resource: Patient, ...more: NonNullable<Parameters['parameter']>): Promise<Answer> =>
    ask(caller, 'Patient/$match', {
      resourceType: 'Parameters',
      parameter: [{ name: 'resource', resource }, { name: 'onlyCertainMatches', valueBoolean: true }, ...more],
    });
  return {
    ground,
    origin,
    /** What was logged. */
    lines,
    ask,
    match,
    confirm: (caller: Caller, token: string, resource: Patient): Promise<Answer> =>
      match(caller, resource, { name: 'confirm', valueString: token }),
    /** A person with an approved plan; `kinds` consented to. */
    person: async (patient: Patient, kinds: readonly RecipientKind[] = ['epr', 'ed', 'ambulance', 'police']) => {
      const id = String(patient.id);
      await ground.put(publisher, patient);
      await ground.put(publisher, body.consent(`cons-${id}`, id, 'org-trust', kinds.length === 0 ? {} : { kinds }));
      await ground.put(publisher, body.composition(`words-${id}`, id, WORDS));
      await ground.put(publisher, body.carePlan(`plan-${id}`, id, `words-${id}`, { reach: [] }));
      await ground.store.approve(publisher, `plan-${id}`, '1', body.approval(`plan-${id}`), body.approver);
    },
    trail: async (): Promise<readonly Record<string, unknown>[]> =>
      (await ground.database.pool.query('SELECT event, organization, person_id, plan_id, key_id, because, digest FROM audit ORDER BY id'))
        .rows,
    putForward: (ms: number) => {
      ahead += ms;
    },
    close: async () => {
      await listening.close();
      await ground.close();
    },
  };
};

export type MatchGround = Awaited<ReturnType<typeof openMatchGround>>;

/** What confirms a match, as it stands in the answer. */
export const tokenOf = (answer: Answer): string =>
  answer.json.entry[0].search.extension.find(({ url }: { url: string }) => url.endsWith('/match-confirmation')).valueString;

export const byNumber = (value: string): Patient => ({ resourceType: 'Patient', identifier: [{ system: System.nhsNumber, value }] });
