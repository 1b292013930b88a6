import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Provenance } from '@medplum/fhirtypes';
import { Extension } from '../../../profiles/canonicals.ts';
import type { ApprovalFinding } from '../../../src/decide/check-approval.ts';
import { verifyPlan } from '../../../src/store/verify-plan.ts';
import { checkSealOf } from '../../../src/store/trail/approval-signature.ts';
import { testKeys } from '../../support/test-approving.ts';
import { approvePlan, example, openDoor, TRUST } from '../open-door.ts';

const door = await openDoor();
let sealed: Provenance;
beforeAll(async () => {
  await approvePlan(door);
  const found = await door.get(TRUST, '/fhir/Provenance?target=CarePlan/plan-1').expect(200);
  sealed = found.body.entry[0].resource;
});
afterAll(() => door.close());

const verify = async (keys = testKeys): Promise<readonly ApprovalFinding[]> => {
  const verified = await verifyPlan(door.pool, 'plan-1', keys);
  if (verified === null) throw new Error('plan-1 was approved');
  return verified.findings;
};
/** What whoever owns the database could do, undone at the end. The triggers that stand in the way are theirs to drop. */
const tampered = async (sql: string): Promise<readonly ApprovalFinding[]> => {
  const kept = await door.pool.query("SELECT to_jsonb(v) AS v FROM approved_version v WHERE care_plan_id = 'plan-1'");
  const plan = await door.pool.query("SELECT id, version FROM plan WHERE version->>'carePlanId' = 'plan-1'");
  await door.owner.query('ALTER TABLE approved_version DISABLE TRIGGER USER');
  try {
    await door.pool.query(sql);
    return await verify();
  } finally {
    const { projections, hash, number, approved_by: by, bytes, provenance_id: provenance } = kept.rows[0].v;
    await door.pool.query(
      "UPDATE approved_version SET projections = $1, hash = $2, number = $3, approved_by = $4, bytes = $5, provenance_id = $6 WHERE care_plan_id = 'plan-1'",
      [projections, hash, number, by, bytes, provenance],
    );
    await door.pool.query('UPDATE plan SET version = $2 WHERE id = $1', [plan.rows[0].id, plan.rows[0].version]);
    await door.owner.query('ALTER TABLE approved_version ENABLE TRIGGER USER');
  }
};
const KINDS = ['publisher', 'epr', 'ed', 'ambulance', 'police', 'crisis-line'];
const police = "jsonb_build_object('police', projections->'police' || ";

describe('an approval is sealed', () => {
  test("the Provenance holds the approver's verified claim, the hash of the signed bytes and of each kind's projection, and the broker's signature", () => {
    const urls = (sealed.extension ?? []).map(({ url }) => url);
    expect(urls.filter((url) => url === Extension.approvalProjection)).toHaveLength(6);
    expect(urls).toEqual(expect.arrayContaining([Extension.approvalSeal, Extension.approverClaim]));
    expect(JSON.stringify(sealed.extension)).toContain('gmc-number');
    expect(sealed.signature).toMatchObject([{ who: { identifier: { value: 'BROKER' } }, sigFormat: 'application/jose' }]);
  });

  test('what was approved is verified, and only by a key that is known', async () => {
    expect(await verify()).toEqual([]);
    expect(await verify(new Map())).toMatchObject([{ what: 'key' }]);
    expect(await verifyPlan(door.pool, 'nothing-here', testKeys)).toBeNull();
  });

  test.each([
    ['the hash of the bytes', "UPDATE approved_version SET hash = repeat('0', 64)", ['provenance', 'bytes']],
    ['the number', 'UPDATE approved_version SET number = 7', ['provenance']],
    ['who approved', `UPDATE approved_version SET approved_by = approved_by || '{"subject": "another"}'`, ['provenance']],
    [
      'the words of a kind, in place of its own',
      `UPDATE approved_version SET projections = projections || ${police} jsonb_build_object('words', '{"sections": [], "actions": []}'::jsonb))`,
      ['words'],
    ],
    [
      'the words of a kind, by those of another',
      `UPDATE approved_version SET projections = projections || ${police} jsonb_build_object('words', projections->'ed'->'words'))`,
      ['words'],
    ],
    [
      'the signed bytes',
      "UPDATE approved_version SET bytes = overlay(bytes placing 'AAAA' from 40)",
      ['bytes', ...KINDS.map(() => 'projection')],
    ],
    [
      'the hash of a kind',
      `UPDATE approved_version SET projections = projections || ${police} '{"projection": {"hash": "0", "headings": {}}}')`,
      ['provenance', 'projection', 'words'],
    ],
    [
      'what the gates work by',
      `UPDATE plan SET version = jsonb_set(version, '{projections,police,hash}', '"0"') WHERE version->>'carePlanId' = 'plan-1'`,
      ['provenance'],
    ],
    ['the whole Provenance', "UPDATE approved_version SET provenance_id = 'none'", ['unsealed']],
  ])('%s cannot be changed unseen', async (_what, sql, findings) => {
    expect((await tampered(sql)).map(({ what }) => what)).toEqual(findings);
    expect(await verify()).toEqual([]);
  });

  test('a Provenance that says anything else is not what was sealed', async () => {
    const agent = sealed.agent.map((each) => ({ ...each, who: { reference: 'Practitioner/another' } }));
    const [signature] = sealed.signature ?? [];
    if (signature === undefined) throw new Error('it is sealed');
    const of = async (changed: Partial<Provenance>) => checkSealOf({ ...sealed, ...changed }, testKeys);
    expect(await of({})).toBe('good');
    expect(await of({ agent })).toBe('wrong');
    expect(await of({ recorded: '2020-01-01T00:00:00Z' })).toBe('wrong');
    expect(await of({ extension: sealed.extension?.slice(1) })).toBe('wrong');
    expect(await of({ signature: [{ ...signature, data: Buffer.from('e30..AA').toString('base64') }] })).toBe('wrong');
    expect(await of({ signature: [signature, signature] })).toBe('wrong');
    expect(await of({ signature: [] })).toBeNull();
  });

  test.each([[{ url: 'x' }], [[null]], [['x']]])(
    'I10 a Provenance whose extension is %j is told of, and approves nothing',
    async (extension) => {
      const resource = { ...example('plan-approval', 'valid-approve'), extension };
      const parameter = [
        { name: 'version', valueString: '1' },
        { name: 'provenance', resource },
      ];
      const { status, body } = await door.post(TRUST, '/fhir/CarePlan/plan-1/$approve', { resourceType: 'Parameters', parameter });
      expect([status >= 400 && status < 500, body.resourceType]).toEqual([true, 'OperationOutcome']);
    },
  );

  test('nobody else writes what the broker seals', async () => {
    const forged = { ...sealed, id: 'forged', signature: undefined };
    const written = await door.put(TRUST, forged);
    expect(written).toMatchObject({
      status: 422,
      body: { issue: expect.arrayContaining([expect.objectContaining({ severity: 'error' })]) },
    });
    const draft = { ...example('crisis-plan'), id: 'plan-f', replaces: [{ reference: 'CarePlan/plan-1' }] };
    await door.put(TRUST, draft);
    const approval = await door.post(TRUST, '/fhir/CarePlan/plan-f/$approve', {
      resourceType: 'Parameters',
      parameter: [
        { name: 'version', valueString: '1' },
        { name: 'provenance', resource: { ...forged, id: undefined, meta: undefined, target: [{ reference: 'CarePlan/plan-f' }] } },
      ],
    });
    expect(approval.status).toBe(422);
    expect(JSON.stringify(approval.body)).toContain("is the broker's to write");
  });
});
