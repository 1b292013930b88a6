import type { Resource } from '@medplum/fhirtypes';
import { isAdvanceDecision } from '../../mappings/facts/from-advance-decision.ts';
import { doubtsOfConsent } from '../../mappings/facts/from-consent.ts';
import { System } from '../../profiles/canonicals.ts';
import type { Issue } from '../model/anomaly.ts';
import { errorsOf } from '../validate/validate.ts';
import type { Door } from './exchange.ts';

/**
 * A Consent that cannot be computed is taken, for a person's word is never turned away, and by it nothing new is sent and nothing recalled for a
 * day (I11). Whoever writes it is told at once: else a revocation with a slip in it would look as if it had been done.
 */
const consentWarnings = (resource: Resource): readonly Issue[] => {
  if (resource.resourceType !== 'Consent' || resource.status !== 'active' || isAdvanceDecision(resource)) return [];
  return doubtsOfConsent(resource).map(({ at, reason }) => ({
    at,
    code: 'business-rule',
    severity: 'warning',
    help: `${reason}: what this says cannot be decided. Nothing new is sent by it, nothing is recalled by it for 24 hours, and a person is asked`,
  }));
};

/** R4 lets a coverage area be any Location: where it is not one that plans name, the service is in nobody's reach by it, and would never be told why. */
const areaWarnings = (resource: Resource): readonly Issue[] =>
  resource.resourceType !== 'HealthcareService'
    ? []
    : (resource.coverageArea ?? []).flatMap(({ identifier }, index) =>
        identifier?.system === System.area
          ? []
          : [
              {
                at: `HealthcareService.coverageArea[${index}].identifier`,
                code: 'business-rule',
                severity: 'warning' as const,
                help: `is not of ${System.area}: no plan is for a service by this area`,
              },
            ],
      );

/** What the door says of a resource that is in order, beside its profile: it forbids nothing. */
export const doorWarnings = (resource: Resource): readonly Issue[] => [...consentWarnings(resource), ...areaWarnings(resource)];

/** What is said of a resource that is taken: it forbids nothing. */
export const writeWarnings = (door: Pick<Door, 'validate'>, resource: Resource): readonly Issue[] => {
  const found = door.validate(resource);
  const errors = errorsOf(found);
  return [...doorWarnings(resource), ...found.filter((issue) => !errors.includes(issue))];
};
