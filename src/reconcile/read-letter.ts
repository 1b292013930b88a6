import { fromInboxHeaders, type InboxHeaders } from '../../mappings/mesh/from-inbox-headers.ts';
import { fromResponse, type InboundResponse, isResponse } from '../../mappings/inbound/from-response.ts';
import type { Letter } from '../channel/mesh-inbox.ts';
import { Anomaly } from '../model/anomaly.ts';
import { errorsOf, validate } from '../validate/validate.ts';

/** What a message in our mailbox is: MESH tells of one of ours, its recipient answers one, or nobody knows. */
export type ReadLetter =
  | { readonly is: 'report'; readonly headers: InboxHeaders }
  | { readonly is: 'answer'; readonly headers: InboxHeaders; readonly response: InboundResponse }
  | { readonly is: 'unreadable'; readonly headers: InboxHeaders };

/** Reads it. What stands in it is another's: no input throws. */
export const readLetter = ({ headers: raw, body }: Letter): ReadLetter => {
  const headers = fromInboxHeaders(raw);
  if (headers.type === 'report') return { is: 'report', headers };
  const response = headers.type === 'data' ? responseIn(body) : null;
  return response === null ? { is: 'unreadable', headers } : { is: 'answer', headers, response };
};

const responseIn = (body: Buffer): InboundResponse | null => {
  let bundle: unknown;
  try {
    bundle = JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
  if (typeof bundle !== 'object' || bundle === null || !('resourceType' in bundle) || bundle.resourceType !== 'Bundle') return null;
  // As at the door: what is wrong elsewhere in it is read by nobody.
  const of = bundle as Parameters<typeof isResponse>[0];
  try {
    return isResponse(of) ? fromResponse(of, errorsOf(validate(of))) : null;
  } catch (error) {
    if (error instanceof Anomaly) return null;
    throw error;
  }
};
