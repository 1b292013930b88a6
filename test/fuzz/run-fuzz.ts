import fc from 'fast-check';
import { AMBER, AMBULANCE, approvePlan, callersAt, example, NHS_NUMBER_SYSTEM, TRUST } from '../http/open-door.ts';
import { tokensAt } from '../support/access.ts';
import { openDatabase } from '../support/database.ts';
import { startMeasured } from './measured-broker.ts';
import { request } from './requests.ts';
import type { Sent } from './sent.ts';
import { type Answered, faultOf, openBooks, openSender, type Written } from './wave.ts';

/** Requests of one wave, and how many of them are in flight at once: few, for an answer's two seconds are to be its own, not those of a queue of others. */
const WAVE = 50;
const IN_FLIGHT = 4;

/** What a run found. */
export interface Fuzzed {
  readonly seed: number;
  readonly requests: number;
  readonly seconds: number;
  /** Answers by their class: 2 is 2xx. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  readonly written: Written;
  /** Resident bytes of the broker at a fifth of the run and at its end. */
  readonly memory: { readonly fifth: number; readonly end: number };
}

/** One that shrinks to nothing first: what is left of a wave that fails is what makes it fail. */
const one = fc.option(request, { nil: null, freq: 1_000_000_000 });

/**
 * Sends `requests` mutated requests to a broker in a process of its own, and throws with the seed and the smallest wave that still breaks a
 * property: no 5xx, no answer later than two seconds, every refusal an OperationOutcome, nothing stored that no 2xx told of.
 */
export const runFuzz = async (seed: number, requests: number): Promise<Fuzzed> => {
  const database = await openDatabase();
  const broker = await startMeasured(database.url);
  const tokens = tokensAt(() => broker.origin, database.pool);
  let knownPlan = '';
  const sender = openSender(broker.origin, IN_FLIGHT, tokens, () => knownPlan);
  const statuses: Record<string, number> = {};
  let sent = 0;
  let slowestMs = 0;
  let fifth = 0;
  const startedAt = performance.now();
  try {
    const door = callersAt(broker.origin, tokens);
    await approvePlan(door);
    // A next version of the plan, for what is done to a draft.
    await door.put(TRUST, { ...example('plan-words'), id: 'words-2' }).expect(201);
    const next = { replaces: [{ reference: 'CarePlan/plan-1' }], supportingInfo: [{ reference: 'Composition/words-2' }] };
    await door.put(TRUST, { ...example('crisis-plan'), id: 'plan-2', ...next }).expect(201);
    const flags = await door.search(AMBULANCE, 'Flag', `patient.identifier=${encodeURIComponent(`${NHS_NUMBER_SYSTEM}|${AMBER}`)}`);
    knownPlan = flags.body.entry[0].resource.id;
    const books = await openBooks(database.pool);
    const wave = async (all: readonly (Sent | null)[]): Promise<void> => {
      const answers = await Promise.all(
        all.map(async (each): Promise<readonly [Sent, Answered] | null> => (each === null ? null : [each, await sender.send(each)])),
      );
      for (const pair of answers) {
        if (pair === null) continue;
        sent += 1;
        const [each, answer] = pair;
        const kind = String(answer.status)[0] ?? '';
        statuses[kind] = (statuses[kind] ?? 0) + 1;
        slowestMs = Math.max(slowestMs, answer.ms);
        books.note(each, answer);
      }
      for (const pair of answers) {
        const fault = pair === null ? null : faultOf(...pair);
        if (fault !== null) throw new Error(`${fault}\n${broker.log().trimEnd().split('\n').at(-1)}`);
      }
      const unbalanced = await books.balance();
      if (unbalanced !== null) throw new Error(unbalanced);
      if (fifth === 0 && sent >= requests / 5) fifth = await broker.resident();
    };
    await fc.assert(fc.asyncProperty(fc.tuple(...Array.from({ length: WAVE }, () => one)), wave), {
      seed,
      numRuns: Math.ceil(requests / WAVE),
      interruptAfterTimeLimit: 800_000,
      endOnFailure: process.env['FUZZ_WHOLE'] === '1',
    });
    return {
      seed,
      requests: sent,
      seconds: (performance.now() - startedAt) / 1_000,
      statuses,
      slowestMs: Math.round(slowestMs),
      written: books.written,
      memory: { fifth, end: await broker.resident() },
    };
  } finally {
    await sender.close();
    await broker.stop();
    await database.close();
  }
};
