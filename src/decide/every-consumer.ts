import type { Actor, Consent, Provision } from '../model/consent.ts';
import type { Facts } from '../model/facts.ts';
import type { Purpose, RecipientKind } from '../model/kind.ts';
import { EMERGENCY_KINDS, PURPOSES_OF_KIND, RECIPIENT_KINDS } from '../model/kind.ts';

/** Kinds whose services ask a record locator: who cares for people. Police are no consumers there (nhs.md section 1). */
export const CONSUMER_KINDS: readonly RecipientKind[] = EMERGENCY_KINDS;

/** Who is told: a record locator has consumers of those kinds; whoever subscribed to an event may be of any. */
const kindsTold = ({ channel }: Facts['destination']): readonly RecipientKind[] => (channel === 'mns' ? RECIPIENT_KINDS : CONSUMER_KINDS);

/** What a gate is asked for one consumer. */
export interface ConsumerAsk {
  readonly facts: Facts;
  readonly purpose: Purpose;
}

/**
 * The asks behind one pointer or signal: one for each kind that may see it, for each purpose under which that kind acts. Nobody knows which organisation
 * will look, so the consumer is none in particular: what permits an organisation or a service by name permits nobody here, and what denies one denies all.
 */
export const everyConsumer = (facts: Facts): readonly ConsumerAsk[] => {
  const consents = facts.consents.map(forAll);
  return kindsTold(facts.destination).flatMap((kind) => {
    const asked: Facts = { ...facts, consents, recipient: { id: '', ods: '', kind, retains: true, areas: [] } };
    return PURPOSES_OF_KIND[kind].map((purpose): ConsumerAsk => ({ facts: asked, purpose }));
  });
};

const forAll = (consent: Consent): Consent => ({ ...consent, provisions: consent.provisions.map(denyingAll) });

const denyingAll = (provision: Provision): Provision =>
  provision.type === 'deny' && provision.actors.some(mayBeTold) ? { ...provision, actors: [] } : provision;

/** Whether an actor may be one who looks. Police are asked as police where they may. One that cannot be resolved stays so: it is undecidable, as everywhere. */
const mayBeTold = (actor: Actor): boolean => {
  switch (actor.is) {
    case 'organization':
    case 'service':
      return true;
    case 'kind':
      return actor.kind !== 'police';
    case 'unresolved':
      return false;
    default:
      return actor satisfies never;
  }
};
