import { Anomaly } from '../../src/model/anomaly.ts';
import type { PersonIdentity } from '../../src/model/person-identity.ts';
import { textOf } from './claims.ts';

/** NHS login's highest level of identity proofing (DCB3051): nobody below it may see a health record. */
const PROVED = 'P9';

const wrong = (category: 'unauthenticated' | 'forbidden', help: string): Anomaly =>
  new Anomaly(category, { at: 'http.X-User-Identity', help });

/**
 * The person of a verified id token of NHS login: `sub`, `nhs_number`, and `identity_proofing_level`, which is P9. Throws `unauthenticated` where a
 * claim cannot be read, and `forbidden` where it is not proved who they are, or no NHS number is known. Nothing of the token is repeated.
 */
export const fromPersonToken = (claims: Readonly<Record<string, unknown>>): PersonIdentity => {
  const [issuer, subject] = [textOf(claims, 'iss'), textOf(claims, 'sub')];
  if (issuer === null || subject === null) throw wrong('unauthenticated', 'names no issuer or no subject');
  if (textOf(claims, 'identity_proofing_level') !== PROVED)
    throw wrong('forbidden', `this person has not proved who they are: identity_proofing_level is ${PROVED}`);
  const nhsNumber = textOf(claims, 'nhs_number') ?? '';
  if (!/^\d{10}$/.test(nhsNumber)) throw wrong('forbidden', 'names no NHS number: nhs_number has ten digits');
  // The subject stands in the trail.
  if (subject.replaceAll(/\D/g, '').includes(nhsNumber)) throw wrong('unauthenticated', 'its subject is an NHS number');
  return { issuer, subject, nhsNumber };
};
