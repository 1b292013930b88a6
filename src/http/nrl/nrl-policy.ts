import { anomaly } from '../../model/anomaly.ts';
import { EMERGENCY_KINDS, type Kind } from '../../model/kind.ts';
import type { Principal } from '../../model/principal.ts';
import { type Letter, scopesPermit } from '../../model/scope.ts';

/** Kinds that may ask as consumers of the NRL: who cares for people. Police are none (nhs.md section 1), whatever an agreement says. */
export const NRL_KINDS: readonly Kind[] = EMERGENCY_KINDS;

/** Throws `forbidden` for another kind, and where the scopes do not hold `system/DocumentReference` with this letter. */
export const checkConsumer = ({ kind, scopes }: Principal, letter: Letter): void => {
  if (!NRL_KINDS.includes(kind)) throw anomaly('forbidden', 'a service of this kind is no consumer of pointers');
  if (!scopesPermit(scopes, 'DocumentReference', letter))
    throw anomaly('forbidden', `this access token, by its scopes, may not ask here: system/DocumentReference.${letter} is required`);
};
