import { beforeAll, describe, expect, test } from '@jest/globals';
import { evalFhirPath, evalFhirPathTyped, parseFhirPath, toTypedValue } from '@medplum/core';
import type { CarePlan, Resource } from '@medplum/fhirtypes';
import { SEARCH_PARAMETERS } from '../../../profiles/search-parameters.ts';
import { foldText } from '../../../src/store/search/fold-text.ts';
import { ANY_REFERENCE, indexRows } from '../../../src/store/search/index-rows.ts';
import { spanOfText } from '../../../src/store/search/span-of.ts';
import { codedText, codeText } from '../../../src/store/search/token-text.ts';
import { valuesAt } from '../../../src/store/search/values-at.ts';
import { definitions } from '../../../src/validate/definitions.ts';
import { samplesOf } from './sample-resource.ts';

beforeAll(() => void definitions());

const tokens = (resource: Resource, param: string) =>
  indexRows(resource, 'TRUST1')
    .tokens.filter((each) => each.param === param)
    .map(({ token }) => token);

describe('where the values of a parameter stand', () => {
  const all = [...SEARCH_PARAMETERS.values()].flat();
  test.each(all.map((each) => [`${each.type}?${each.code}`, each] as const))(
    '%s: the path finds what FHIRPath finds',
    (_name, definition) => {
      const atom = parseFhirPath(definition.expression);
      for (const { resource } of samplesOf(definition).flat()) {
        const walked = valuesAt(resource, definition).map(({ value }) => value);
        expect(walked).toHaveLength(1);
        expect(evalFhirPathTyped(atom, [toTypedValue(resource)]).map(({ value }) => value as unknown)).toEqual(walked);
      }
    },
  );

  test('a reference that is not to the type that the parameter speaks of is not found', () => {
    const plan = { resourceType: 'CarePlan', subject: { reference: 'Group/one' } } as CarePlan;
    expect(evalFhirPath('CarePlan.subject.where(resolve() is Patient)', plan)).toEqual([]);
    expect(tokens(plan, 'patient')).toEqual([]);
    expect(tokens(plan, 'subject')).toEqual(['Group/one']);
  });
});

describe('the rows of a resource', () => {
  test('a code is found with its system, without, and by its system alone; a bar within one is no bar between them', () => {
    const rows = (system: string | undefined, code: string) =>
      tokens(
        { resourceType: 'CarePlan', category: [{ coding: [{ ...(system === undefined ? {} : { system }), code }] }] } as CarePlan,
        'category',
      );
    expect(rows('s', 'c')).toEqual(['c', 's|c', 's|']);
    expect(rows(undefined, 'c')).toEqual(['c', '|c']);
    expect(rows(undefined, 's|c')).not.toContain('s|c');
    expect(codedText('a|b', 'c')).not.toBe(codedText('a', 'b|c'));
    expect(codeText('x'.repeat(5_000)).length).toBeLessThan(300);
    expect(codeText('x'.repeat(5_000))).not.toBe(codeText('x'.repeat(5_001)));
  });

  test('a reference loses its version, a contained one is none, and each is found wherever it stands', () => {
    const plan = {
      resourceType: 'CarePlan',
      subject: { reference: 'Patient/p/_history/3' },
      encounter: { reference: '#inside' },
      extension: [{ url: 'https://example.org/x', valueReference: { reference: 'HealthcareService/s' } }],
    } as CarePlan;
    expect(tokens(plan, 'subject')).toEqual(['Patient/p']);
    expect(tokens(plan, 'encounter')).toEqual(['']);
    expect(tokens(plan, ANY_REFERENCE)).toEqual(['Patient/p', 'HealthcareService/s']);
  });

  test('a logical reference is found by its identifier, under a name that no literal one has', () => {
    const plan = { resourceType: 'CarePlan', subject: { identifier: { value: 'Patient/p' } } } as CarePlan;
    expect(tokens(plan, 'subject')).not.toContain('Patient/p');
    expect(tokens(plan, 'subject:identifier')).toEqual(['Patient/p', '|Patient/p']);
    expect(tokens(plan, 'patient:identifier')).toEqual(['Patient/p', '|Patient/p']);
  });

  test('dates are spans as wide as they were written, in London where they have no zone', () => {
    const span = (text: string) => {
      const found = spanOfText(text);
      return found === null ? null : [new Date(found.low).toISOString(), new Date(found.high).toISOString()];
    };
    expect(span('2026')).toEqual(['2026-01-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z']);
    expect(span('2026-07')).toEqual(['2026-06-30T23:00:00.000Z', '2026-07-31T23:00:00.000Z']);
    expect(span('2026-07-01')).toEqual(['2026-06-30T23:00:00.000Z', '2026-07-01T23:00:00.000Z']);
    expect(span('2026-07-01T10:00:00Z')).toEqual(['2026-07-01T10:00:00.000Z', '2026-07-01T10:00:01.000Z']);
    expect(span('2026-07-01T10:00:00.5Z')).toEqual(['2026-07-01T10:00:00.500Z', '2026-07-01T10:00:00.501Z']);
    expect(span('2026-07-01T10:00Z')).toEqual(['2026-07-01T10:00:00.000Z', '2026-07-01T10:01:00.000Z']);
    expect(span('2026-02-30')).toBeNull();
    expect(foldText('  Zoë   ÅNGSTRÖM ')).toBe('zoe angstrom');
  });
});
