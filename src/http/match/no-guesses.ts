import type { Patient } from '@medplum/fhirtypes';
import { anomaly } from '../../model/anomaly.ts';

/** Names that one person goes by. */
const MOST_NAMES = 4;
/** Telephones, e-mail addresses and postal addresses of one person, together. */
const MOST_CONTACTS = 6;

/**
 * Throws `incorrect` for a Patient that says more than is known of one person: a list of telephones or postcodes is a list of guesses, of which one call would
 * tell that one is right, and a few more which.
 */
export const refuseGuesses = ({ name = [], telecom = [], address = [] }: Patient): void => {
  if (name.length > MOST_NAMES)
    throw anomaly('incorrect', `has at most ${MOST_NAMES}: those that one person goes by`, `Patient.name[${MOST_NAMES}]`);
  if (telecom.length + address.length <= MOST_CONTACTS) return;
  throw anomaly(
    'incorrect',
    `telecom and address are at most ${MOST_CONTACTS} together: those that are known of one person`,
    telecom.length > MOST_CONTACTS ? `Patient.telecom[${MOST_CONTACTS}]` : `Patient.address[${MOST_CONTACTS - telecom.length}]`,
  );
};
