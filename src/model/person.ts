/** Who the plan is about, as far as a decision needs it. */
export interface Person {
  readonly id: string;
  readonly alive: boolean;
  /** PDS R or V, S-flag: found by nobody and pushed nowhere. */
  readonly restricted: boolean;
  /** The NHS number; null where it is not known. */
  readonly nhsNumber: string | null;
  /** Verification status 01: present and verified. */
  readonly traced: boolean;
  /** Hash of name, preferred name and birth date, as police see them. */
  readonly nameDigest: string;
  /** Hash of everything that other kinds see of the identity. */
  readonly identityDigest: string;
}
