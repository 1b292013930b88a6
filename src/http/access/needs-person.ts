import type { Interaction } from '../../../profiles/resource-types.ts';
import { anomaly } from '../../model/anomaly.ts';
import type { Principal } from '../../model/principal.ts';
import type { UserIdentity } from '../../model/user-identity.ts';
import { USER_HEADER } from './user-identity.ts';

/**
 * What a client alone may not do, whatever its kind and its scopes: somebody answers for it with their registration. Everything else a client does
 * by itself; a user who is named is kept in the trail.
 */
export const NEEDS_PERSON: readonly Interaction[] = ['approve', 'emergency-access'];

/** What needs somebody who is signed in, registered or not: an operator's people look after services, not patients. */
export const NEEDS_USER: readonly Interaction[] = ['end-chase'];

const at = `http.${USER_HEADER}`;

/** The registered clinician whom an interaction needs. Throws `forbidden` where there is nobody, or nobody who is registered. */
export const registeredUser = (interaction: Interaction, user: UserIdentity | null): UserIdentity => {
  if (user === null) throw anomaly('forbidden', `${interaction} needs a person: send the id token of the clinician who does it`, at);
  if (user.registrations.length === 0)
    throw anomaly(
      'forbidden',
      `${interaction} needs a registered clinician: this user has no registration with GMC, NMC, HCPC, GDC or GPhC`,
      at,
    );
  return user;
};

/** The signed-in person whom an interaction needs. Throws `forbidden` where there is nobody. */
export const signedInUser = (interaction: Interaction, user: UserIdentity | null): UserIdentity => {
  if (user === null) throw anomaly('forbidden', `${interaction} needs a person: send the id token of whoever answers for it`, at);
  return user;
};

/** The person who calls, by the broker's own id. Throws `forbidden` where an app calls by itself. */
export const personCalling = ({ personId }: Principal): string => {
  if (personId === undefined)
    throw anomaly('forbidden', 'needs the person whose plan it is: send the id token by which they signed in', at);
  return personId;
};

/** Refuses what needs a person and has none, or none who is registered where that is asked. Throws `forbidden`. */
export const checkPerson = (interaction: Interaction, user: UserIdentity | null): void => {
  if (NEEDS_PERSON.includes(interaction)) registeredUser(interaction, user);
  if (NEEDS_USER.includes(interaction)) signedInUser(interaction, user);
};
