import type { ParametersParameter } from '@medplum/fhirtypes';
import type { Door, Exchange } from '../exchange.ts';
import { routeOf } from '../exchange.ts';
import { badParameter } from '../refusal.ts';
import { onlyAsked } from './agreement.ts';
import { onlyNamed, required, validParametersOf } from './operations.ts';

const textIn = ({ valueId, valueCode, valueString, valueInstant, valueInteger }: ParametersParameter): string | undefined =>
  valueId ?? valueCode ?? valueString ?? valueInstant ?? (valueInteger === undefined ? undefined : String(valueInteger));

/** What an operation that is asked by GET or by POST was sent. */
export interface AskedOf {
  /** Every value of a parameter, in order. */
  readonly all: (name: string) => readonly string[];
  /** Its one value; null where there is none. Throws where it stands more than once. */
  readonly one: (name: string) => string | null;
  /** What is thrown at a parameter that says nothing that is understood. */
  readonly wrong: (name: string, help: string) => Error;
}

/** The parameters of an operation, by whichever of the two ways. Throws at the first that has another name, and where the body is no valid Parameters. */
export const askedOf = (exchange: Exchange, door: Door, names: readonly string[]): AskedOf => {
  const isBody = routeOf(exchange).route.body === 'parameters';
  const wrong = (name: string, help: string): Error => (isBody ? required(name, help) : badParameter(name, help));
  const query = onlyAsked(exchange.query, isBody ? [] : names);
  const sent = isBody ? (onlyNamed(validParametersOf(exchange, door), names).parameter ?? []) : [];
  const all = (name: string): readonly string[] =>
    isBody
      ? sent
          .filter((each) => each.name === name)
          .map((each) => {
            const text = textIn(each);
            if (text === undefined) throw required(name, 'has a value');
            return text;
          })
      : query.getAll(name);
  return {
    all,
    one: (name) => {
      const values = all(name);
      if (values.length > 1) throw wrong(name, 'stands once');
      return values[0] ?? null;
    },
    wrong,
  };
};
