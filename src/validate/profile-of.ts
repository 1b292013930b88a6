import { Profile } from '../../profiles/canonicals.ts';

/** The profile by which the broker takes a resource of a type. A Bundle has none of its own: a disclosure names its profile. */
const PROFILES: ReadonlyMap<string, string> = new Map([
  ['CarePlan', Profile.crisisPlan],
  ['Composition', Profile.planWords],
  ['Patient', Profile.planPatient],
  ['Consent', Profile.sharingConsent],
  ['Contract', Profile.sharingAgreement],
  ['HealthcareService', Profile.recipientService],
  ['Endpoint', Profile.destinationEndpoint],
  ['Subscription', Profile.planSubscription],
  ['Provenance', Profile.planApproval],
  ['Encounter', Profile.crisisContact],
  ['Flag', Profile.planFlag],
  ['Task', Profile.brokerTask],
]);

/** URL of the profile for a resource type; undefined where base R4 is all that is asked. */
export const profileOf = (type: string): string | undefined => PROFILES.get(type);
