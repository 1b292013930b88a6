import { isFlagOnly } from '../model/hl7v2-ways.ts';
import type { Destination } from '../model/recipient.ts';

/** By which road a destination is asked to give something up: over its channel, by a Task that it polls, by people, or by nobody, for it ends with time. */
export type RecallRoad = 'wire' | 'task' | 'people' | 'time';

/** The road of a recall. A closed address is asked by a Task; what people or time end is ended so whether it is open or not. */
export const recallRoad = ({
  channel,
  open,
  recallForm,
  copiesEndAfter,
}: Pick<Destination, 'channel' | 'open' | 'recallForm' | 'copiesEndAfter'>): RecallRoad => {
  if (channel === 'pull') return 'task';
  switch (recallForm) {
    case 'manual':
    // Nothing new is sent to one that has no way at all. What it may hold from before is chased by people.
    case 'none':
      return 'people';
    case 'expires':
      return copiesEndAfter === undefined ? 'people' : 'time';
    case 'task':
      return 'task';
    case 'pointer-delete':
      // A record locator polls no Tasks: where it may not be called any more, the trust deletes its pointer by other means.
      return open ? 'wire' : 'people';
    case 'mdm-t11':
    case 'mdm-t10-notice':
    case 'mdm-t08':
    case 'message':
    case 'rest-status':
      return open ? 'wire' : 'task';
    case 'notification':
      // An event service polls none either.
      return open ? 'wire' : channel === 'mns' ? 'people' : 'task';
    default:
      return recallForm satisfies never;
  }
};

/** Whether a destination files each document by its own id: there the same words under another id are a second document. */
export const filesByDocument = ({ channel, hl7v2 }: Pick<Destination, 'channel' | 'hl7v2'>): boolean =>
  channel === 'fhir-rest' || (channel === 'hl7v2-mllp' && !isFlagOnly(hl7v2));

/** Whether a message takes one of its documents away, while it is open. */
export const cancelsByMessage = (destination: Destination): boolean => recallRoad({ ...destination, open: true }) === 'wire';
