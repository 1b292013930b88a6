import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Contract } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import * as body from '../support/bodies.ts';
import { AMBER, AMBULANCE, approvePlan, NHS_NUMBER_SYSTEM, OPERATOR, openDoor } from './open-door.ts';
import type { OpenDoor } from './open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
});
afterAll(async () => {
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await door.close();
});

const put = (contract: Contract) => door.put(OPERATOR, { ...contract, id: 'attacked' });
const [TERM] = body.agreement('trust', ['ambulance']).term ?? [];
if (TERM === undefined) throw new Error('an agreement has a term');
const stored = async () =>
  (
    await door.pool.query<{ facts: { headings: string[] } }>(
      "SELECT facts FROM agreement_fact WHERE contract_id = 'attacked' ORDER BY term",
    )
  ).rows;
const party = (role: 'publisher' | 'recipient', references: readonly object[]) => ({
  reference: [...references],
  role: { coding: [{ system: System.agreementRole, code: role }] },
});
const ofParties = (publishers: readonly object[], recipients: readonly object[]): Contract =>
  body.signed({
    ...body.agreement('trust', ['ambulance']),
    term: [{ ...TERM, offer: { party: [party('publisher', publishers), party('recipient', recipients)] } }],
  });
const byOds = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, index) => ({ identifier: { system: System.odsOrganization, value: `${prefix}${index}` } }));

describe('an agreement', () => {
  test('I3 of two terms for one pair: both stand', async () => {
    const heading = (code: string) => [{ type: [{ coding: [{ system: System.heading, code }] }] }];
    const two = {
      ...body.agreement('trust', ['ambulance']),
      term: [
        { ...TERM, asset: heading('who-to-ring') },
        { ...TERM, asset: heading('please-do') },
      ],
    };
    expect((await put(two)).status).toBe(201);
    expect((await stored()).map(({ facts }) => facts.headings)).toEqual([['who-to-ring'], ['please-do']]);
    expect((await put({ ...two, status: 'terminated' })).status).toBe(200);
    expect(await stored()).toHaveLength(2);
  });

  test('with one party written two thousand times is of one pair, and keeps nobody waiting', async () => {
    const many = ofParties(
      Array(500).fill({ reference: 'Organization/trust' }),
      Array(1_900).fill({ reference: 'HealthcareService/ambulance' }),
    );
    expect((await put(many)).status).toBe(200);
    expect(await stored()).toHaveLength(1);
  });

  test('of more pairs than one lock should cover is refused, and what was there stands', async () => {
    const before = await stored();
    const answer = await put(ofParties(byOds(201, 'P'), byOds(100, 'R')));
    expect(answer.status).toBe(422);
    expect(answer.body.issue[0].expression).toEqual(['Contract.term[0].offer.party']);
    expect(await stored()).toEqual(before);
  });

  test.each([
    ['a service that is not registered', ofParties([{ reference: 'Organization/trust' }], [{ reference: 'HealthcareService/nowhere' }])],
    [
      'an organisation that is not registered',
      ofParties([{ reference: 'Organization/nowhere' }], [{ reference: 'HealthcareService/ambulance' }]),
    ],
    ['a service as publisher', ofParties([{ reference: 'HealthcareService/ambulance' }], [{ reference: 'HealthcareService/ambulance' }])],
    [
      'a heading that is none',
      {
        ...body.agreement('trust', ['ambulance']),
        term: [{ ...TERM, asset: [{ type: [{ coding: [{ system: System.heading, code: 'secrets' }] }] }] }],
      },
    ],
    [
      'law enforcement for its purpose',
      {
        ...body.agreement('trust', ['ambulance']),
        term: [
          {
            ...TERM,
            action: (TERM.action ?? []).map((action) => ({
              ...action,
              intent: { coding: [{ system: System.purpose, code: 'law-enforcement' }] },
            })),
          },
        ],
      },
    ],
  ])('with %s is refused, and what was there stands', async (_, contract) => {
    const before = await stored();
    const answer = await put(contract);
    expect(answer.status).toBe(422);
    expect(answer.body.issue[0].expression[0]).toMatch(/^Contract\.term/);
    expect(await stored()).toEqual(before);
  });

  test('a plan is found under the agreement that is left', async () => {
    const form = `patient.identifier=${encodeURIComponent(`${NHS_NUMBER_SYSTEM}|${AMBER}`)}`;
    expect((await door.search(AMBULANCE, 'Flag', form)).body.total).toBe(1);
  });
});
