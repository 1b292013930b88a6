import type { CarePlan } from '@medplum/fhirtypes';
import { Extension, System } from '../../profiles/canonicals.ts';
import { anomaly } from '../../src/model/anomaly.ts';
import type { PlanAction } from '../../src/model/disclosure.ts';
import type { Instant } from '../../src/model/instant.ts';
import type { Reach } from '../../src/model/plan.ts';
import { headingOf } from './codes-of.ts';
import { extensionOf, extensionsOf } from './extensions-of.ts';
import { endOf } from './instant-of.ts';
import { present } from './present.ts';
import { idOf } from './reference-of.ts';

/** Whether the person agreed; if not, why, and who the second clinician is (a literal reference as it stands). */
export interface AgreedWithPerson {
  readonly agreed: boolean;
  readonly reason: string | null;
  readonly secondClinician: string | null;
}

/** What a CarePlan (draft or approved) says. */
export interface CarePlanFacts {
  readonly id: string;
  /** Shared by all versions of one plan. */
  readonly businessIdentifier: { readonly system: string; readonly value: string };
  readonly patientId: string;
  readonly compositionId: string;
  /** Id of the CarePlan that this one replaces; null for a first version. */
  readonly replaces: string | null;
  readonly reach: Reach;
  /** `YYYY-MM-DD`. */
  readonly reviewDate: string;
  readonly expiresAt: Instant | null;
  readonly agreedWithPerson: AgreedWithPerson;
  readonly actions: readonly PlanAction[];
}

const readIdentifier = (plan: CarePlan): CarePlanFacts['businessIdentifier'] => {
  const whole = (plan.identifier ?? []).flatMap(({ system, value }) =>
    system !== undefined && value !== undefined ? [{ system, value }] : [],
  );
  // The broker's own name for the plan first: a trust may add more of its own.
  return present(whole.find(({ system }) => system === System.plan) ?? whole[0], 'CarePlan.identifier');
};

const readReach = (plan: CarePlan): Reach => {
  const recipientIds: string[] = [];
  const areas: string[] = [];
  for (const [extension, index] of extensionsOf(plan, Extension.reach)) {
    const at = `CarePlan.extension[${index}].value`;
    if (extension.valueReference !== undefined) recipientIds.push(present(idOf(extension.valueReference, 'HealthcareService'), at));
    else if (extension.valueCoding?.system === System.area) areas.push(present(extension.valueCoding.code, at));
    else throw anomaly('incorrect', 'names a service or an area', at);
  }
  return { recipientIds, areas };
};

const readAgreed = (plan: CarePlan): AgreedWithPerson => {
  const at = `CarePlan.extension.where(url='${Extension.agreedWithPerson}')`;
  const extension = present(extensionOf(plan, Extension.agreedWithPerson), at);
  return {
    agreed: present(extensionOf(extension, 'agreed')?.valueBoolean, `${at}.extension.where(url='agreed').value`),
    reason: extensionOf(extension, 'reason')?.valueString ?? null,
    secondClinician: extensionOf(extension, 'secondClinician')?.valueReference?.reference ?? null,
  };
};

const readActions = (plan: CarePlan): PlanAction[] =>
  (plan.activity ?? []).map(({ detail }, index) => {
    const at = `CarePlan.activity[${index}].detail`;
    if (detail?.doNotPerform === true) throw anomaly('incorrect', "a don't is never an activity", `${at}.doNotPerform`);
    return { heading: present(headingOf(detail?.code), `${at}.code`), description: present(detail?.description, `${at}.description`) };
  });

/** Reads a CarePlan. Hard expiry is the first instant after the last day of `period.end`, Europe/London. Throws `incorrect` for what is missing. */
export const fromCarePlan = (plan: CarePlan): CarePlanFacts => {
  const [words, more] = plan.supportingInfo ?? [];
  if (more !== undefined) throw anomaly('incorrect', 'a plan has one Composition', 'CarePlan.supportingInfo[1]');
  const [replaces] = plan.replaces ?? [];
  return {
    id: present(plan.id, 'CarePlan.id'),
    businessIdentifier: readIdentifier(plan),
    patientId: present(idOf(plan.subject, 'Patient'), 'CarePlan.subject'),
    compositionId: present(idOf(words, 'Composition'), 'CarePlan.supportingInfo[0]'),
    replaces: replaces === undefined ? null : present(idOf(replaces, 'CarePlan'), 'CarePlan.replaces[0]'),
    reach: readReach(plan),
    reviewDate: present(
      extensionOf(plan, Extension.reviewDate)?.valueDate,
      `CarePlan.extension.where(url='${Extension.reviewDate}').value`,
    ),
    expiresAt: plan.period?.end === undefined ? null : endOf(plan.period.end, 'CarePlan.period.end'),
    agreedWithPerson: readAgreed(plan),
    actions: readActions(plan),
  };
};
