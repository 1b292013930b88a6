import type { CarePlan, Composition } from '@medplum/fhirtypes';
import { System } from '../../../profiles/canonicals.ts';
import type { Draft } from '../../../src/decide/guardrails/rule.ts';

/** A draft that says nothing: each rule is asked alone. */
export const draft = (change: Partial<Draft> = {}): Draft => ({
  carePlan: {} as CarePlan,
  composition: {} as Composition,
  hands: [],
  agreement: { agreed: true, reason: null, secondClinician: null },
  ...change,
});
/** A section of words under a heading. */
export const section = (code: string, words: string) => ({
  code: { coding: [{ system: System.heading, code }] },
  text: { status: 'additional' as const, div: `<div>${words}</div>` },
});
/** A draft whose one section says these words. */
export const saying = (code: string, words: string, title = 'My plan'): Draft =>
  draft({ composition: { title, author: [], section: [section(code, words)] } as unknown as Composition });
