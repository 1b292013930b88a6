/** What the headers of a message in our mailbox say of it. Empty where they say nothing. */
export interface InboxHeaders {
  /** `report`: MESH itself tells of a message of ours. */
  readonly type: 'data' | 'report' | 'other';
  readonly from: string;
  readonly workflow: string;
  /** Of a report: the message of ours that it tells of. */
  readonly linkedId: string;
  /** Of a report: our own id of that message (Mex-LocalID). */
  readonly localId: string;
  /** Of a report: two digits, or empty. */
  readonly statusCode: string;
}

/** Ids and codes as MESH writes them; anything else is nothing: it may be words of whoever sent it. */
const word = (text: string | undefined): string => (text !== undefined && /^[A-Za-z0-9_.-]{1,100}$/.test(text) ? text : '');

/** Reads the `Mex-` headers of a message, by lower-case names. */
export const fromInboxHeaders = (headers: Readonly<Record<string, string>>): InboxHeaders => {
  const type = (headers['mex-messagetype'] ?? '').toUpperCase();
  const code = headers['mex-statuscode'] ?? '';
  return {
    type: type === 'REPORT' ? 'report' : type === 'DATA' ? 'data' : 'other',
    from: word(headers[`mex-from`]),
    workflow: word(headers['mex-workflowid']),
    linkedId: word(headers['mex-linkedmsgid']),
    localId: word(headers['mex-localid']),
    statusCode: /^\d{1,2}$/.test(code) ? code.padStart(2, '0') : '',
  };
};
