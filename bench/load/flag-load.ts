import type { Broker } from '../ground/broker.ts';
import { flagForm } from '../ground/template.ts';
import { type Load, NUMBER } from './load.ts';

const AMBULANCE = { ods: 'AMB', kind: 'ambulance' } as const;

/** An ambulance service asks for flags by NHS number, of the first so many persons at random. */
export const flagLoad = (
  persons: number,
  { tokens }: Pick<Broker, 'tokens'>,
): Pick<Load, 'headers' | 'caller' | 'body' | 'numbers' | 'answer'> => ({
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  caller: () => tokens.headersOf(AMBULANCE),
  body: flagForm('0000000000').replace('0000000000', NUMBER),
  numbers: { among: persons },
  answer: { status: 200, text: '"total":1' },
});
