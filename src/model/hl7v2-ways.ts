/** How an address speaks HL7 v2 over MLLP. */
export interface Hl7v2Ways {
  /**
   * `original`: one answer, AA, AE or AR (HL7 v2.5 section 2.9.2). `enhanced`: MSH-15 and 16 ask for CA, CE or CR first, and for the application's
   * answer after it, on the same connection or another (section 2.9.3).
   */
  readonly acknowledgementMode: 'original' | 'enhanced';
  /** What it is sent of a plan: the document, the flag that there is one (ADT^A31), or both. */
  readonly messageForm: 'mdm' | 'adt-a31-flag' | 'mdm-and-adt-a31-flag';
  /** MSH-5. MSH-6 is the ODS code of its organisation. */
  readonly receivingApplication: string;
}

export const ACKNOWLEDGEMENT_MODES: readonly Hl7v2Ways['acknowledgementMode'][] = ['original', 'enhanced'];
export const MESSAGE_FORMS: readonly Hl7v2Ways['messageForm'][] = ['mdm', 'adt-a31-flag', 'mdm-and-adt-a31-flag'];

/** What an address that says nothing is taken to do. */
export const WAYS: Hl7v2Ways = { acknowledgementMode: 'original', messageForm: 'mdm', receivingApplication: 'EPR' };

/**
 * Whether an attempt in enhanced mode ended with a commit acknowledgement alone: it is stored there, and the application has not answered. In
 * original mode nobody is asked for one, and it says nothing.
 */
export const isCommittedOnly = (because: string | null, ways: Partial<Hl7v2Ways> | undefined): boolean =>
  ways?.acknowledgementMode === 'enhanced' && (because === 'CA' || (because ?? '').startsWith('CA-'));

/** Whether nothing but the flag goes to an address: it is told that there is a plan, and none of its words. */
export const isFlagOnly = (ways: Partial<Hl7v2Ways> | undefined): boolean => ways?.messageForm === 'adt-a31-flag';
