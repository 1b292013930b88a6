import type { Parameters, ParametersParameter } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { Evaluated, Evaluation } from '../../src/decide/consent/evaluate.ts';

const named = ({ name, is }: Evaluated['datum']): ParametersParameter => {
  switch (is) {
    case 'resource':
      return { name: 'resource', valueString: name };
    case 'heading':
      return { name: 'heading', valueCoding: { system: System.heading, code: name } };
    case 'class':
      return { name: 'class', valueString: name };
    case 'anything':
      return { name: 'anything', valueBoolean: true };
    default:
      return is satisfies never;
  }
};

const toPart = (decision: Evaluation['decision'], { datum, answer, reason, provision }: Evaluated): ParametersParameter => {
  const isFrozen = decision === 'undecidable' && answer === 'permit';
  return {
    name: answer === 'permit' && !isFrozen ? 'released' : 'withheld',
    part: [
      named(datum),
      { name: 'answer', valueCode: answer },
      { name: 'reason', valueString: isFrozen ? `${reason}; but another part of what was asked cannot be decided` : reason },
      ...(provision === null ? [] : [{ name: 'provision', valueString: provision }]),
    ],
  };
};

/** The answer of Consent/$evaluate: the decision, then what is released and what is withheld, each with its reason and the provision that decided. */
export const toEvaluation = ({ decision, data }: Evaluation): Parameters => ({
  resourceType: 'Parameters',
  parameter: [{ name: 'decision', valueCode: decision }, ...data.map((each) => toPart(decision, each))],
});
