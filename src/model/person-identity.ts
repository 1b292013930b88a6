/** The person whose plan it is, as an issuer for persons signed it. */
export interface PersonIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** Verified by the issuer. It is looked up once, and never written down. */
  readonly nhsNumber: string;
}

/** How the trail names this person: by what the issuer calls them, never by their number. */
export const personInTrail = ({ issuer, subject }: PersonIdentity): string => `${issuer}|${subject}`;
