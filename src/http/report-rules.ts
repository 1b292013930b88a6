import type { MeasureReport } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { Issue } from '../model/anomaly.ts';

/** Elements of a report that name those whom it counts, or lead to them. */
const OF_PERSONS = ['subject', 'evaluatedResource', 'contained'] as const;

const wrong = (at: string, help: string): Issue => ({ at, code: 'business-rule', help });

/**
 * A report counts, and names nobody: an evaluator, who sees no identifiers, reads what the publisher of its organisation reports. Empty where it
 * may be written.
 */
export const reportIssues = (report: MeasureReport): readonly Issue[] => [
  ...(report.type === 'summary' ? [] : [wrong('MeasureReport.type', 'is summary: reports here count, and name nobody')]),
  ...OF_PERSONS.filter((name) => report[name] !== undefined).map((name) =>
    wrong(`MeasureReport.${name}`, 'is left out: reports here count, and name nobody'),
  ),
  ...(report.group ?? []).flatMap((group, index) =>
    JSON.stringify(group).includes('"subjectResults"')
      ? [wrong(`MeasureReport.group[${index}]`, 'holds no subjectResults: reports here count, and name nobody')]
      : [],
  ),
  // Wherever else it could stand: an identifier, an extension, a logical reference.
  ...(JSON.stringify(report).includes(System.nhsNumber) ? [wrong('MeasureReport', 'holds no NHS number')] : []),
];
