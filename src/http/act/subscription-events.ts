import type { BundleEntry, Resource } from '@medplum/fhirtypes';
import { toEntries, toResources } from '../../../mappings/notification/to-entries.ts';
import { type EventNamed, toStatus } from '../../../mappings/notification/to-status.ts';
import { toFhirInstant } from '../../../mappings/time.ts';
import { isRecipientKind } from '../../model/kind.ts';
import { leastContent, MOST_CONTENT, PAYLOAD_CONTENTS, type PayloadContent } from '../../model/payload-content.ts';
import type { EventRange, SubscriptionEvent } from '../../model/subscription-event.ts';
import type { Door, Exchange } from '../exchange.ts';
import { principalOf } from '../exchange.ts';
import { mayReadWhole } from '../policy.ts';
import type { Act } from './act.ts';
import { type AskedOf, askedOf } from './asked-of.ts';
import { stateOf } from './subscription-status.ts';

/** The most events in one answer: the next are asked for from the number after the last. */
const MOST_EVENTS = 100;
/** Plans that are decided at once. */
const AT_ONCE = 4;
const RANGE = ['eventsSinceNumber', 'eventsUntilNumber'];
const INSTANTS = ['eventsSinceInstant', 'eventsUntilInstant'];
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

const numberOf = (asked: AskedOf, name: string): number | null => {
  const text = asked.one(name);
  if (text !== null && !/^\d{1,15}$/.test(text)) throw asked.wrong(name, 'is the number of an event');
  return text === null ? null : Number(text);
};
const instantOf = (asked: AskedOf, name: string): number | null => {
  const text = asked.one(name);
  const at = text === null ? null : INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw asked.wrong(name, 'is an instant');
  return at;
};
const rangeOf = (asked: AskedOf): EventRange => ({
  sinceNumber: numberOf(asked, 'eventsSinceNumber'),
  untilNumber: numberOf(asked, 'eventsUntilNumber'),
  since: instantOf(asked, 'eventsSinceInstant'),
  until: instantOf(asked, 'eventsUntilInstant'),
});
const contentOf = (asked: AskedOf): PayloadContent | null => {
  const text = asked.one('content');
  const content = PAYLOAD_CONTENTS.find((each) => each === text) ?? null;
  if (text !== null && content === null) throw asked.wrong('content', `is one of ${PAYLOAD_CONTENTS.join(', ')}`);
  return content;
};

/** What the caller may see of a plan now, or null: each is a read of its own, decided and on record before it answers. */
const seenNow = async (exchange: Exchange, door: Door, ids: readonly string[], content: PayloadContent) => {
  const seen = new Map<string, readonly Resource[] | null>();
  if (content === 'empty') return seen;
  const look = async (id: string): Promise<void> => {
    const shown = await door.store.lookUp(principalOf(exchange), { id }, content === 'full-resource');
    const one = shown.find((each) => each.id === id);
    seen.set(id, one === undefined ? null : content === 'full-resource' ? toResources(one) : []);
  };
  for (let from = 0; from < ids.length; from += AT_ONCE) await Promise.all(ids.slice(from, from + AT_ONCE).map(look));
  return seen;
};

/**
 * Subscription/[id]/$events (backport IG): what happened, by number, both ends inclusive, oldest first. What is shown of each is decided now, and not when it
 * happened: a plan that may no longer be seen is named as withdrawn where it was told of, never why, and not at all where it was not.
 */
export const subscriptionEvents: Act = async (exchange, door) => {
  const state = await stateOf(exchange, door);
  const asked = askedOf(exchange, door, [...RANGE, 'content']);
  const principal = principalOf(exchange);
  const { kind } = principal;
  const most = isRecipientKind(kind) ? MOST_CONTENT[kind] : 'empty';
  const readable = mayReadWhole(principal) ? 'full-resource' : 'id-only';
  // A hint: it never raises what the Subscription, the kind or the access token permits.
  const content = leastContent(state.content, most, readable, contentOf(asked) ?? state.content);
  const events = await door.store.subscriptionEvents(state.id, rangeOf(asked), MOST_EVENTS);
  const ids = [...new Set(events.map(({ disclosureId }) => disclosureId))];
  const seen = await seenNow(exchange, door, ids, content);
  const entriesOf = (id: string): readonly BundleEntry[] => {
    const resources = seen.get(id) ?? null;
    const isNamed = resources !== null || events.some((each) => each.disclosureId === id && each.isTold);
    const change = resources === null ? 'withdrawn' : 'changed';
    return isNamed ? toEntries({ base: exchange.base, focus: `CarePlan/${id}`, change, content, resources: resources ?? [] }) : [];
  };
  const entries = new Map(ids.map((id) => [id, entriesOf(id)]));
  const named = ({ number, at, disclosureId, isTold }: SubscriptionEvent): EventNamed => {
    const own = entries.get(disclosureId) ?? [];
    const isNamed = own.length > 0 && (isTold || (seen.get(disclosureId) ?? null) !== null);
    const [, ...beside] = isNamed ? own : [];
    return { number, at, focus: isNamed ? `CarePlan/${disclosureId}` : null, beside: beside.map(({ request }) => request?.url ?? '') };
  };
  const at = door.now();
  const status = toStatus({
    id: door.newId(),
    base: exchange.base,
    subscriptionId: state.id,
    topic: content === 'empty' ? null : state.topic,
    status: state.status,
    type: 'query-event',
    eventsSinceStart: state.events,
    events: events.map(named),
  });
  return {
    status: 200,
    headers: {},
    body: {
      resourceType: 'Bundle',
      id: door.newId(),
      type: 'history',
      timestamp: toFhirInstant(at),
      entry: [
        {
          fullUrl: `urn:uuid:${status.id}`,
          resource: status,
          request: { method: 'GET', url: `Subscription/${state.id}/$status` },
          response: { status: '200' },
        },
        ...[...entries.values()].flat(),
      ],
    },
  };
};

/** Subscription/[id]/$resend (backport IG 1.2.0-ballot): events are told once more, by the road and under the decision of today. */
export const resendEvents: Act = async (exchange, door) => {
  const state = await stateOf(exchange, door);
  const asked = askedOf(exchange, door, [...RANGE, ...INSTANTS, 'content']);
  const range = rangeOf(asked);
  // A hint, and none of use here: a notification carries what the Subscription asks for.
  contentOf(asked);
  const plans = await door.store.resendEvents(principalOf(exchange), state.id, range);
  return {
    status: 200,
    headers: {},
    body: {
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'information', code: 'informational', diagnostics: `decided again, and told as far as it may be: ${plans}` }],
    },
  };
};
