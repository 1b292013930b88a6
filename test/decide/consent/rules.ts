import type { ConsentQuestion, ConsentRule, ConsentRules, Datum } from '../../../src/model/consent-rules.ts';
import { ALWAYS } from '../../../src/model/period.ts';

/** A provision as the engine reads it, limited by nothing. */
export const rule = (change: Partial<ConsentRule> = {}): ConsentRule => ({
  at: 'Consent.provision',
  type: 'permit',
  period: ALWAYS,
  actors: [],
  purposes: [],
  discloses: true,
  classes: [],
  codes: [],
  labels: [],
  data: [],
  dataPeriod: null,
  nested: [],
  ...change,
});

/** A consent of one person; its provisions are named by their place. */
export const rules = (root: Partial<ConsentRule>, change: Partial<ConsentRules> = {}): ConsentRules => ({
  name: 'consent[0]',
  ids: ['Consent/c1'],
  patient: 'Patient/p',
  active: true,
  supersedes: [],
  root: rule(root),
  undecidable: null,
  ...change,
});

export const datum = (change: Partial<Datum> = {}): Datum => ({
  name: 'Observation/1',
  is: 'resource',
  patient: 'Patient/p',
  classes: [],
  codes: [],
  labels: [],
  ids: ['Observation/1'],
  refers: [],
  authors: null,
  when: null,
  ...change,
});

/** Organisation A asks for treatment, at the instant 100. */
export const question = (change: Partial<ConsentQuestion> = {}): ConsentQuestion => ({
  actor: ['Organization/a', 'ods|ZZA'],
  purpose: { system: 's', code: 'TREAT' },
  data: [datum()],
  at: 100,
  ...change,
});
