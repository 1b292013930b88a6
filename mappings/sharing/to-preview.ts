import type { Parameters, ParametersParameter } from '@medplum/fhirtypes';
import type { Finding } from '../../src/decide/guardrails.ts';
import type { Desired } from '../../src/model/ledger.ts';
import { holds } from '../../src/model/ledger.ts';
import type { NamedRecipient } from '../../src/model/sharing.ts';
import { toService } from './plain-words.ts';
import { answerOf } from './to-explanation.ts';

/** What one service would see after a change, against now. */
export interface Previewed {
  readonly recipient: NamedRecipient;
  readonly before: Desired | null;
  readonly after: Desired | null;
  readonly isRecalled: boolean;
}

const headingsOf = (want: Desired | null): readonly string[] => (want !== null && holds(want) ? want.headings : []);

const toGuardrail = ({ id, sentence, at, stops }: Finding): ParametersParameter => ({
  name: 'guardrail',
  part: [
    { name: 'id', valueCode: id },
    { name: 'severity', valueCode: stops ? 'error' : 'warning' },
    { name: 'sentence', valueString: sentence },
    { name: 'place', valueString: at },
  ],
});

/** What `CarePlan/[id]/$preview-release` answers: each service that has to do with the plan before or after, then what the guardrails find in a draft. */
export const toPreview = ({
  changes,
  findings,
}: {
  readonly changes: readonly Previewed[];
  readonly findings: readonly Finding[];
}): Parameters => {
  const services = changes.map(({ recipient, before, after, isRecalled }): ParametersParameter => {
    const [had, has] = [headingsOf(before), headingsOf(after)];
    const because = after === null || holds(after) ? null : after.because;
    return {
      name: 'organization',
      part: [
        toService(recipient),
        { name: 'kind', valueCode: recipient.kind },
        { name: 'before', valueCode: before === null ? 'nothing' : answerOf(before) },
        { name: 'after', valueCode: after === null ? 'nothing' : answerOf(after) },
        ...(because === null ? [] : [{ name: 'because', valueCode: because }]),
        ...has.filter((heading) => !had.includes(heading)).map((heading) => ({ name: 'gained', valueCode: heading })),
        ...had.filter((heading) => !has.includes(heading)).map((heading) => ({ name: 'lost', valueCode: heading })),
        { name: 'recall', valueBoolean: isRecalled },
      ],
    };
  });
  const parameter = [...services, ...findings.map(toGuardrail)];
  return { resourceType: 'Parameters', ...(parameter.length === 0 ? {} : { parameter }) };
};
