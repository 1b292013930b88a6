import { flagForm } from '../ground/template.ts';
import { type Load, NUMBER } from './load.ts';

const AMBULANCE = {
  'nhsd-end-user-organisation-ods': 'AMB',
  'x-service-kind': 'ambulance',
  'content-type': 'application/x-www-form-urlencoded',
};

/** An ambulance service asks for flags by NHS number, of the first so many persons at random. */
export const flagLoad = (persons: number): Pick<Load, 'headers' | 'body' | 'numbers' | 'answer'> => ({
  headers: AMBULANCE,
  body: flagForm('0000000000').replace('0000000000', NUMBER),
  numbers: { among: persons },
  answer: { status: 200, text: '"total":1' },
});
