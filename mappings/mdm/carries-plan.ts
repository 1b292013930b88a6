import { fieldOf, readHl7 } from './read-hl7.ts';
import { WITHDRAWN } from './segments.ts';

/**
 * Whether a message of the broker's own leaves something of a plan with its receiver: its words, or that there is one. What takes a document or
 * a flag back does not.
 */
export const carriesPlan = (message: string): boolean => {
  const segments = readHl7(message) ?? [];
  const [type, event] = fieldOf(segments, 'MSH', 9).split('^');
  if (type === 'ADT') return fieldOf(segments, 'OBX', 11) !== 'D';
  return event !== 'T11' && fieldOf(segments, 'OBX', 3).split('^')[0] !== WITHDRAWN;
};
