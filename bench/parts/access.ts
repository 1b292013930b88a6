import { importJWK, SignJWT } from 'jose';
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { ASSERTION_TYPE, assertionOf } from '../../test/support/access.ts';
import { newSigningKey } from '../../src/http/access/new-signing-key.ts';
import { createTokenCheck } from '../../src/http/access/token-check.ts';
import { openAccess } from '../../src/store/access/access.ts';
import { withDoor } from '../ground/door.ts';
import { openPool } from '../ground/keys.ts';
import { flagLoad } from '../load/flag-load.ts';
import { spread } from '../measure/figures.ts';
import { inRounds } from '../measure/in-rounds.ts';
import { ratios, tell, type Verdict } from '../measure/verdict.ts';
import type { Part } from './part.ts';

const ROUNDS = 5;
const MILLIS = 1_500;
const AMBULANCE = { ods: 'AMB', kind: 'ambulance' } as const;
/** More than are used in the seconds for which a token is remembered. */
const FRESH = 15_000;
const CHECKS = 2_000;
/** More than are used up in one run: a run that runs out of them fails. */
const ASSERTIONS = 3_000;

/** Tokens as the broker signs them, none of them seen before. */
const freshTokens = async (pool: pg.Pool, origin: string, clientId: string, count: number): Promise<readonly string[]> => {
  const { kid, privateJwk } = await openAccess(pool).signingKey(newSigningKey);
  const key = await importJWK(privateJwk, 'ES256');
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: origin,
    aud: `${origin}/fhir`,
    sub: clientId,
    client_id: clientId,
    scope: 'system/*.cruds',
    iat: now,
    exp: now + 3_600,
  };
  const tokens: string[] = [];
  for (let made = 0; made < count; made += 1)
    tokens.push(await new SignJWT({ ...claims, jti: randomUUID() }).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid }).sign(key));
  return tokens;
};

/** Microseconds that one check of a token takes, of this process's time. */
const microsOf = async (check: (token: string) => Promise<unknown>, tokens: readonly string[]): Promise<number> => {
  const startedAt = performance.now();
  for (const token of tokens) if ((await check(token)) === null) throw new Error('a token is good');
  return ((performance.now() - startedAt) * 1_000) / tokens.length;
};

/**
 * What it costs to know the caller: look-ups whose token is remembered beside look-ups whose token is new each time, one check alone, and how
 * many tokens the token endpoint gives a second.
 */
export const access: Part = (bench) =>
  withDoor(bench, async ({ base, broker, url, persons }, generator) => {
    const { origin } = new URL(base);
    const pool = await openPool(url, 4);
    const clientId = await broker.tokens.clientIdOf(AMBULANCE);
    const verdicts: Verdict[] = [];
    for (const inFlight of [16, 1]) {
      const load = { ...flagLoad(persons, broker), url: `${base}/Flag/_search`, inFlight, millis: MILLIS };
      const bearers = await freshTokens(pool, origin, clientId, inFlight === 1 ? FRESH / 3 : FRESH);
      const remembered = async (): Promise<number> => (await generator.run(load)).rate;
      const fresh = async (): Promise<number> => (await generator.run({ ...load, caller: async () => ({}), bearers })).rate;
      const rates = await inRounds(
        ROUNDS,
        [
          ['remembered', remembered],
          ['fresh', fresh],
          ['again', remembered],
        ],
        (name, rate) => bench.say(`access at ${inFlight}: ${name} ${Math.round(rate)}/s`),
      );
      const of = (name: string): readonly number[] => rates.get(name) ?? [];
      const shares = ratios(of('fresh'), of('remembered')).map((ratio) => 1 - ratio);
      const from = `remembered ${spread(of('remembered'), '/s')}, a new token each time ${spread(of('fresh'), '/s')}, A/A ${spread(ratios(of('again'), of('remembered')))}`;
      verdicts.push(
        tell(`flag search at ${inFlight} in flight: share of a look-up that a token costs which is not remembered`, shares, from),
      );
      // One check alone against the time that one look-up takes at this count.
      const tokens = bearers.slice(0, CHECKS);
      const check = createTokenCheck(openAccess(pool), { publicUrl: null, behindProxy: false });
      const cold = await microsOf(check, tokens);
      const [one = ''] = tokens;
      const warm = await microsOf(
        check,
        tokens.map(() => one),
      );
      const each = of('remembered').map((rate) => (warm * rate) / 1_000_000);
      verdicts.push(
        tell(
          `flag search at ${inFlight} in flight: share of a look-up that a remembered token costs`,
          each,
          `one check ${Math.round(warm)} us remembered, ${Math.round(cold)} us not (its two reads of PostgreSQL, one after another, included)`,
        ),
      );
    }
    const endpoint = `${origin}/oauth/token`;
    const bodies = async (): Promise<readonly string[]> => {
      const forms: string[] = [];
      for (let made = 0; made < ASSERTIONS; made += 1)
        forms.push(
          new URLSearchParams({
            grant_type: 'client_credentials',
            client_assertion_type: ASSERTION_TYPE,
            client_assertion: await assertionOf(clientId, endpoint),
          }).toString(),
        );
      return forms;
    };
    const rates: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { rate } = await generator.run({
        url: endpoint,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        caller: async () => ({}),
        body: await bodies(),
        numbers: { among: 1 },
        answer: { status: 200, text: 'access_token' },
        inFlight: 4,
        millis: 1_500,
      });
      bench.say(`access: ${Math.round(rate)} tokens/s`);
      if (round > 0) rates.push(rate);
    }
    await pool.end();
    verdicts.push(tell('tokens issued a second, at 4 in flight', rates, 'ES384 assertions, each verified and used up, ES256 tokens'));
    return verdicts;
  });
