/** An entry in the register of a profession (GMC, NMC, HCPC, GDC, GPhC), as a FHIR identifier. */
export interface Registration {
  readonly system: string;
  readonly value: string;
}

/** The person on whose behalf a client calls, as an issuer of identities signed it. */
export interface UserIdentity {
  /** Issuer as its tokens name it: a subject means something only beside it. */
  readonly issuer: string;
  readonly subject: string;
  /** The 12 digits by which the Spine knows a user; null where the issuer does not say. */
  readonly sdsUserId: string | null;
  readonly name: string | null;
  /** The role in which they act; `code` is national (`S8000:G8000:R8000`). */
  readonly role: { readonly code: string | null; readonly display: string | null } | null;
  /** ODS code of the organisation of that role. */
  readonly organization: string | null;
  /** Some have two. Whoever has none is named, and approves nothing. */
  readonly registrations: readonly Registration[];
  /** How sure the issuer is: of who it is, and of the sign-in. In its own words. */
  readonly assurance: { readonly identity: string | null; readonly authentication: string | null };
}

/** Whether two identifiers are the same entry: capitals aside, and a GMC number is also written with a C before it (consultant code). */
export const isSameRegistration = (one: Registration, other: Registration): boolean =>
  one.system === other.system && plain(one.value) === plain(other.value);

const plain = (value: string): string =>
  value
    .trim()
    .toUpperCase()
    .replace(/^C(?=\d{7}$)/, '');

/** How the trail names this person, without a name: a registration, else the Spine's id, else what the issuer calls them. */
export const userInTrail = ({ registrations: [first], sdsUserId, issuer, subject }: UserIdentity): string => {
  if (first !== undefined) return `${first.system}|${first.value}`;
  return sdsUserId ?? `${issuer}|${subject}`;
};
