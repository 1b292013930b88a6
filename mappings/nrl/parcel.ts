/** What is to be so at a record locator, in the shape in which it was frozen. */
export interface NrlWrite {
  /** `publish`: exactly one pointer, this one. `delete`: none. */
  readonly does: 'publish' | 'delete';
  /** ODS code of the trust whose pointer it is: custodian, and `NHSD-End-User-Organisation-ODS` of each request. */
  readonly custodian: string;
  /** The number that the pointer stands under. */
  readonly nhsNumber: string;
  /** Value of the broker's own identifier of the pointer (`System.plan`): the same for each attempt, and it names nobody. */
  readonly pointer: string;
  /** The exact text of the pointer; empty for a delete. */
  readonly body: string;
}

/** The frozen bytes of an attempt. */
export const toNrlParcel = (write: NrlWrite): string => JSON.stringify(write);

/** The write of a parcel that the broker froze. */
export const fromNrlParcel = (bytes: string): NrlWrite => JSON.parse(bytes);
