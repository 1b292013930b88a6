import { Extension } from '../../../profiles/canonicals.ts';
import { isObject, objectsOf } from '../json.ts';
import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

const CONTENT: readonly unknown[] = ['empty', 'id-only', 'full-resource'];

/** How much a notification carries stands as an extension of the primitive `payload` (R4 subscriptions backport). */
export const subscriptionContent: Rule = {
  object: ({ value, at, resource }) => {
    if (resource !== 'root' || value['resourceType'] !== 'Subscription' || !isObject(value['channel'])) return NONE;
    const payload = value['channel']['_payload'];
    const found = isObject(payload) ? objectsOf(payload['extension']).filter(([{ url }]) => url === Extension.backportPayloadContent) : [];
    if (found.length === 1 && found.every(([{ valueCode }]) => CONTENT.includes(valueCode))) return NONE;
    return [
      {
        at: `${at}.channel.payload.extension.where(url='${Extension.backportPayloadContent}').value`,
        code: 'required',
        help: 'is one of empty, id-only, full-resource',
      },
    ];
  },
};
