import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AuditEvent, ParametersParameter } from '@medplum/fhirtypes';
import { everyRow } from '../at-rest/every-row.ts';
import { pemOf } from '../support/certificates.ts';
import { certificateOptions } from '../support/credential-files.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import type { FakeRecipient } from '../support/fake-recipient.ts';
import { openSending, type Sending } from '../support/sending.ts';
import { AUTHORITY_PEM } from '../support/certificates.ts';
import type { MatchGround } from './match-ground.ts';
import { AMBULANCE, openMatchGround, OPERATOR, TRUST } from './match-ground.ts';

/** Endpoint/[id]/$move and $rotate-credential: what the commands do, over the door. */

let door: MatchGround;
let sending: Sending;
let old: FakeRecipient;
let next: FakeRecipient;

const asksFor = () => ({ ...pemOf('server'), ca: [AUTHORITY_PEM], requestCert: true, rejectUnauthorized: true });
beforeAll(async () => {
  door = await openMatchGround();
  sending = openSending(door.ground, 10_000, { sendTimeout: 5_000 });
  [old, next] = await Promise.all([startFakeFhirRecipient({ tls: asksFor() }), startFakeFhirRecipient({ tls: asksFor() })]);
  await door.ground.recipient('moving', 'epr', old.address);
}, 60_000);
afterAll(async () => {
  await sending?.close();
  await Promise.all([old?.stop(), next?.stop()]);
  await door?.close();
});

const textsOf = (holder: 'client' | 'stranger'): ParametersParameter => ({
  name: 'credential',
  part: Object.entries(certificateOptions(holder)).map(([name, file]) => ({ name, valueString: readFileSync(file, 'utf8') })),
});
const address = (valueUrl: string): ParametersParameter => ({ name: 'address', valueUrl });
const ask = (operation: string, parameter: readonly ParametersParameter[], caller = OPERATOR, id = 'end-moving') =>
  door.ask(caller, `Endpoint/${id}/$${operation}`, { resourceType: 'Parameters', parameter });
const standings = (parameters: readonly ParametersParameter[]): readonly unknown[] =>
  parameters
    .filter(({ name }) => name === 'credential')
    .map(({ part }) => [part?.find(({ name }) => name === 'address')?.valueUrl, part?.find(({ name }) => name === 'standing')?.valueCode]);
const done = async (): Promise<readonly unknown[]> =>
  ((await door.ask(OPERATOR, 'AuditEvent?subtype=endpoint&_count=50')).json.entry ?? []).map(({ resource }: { resource: AuditEvent }) => [
    resource.entity?.[0]?.what?.reference,
    resource.action,
    resource.outcome,
  ]);
const onTrail = async (): Promise<readonly string[]> =>
  (await door.ground.database.pool.query(`SELECT because FROM audit WHERE event = 'endpoint' ORDER BY id`)).rows.map(
    ({ because }) => because,
  );

describe('Endpoint/[id]/$rotate-credential', () => {
  test('gives the first credential and then another, answers no secret and keeps none open, and each stands on the trail', async () => {
    const first = await ask('rotate-credential', [textsOf('stranger')]);
    expect(first.status).toBe(200);
    expect(standings(first.json.parameter)).toEqual([[old.address, 'in-use']]);
    const second = await ask('rotate-credential', [textsOf('client')]);
    expect(second.status).toBe(200);
    expect(second.text).not.toBe(first.text);
    expect(await onTrail()).toEqual(['credential-set', 'credential-rotated']);
    expect(await done()).toEqual(Array.from({ length: 2 }, () => ['Endpoint/end-moving', 'U', '0']));
    const lines = (['client', 'stranger'] as const).flatMap((holder) =>
      pemOf(holder)
        .key.split('\n')
        .filter((line) => line.length > 40),
    );
    const open = [first.text, second.text, ...door.lines, ...(await everyRow(door.ground.database.owner)).map(([, text]) => text)].join(
      '\n',
    );
    expect(lines.filter((line) => open.includes(line))).toEqual([]);
  });

  test.each<[string, readonly ParametersParameter[], string]>([
    ['nothing of a credential', [], ''],
    ['a part that there is not', [{ name: 'credential', part: [{ name: 'password', valueString: 'x' }] }], 'part[0].name'],
    [
      'a part twice',
      [
        {
          name: 'credential',
          part: [
            { name: 'kid', valueString: 'a' },
            { name: 'kid', valueString: 'b' },
          ],
        },
      ],
      'part[1].name',
    ],
    ['a certificate alone', [{ name: 'credential', part: [{ name: 'cert', valueString: 'x' }] }], "part.where(name='cert')"],
    ['what is no key', [{ name: 'credential', part: [{ name: 'key', valueString: 'secret words' }] }], "part.where(name='key')"],
    ['another name', [{ name: 'reason', valueString: 'x' }], 'Parameters.parameter[0].name'],
  ])('I10 refuses %s, says where and repeats nothing of it', async (_what, parameter, place) => {
    const before = await onTrail();
    const { status, json, text } = await ask('rotate-credential', parameter);
    expect(status).toBe(422);
    expect(json.issue[0].expression?.[0] ?? '').toContain(place);
    expect(text).not.toContain('secret words');
    expect(await onTrail()).toEqual(before);
  });
});

describe('Endpoint/[id]/$move', () => {
  test('I2 I3 what lies at the old address is recalled there, with its credential; the new one has what it should hold, and no credential is left behind for good', async () => {
    const { number } = await door.ground.person('mover', ['svc-moving']);
    await sending.all('svc-moving');
    expect(old.holds().map(({ person }) => person)).toEqual([number]);
    const without = await ask('move', [address(next.address)]);
    expect([without.status, without.json.issue?.[0]?.expression?.[0]]).toEqual([422, "Parameters.parameter.where(name='address')"]);
    const moved = await ask('move', [address(next.address), textsOf('client')]);
    expect(moved.status).toBe(200);
    expect(standings(moved.json.parameter)).toEqual([
      [old.address, 'left'],
      [next.address, 'in-use'],
    ]);
    expect((await door.ask(OPERATOR, 'Endpoint/end-moving')).json.address).toBe(next.address);
    await sending.all('svc-moving');
    await sending.all('svc-moving');
    expect([old.holds(), next.holds().map(({ person }) => person)]).toEqual([[], [number]]);
    expect((await onTrail()).at(-1)).toBe('moved');
  }, 30_000);

  test.each<[string, readonly ParametersParameter[], number]>([
    ['no address', [], 422],
    ['the same address', [], 409],
    ['an address of another channel', [address('mllp://127.0.0.1:2575')], 422],
    ['an address with a password', [address('https://a:b@c.example/')], 422],
    ['an address that is no url', [{ name: 'address', valueString: 'https://c.example/' }], 422],
  ])('I10 refuses %s, and moves nothing', async (what, parameter, status) => {
    const sent = what === 'the same address' ? [address(next.address)] : parameter;
    expect((await ask('move', sent)).status).toBe(status);
    expect((await door.ask(OPERATOR, 'Endpoint/end-moving')).json.address).toBe(next.address);
  });

  test('is the operator’s alone, and of an Endpoint that is there', async () => {
    for (const caller of [TRUST, AMBULANCE])
      for (const operation of ['move', 'rotate-credential'])
        expect((await ask(operation, [address('https://elsewhere.example/')], caller)).status).toBe(403);
    expect((await ask('move', [address('https://elsewhere.example/')], OPERATOR, 'none')).status).toBe(404);
  });
});
