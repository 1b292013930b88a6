/** What tells a person apart, normalised: the same value is the same trait, however it was written. */
export interface Traits {
  readonly nhsNumber: string | null;
  /** Whether the number is verified. Of what a caller sends, it is not asked. */
  readonly traced: boolean;
  /** Names in use, the first given name only; a part that is not known is null. */
  readonly names: readonly { readonly family: string | null; readonly given: string | null }[];
  /** As it is written: a year or a month alone tells nobody apart. */
  readonly birthDate: string | null;
  /** Phone numbers, e-mail addresses and whole postcodes, each with its kind before it. None of them tells a person apart by itself. */
  readonly contacts: readonly string[];
}
