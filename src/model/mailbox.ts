/** A MESH mailbox, and the workflow under which a recipient looks for what lies there. The MESH team gives both (nhs.md section 5). */
export interface Mailbox {
  readonly mailbox: string;
  readonly workflow: string;
}

/** Milliseconds that a message lies in a mailbox at most, where its recipient declares nothing else: then a person is told (I12). */
export const COLLECTS_WITHIN = 30 * 60_000;

const ADDRESS = /^mesh:\/\/([A-Za-z0-9]{3,40})\/?\?workflow_id=([A-Za-z0-9_.-]{1,100})$/;

/** Reads `mesh://MAILBOX?workflow_id=WORKFLOW`, as the Multicast Notification Service writes it; null where it is none. */
export const readMailbox = (address: string | undefined): Mailbox | null => {
  const [, mailbox, workflow] = ADDRESS.exec(address ?? '') ?? [];
  return mailbox === undefined || workflow === undefined ? null : { mailbox, workflow };
};
