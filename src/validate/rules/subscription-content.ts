import { Extension, PLAN_TOPIC } from '../../../profiles/canonicals.ts';
import type { Issue } from '../../model/anomaly.ts';
import { PAYLOAD_CONTENTS } from '../../model/payload-content.ts';
import { isObject, objectsOf } from '../json.ts';
import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

const CONTENT: readonly unknown[] = PAYLOAD_CONTENTS;

/**
 * A Subscription is to the topic of the broker, by rest-hook or websocket, and says how much a notification carries, as an extension of the primitive `payload` (R4 subscriptions
 * backport). No fixed value of the profile says the first two: filters stand as extensions of `criteria`, which then is no bare value.
 */
export const subscriptionContent: Rule = {
  object: ({ value, at, resource }) => {
    if (resource !== 'root' || value['resourceType'] !== 'Subscription') return NONE;
    const issues: Issue[] = [];
    if (value['criteria'] !== PLAN_TOPIC)
      issues.push({ at: `${at}.criteria`, code: 'value', help: `is the topic of the broker: ${PLAN_TOPIC}` });
    const channel = value['channel'];
    if (!isObject(channel)) return issues;
    if (channel['type'] !== 'rest-hook' && channel['type'] !== 'websocket')
      issues.push({ at: `${at}.channel.type`, code: 'not-supported', help: 'is rest-hook or websocket' });
    if (channel['type'] === 'rest-hook' && channel['endpoint'] === undefined)
      issues.push({ at: `${at}.channel.endpoint`, code: 'required', help: 'is where notifications are sent' });
    if (channel['type'] === 'websocket' && channel['endpoint'] !== undefined)
      issues.push({
        at: `${at}.channel.endpoint`,
        code: 'business-rule',
        help: 'is left out: who subscribes over a websocket comes to the broker',
      });
    const payload = channel['_payload'];
    const found = isObject(payload) ? objectsOf(payload['extension']).filter(([{ url }]) => url === Extension.backportPayloadContent) : [];
    if (found.length !== 1 || !found.every(([{ valueCode }]) => CONTENT.includes(valueCode)))
      issues.push({
        at: `${at}.channel.payload.extension.where(url='${Extension.backportPayloadContent}').value`,
        code: 'required',
        help: 'is one of empty, id-only, full-resource',
      });
    return issues;
  },
};
