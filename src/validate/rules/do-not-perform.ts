import type { Issue } from '../../model/anomaly.ts';
import { isObject, objectsOf } from '../json.ts';
import type { Rule } from '../rule.ts';

/** A *don't* is never an activity: it would read as an instruction to withhold (domain.md G2). */
export const doNotPerform: Rule = (resource, at) => {
  if (resource['resourceType'] !== 'CarePlan') return [];
  return objectsOf(resource['activity']).flatMap(([{ detail }, index]): Issue[] =>
    isObject(detail) && detail['doNotPerform'] !== undefined && detail['doNotPerform'] !== false
      ? [
          {
            at: `${at}.activity[${index}].detail.doNotPerform`,
            code: 'business-rule',
            help: "a don't is never an activity: write it as words under a heading",
          },
        ]
      : [],
  );
};
