import type { Endpoint, Parameters, ParametersParameter } from '@medplum/fhirtypes';
import type { RecipientCheck, Scenario } from '../../src/model/recipient-check.ts';
import { nextScenario, SCENARIOS } from '../../src/model/recipient-check.ts';
import type { Destination } from '../../src/model/recipient.ts';
import { judge } from './judge.ts';
import { declaredValue, proposedEndpoint } from './proposed-endpoint.ts';

/** What Endpoint/[id]/$check answers: how far it is, what was said in each scenario, and what that says of the profile. */
export const toCheckParameters = (check: RecipientCheck, destination: Destination, endpoint: Endpoint): Parameters => {
  const { contradictions, proposals, unanswered } = judge(check.tried, destination);
  const next = check.endedAt === null ? nextScenario(check) : null;
  const stateOf = (scenario: Scenario): string => {
    const it = check.tried[scenario];
    if (it === undefined) return scenario === next ? 'running' : 'waiting';
    if ('skipped' in it) return it.skipped;
    if (contradictions.some((one) => one.scenario === scenario)) return 'contradicts';
    return unanswered.includes(scenario) ? 'unanswered' : 'as-declared';
  };
  return {
    resourceType: 'Parameters',
    parameter: [
      { name: 'check', valueId: check.id },
      { name: 'status', valueCode: check.endedAt === null ? 'running' : 'done' },
      { name: 'began', valueInstant: check.beganAt },
      ...(check.endedAt === null ? [] : [{ name: 'ended', valueInstant: check.endedAt }]),
      { name: 'tried', valueInteger: Object.keys(check.tried).length },
      { name: 'of', valueInteger: SCENARIOS.length },
      ...SCENARIOS.map(
        (scenario): ParametersParameter => ({
          name: 'scenario',
          part: [{ name: 'name', valueCode: scenario }, { name: 'state', valueCode: stateOf(scenario) }, ...saidIn(check.tried[scenario])],
        }),
      ),
      ...contradictions.map(
        ({ scenario, extension, help }): ParametersParameter => ({
          name: 'contradiction',
          part: [
            { name: 'scenario', valueCode: scenario },
            ...(extension === null ? [] : [{ name: 'declared', valueUri: extension }]),
            { name: 'seen', valueString: help },
          ],
        }),
      ),
      ...proposals.map(
        ({ scenario, declare }): ParametersParameter => ({
          name: 'proposal',
          part: [
            { name: 'scenario', valueCode: scenario },
            { name: 'declare', valueUri: declare.url },
            { name: 'value', valueString: declaredValue(declare) },
          ],
        }),
      ),
      ...(proposals.length === 0 ? [] : [{ name: 'proposed', resource: proposedEndpoint(endpoint, proposals) }]),
    ],
  };
};

const saidIn = (tried: RecipientCheck['tried'][Scenario]): readonly ParametersParameter[] =>
  tried === undefined || 'skipped' in tried
    ? []
    : tried.said.map(({ part, action, outcome, answer, ms }) => ({
        name: 'said',
        part: [
          { name: 'message', valueString: `${part} ${action}` },
          { name: 'outcome', valueCode: outcome },
          { name: 'answer', valueString: answer },
          { name: 'ms', valueInteger: ms },
        ],
      }));
