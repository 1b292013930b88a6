import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Endpoint } from '@medplum/fhirtypes';
import { judge } from '../../mappings/check/judge.ts';
import { Extension, System } from '../../profiles/canonicals.ts';
import { SCENARIOS } from '../../src/model/recipient-check.ts';
import { operator } from '../store/ground.ts';
import * as body from '../support/bodies.ts';
import { startFakeFhirServer } from '../support/fake-fhir-server.ts';
import type { CheckGround } from './check-ground.ts';
import { openCheckGround } from './check-ground.ts';

let on: CheckGround;
beforeAll(async () => {
  on = await openCheckGround();
}, 60_000);
afterAll(() => on?.close());

test.each([true, false])(
  'a check over FHIR REST, read back: %s: each scenario is said, as a test, and nothing is left there',
  async (readsBack) => {
    const name = `rest${readsBack ? 'read' : 'blind'}`;
    const server = await startFakeFhirServer({ mayBeRead: readsBack });
    const rest: Endpoint = {
      ...body.endpoint(`end-${name}`, `svc-${name}`, `org-${name}`, server.address),
      connectionType: { system: System.connectionType, code: 'hl7-fhir-rest' },
    };
    const extension = [
      ...(rest.extension ?? []),
      { url: Extension.recallForm, valueCode: 'rest-status' },
      { url: Extension.readBack, valueBoolean: readsBack },
    ];
    await on.ground.put(operator, body.organization(`org-${name}`, `X${name.toUpperCase()}`, 'epr'));
    await on.ground.put(operator, body.service(`svc-${name}`, `org-${name}`, 'epr'));
    await on.ground.put(operator, { ...rest, extension, status: 'off' });
    const { check, destination } = await on.check(name);
    expect(Object.keys(check.tried).toSorted()).toEqual([...SCENARIOS].toSorted());
    expect(judge(check.tried, destination).contradictions).toEqual([]);
    expect(server.holds()).toEqual([]);
    const kept = [...server.current('Bundle'), ...server.current('DocumentReference')];
    expect(kept.length).toBeGreaterThan(0);
    for (const { body: resource } of kept) expect(JSON.stringify(resource)).toContain('HTEST');
    expect(await on.ground.put(operator, { ...rest, extension, status: 'active' })).toBe(`end-${name}`);
    await server.stop();
  },
  60_000,
);
