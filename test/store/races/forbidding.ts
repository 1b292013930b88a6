import * as body from '../../support/bodies.ts';
import type { Ground, Lane } from '../ground.ts';
import { publisher } from '../ground.ts';

/** A fact that forbids, and how it is undone before the next round. */
export interface Forbidding {
  readonly fact: string;
  forbid(ground: Ground, lane: Lane, round: number): Promise<unknown>;
  allow(ground: Ground, lane: Lane, round: number): Promise<unknown>;
}

const kinds = ['ed'] as const;
const otherNumbers = new Map<string, string>();
const otherNumber = (ground: Ground, { number }: Lane): string => {
  const known = otherNumbers.get(number) ?? ground.numbers.next();
  otherNumbers.set(number, known);
  return known;
};

export const REVOCATION: Forbidding = {
  fact: 'a Consent that is made inactive',
  forbid: ({ put }, lane) => put(publisher, body.consent(lane.consent, lane.patient, 'org-trust', { kinds, status: 'inactive' })),
  allow: ({ put }, lane) => put(publisher, body.consent(lane.consent, lane.patient, 'org-trust', { kinds })),
};

/** Each fact that forbids a lane's ED to hold its plan. */
export const FORBIDDING: readonly Forbidding[] = [
  REVOCATION,
  {
    fact: 'a new Consent that denies',
    forbid: ({ put }, lane, round) =>
      put(publisher, body.consent(`deny-${lane.name}-${round}`, lane.patient, 'org-trust', { deny: kinds })),
    allow: ({ database }, lane, round) =>
      database.pool.query(
        `WITH gone AS (DELETE FROM consent_fact WHERE consent_id = $1 RETURNING patient_id)
         UPDATE person SET epoch = epoch + 1 WHERE id IN (SELECT person_id FROM patient_fact JOIN gone USING (patient_id))`,
        [`deny-${lane.name}-${round - 1}`],
      ),
  },
  {
    fact: "an agreement's end",
    forbid: ({ agree }, lane) => agree(lane.name, 'terminated'),
    allow: ({ agree }, lane) => agree(lane.name, 'executed'),
  },
  {
    fact: 'a correction of the NHS number',
    forbid: (ground, lane) => ground.put(publisher, body.patient(lane.patient, otherNumber(ground, lane))),
    allow: ({ put }, lane) => put(publisher, body.patient(lane.patient, lane.number)),
  },
  {
    fact: 'a withdrawal',
    forbid: ({ store }, lane) => store.withdraw(publisher, lane.plan, 'The person asked for it'),
    allow: ({ database }, lane) =>
      database.pool.query(
        `WITH back AS (UPDATE plan SET withdrawn = false WHERE version->>'carePlanId' = $1 RETURNING patient_id)
         UPDATE person SET epoch = epoch + 1 WHERE id IN (SELECT person_id FROM patient_fact JOIN back USING (patient_id))`,
        [lane.plan],
      ),
  },
];
