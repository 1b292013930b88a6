/** One end of a message: an organisation by its ODS code, and the address where it takes messages. */
export interface Party {
  readonly ods: string;
  /** Shown name; null where only the code is known. */
  readonly name: string | null;
  /** URI of the endpoint. */
  readonly endpoint: string;
}
