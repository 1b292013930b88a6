import { isIP } from 'node:net';
import type { CarePlan, Endpoint, Resource, Subscription, SubscriptionChannel } from '@medplum/fhirtypes';
import { Extension, PLAN_TOPIC } from '../../profiles/canonicals.ts';
import { extensionOf } from '../../mappings/facts/extensions-of.ts';
import type { AddressGuard } from '../channel/address-guard.ts';
import type { Issue } from '../model/anomaly.ts';
import type { Principal } from '../model/principal.ts';

/** What a rule of writing may look at beside the resource. */
export interface Writing {
  readonly principal: Principal;
  readonly guard: AddressGuard;
  /** Whether plain text is allowed anywhere at all. */
  readonly plainSomewhere: boolean;
}

const wrong = (at: string, help: string, code = 'business-rule'): readonly Issue[] => [{ at, code, help }];

const CHANNEL_SCHEMES = { https: true, http: false } as const;
const ENDPOINT_SCHEMES = { https: true, http: false, mllps: true, mllp: false } as const;

/** An address that the broker is asked to send to. A name is judged when it is connected to; a literal address already here. */
const checkAddress = (
  text: string | undefined,
  at: string,
  schemes: Readonly<Record<string, boolean>>,
  { guard, plainSomewhere }: Writing,
): readonly Issue[] => {
  if (text === undefined || !URL.canParse(text)) return wrong(at, 'is an absolute URL', 'value');
  const url = new URL(text);
  const secure = schemes[url.protocol.slice(0, -1)];
  if (secure === undefined) return wrong(at, `is a URL that begins with ${Object.keys(schemes).join(', ')}`, 'value');
  if (url.username !== '' || url.password !== '') return wrong(at, 'holds no user name or password', 'value');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (host === '') return wrong(at, 'names a host', 'value');
  if (!secure && !plainSomewhere) return wrong(at, 'is sent over TLS: https or mllps');
  if (isIP(host) !== 0 && !guard.permits(host, secure)) return wrong(at, 'is an address that the broker may not send to');
  return [];
};

const checkSubscription = (subscription: Subscription, writing: Writing): readonly Issue[] => {
  const channel: (SubscriptionChannel & { readonly _payload?: { readonly extension?: SubscriptionChannel['extension'] } }) | undefined =
    subscription.channel;
  const content = extensionOf(channel?._payload, Extension.backportPayloadContent)?.valueCode;
  return [
    ...(subscription.criteria === PLAN_TOPIC ? [] : wrong('Subscription.criteria', `is the topic of the broker: ${PLAN_TOPIC}`, 'value')),
    ...(channel?.type === 'rest-hook' ? [] : wrong('Subscription.channel.type', 'is rest-hook', 'not-supported')),
    ...(writing.principal.kind === 'police' && content !== 'empty' && content !== 'id-only'
      ? wrong('Subscription.channel.payload', 'police are told ids only, and read what they may')
      : []),
    ...checkAddress(channel?.endpoint, 'Subscription.channel.endpoint', CHANNEL_SCHEMES, writing),
  ];
};

const checkEndpoint = (endpoint: Endpoint, writing: Writing): readonly Issue[] =>
  checkAddress(endpoint.address, 'Endpoint.address', ENDPOINT_SCHEMES, writing);

const checkCarePlan = (plan: CarePlan): readonly Issue[] =>
  plan.status === 'draft' ? [] : wrong('CarePlan.status', 'a plan is written as a draft; $approve and $withdraw change its status');

/** The door's own rules of writing, which no profile can say: empty where the resource may be written. */
export const writeRules = (resource: Resource, writing: Writing): readonly Issue[] => {
  if (resource.resourceType === 'CarePlan') return checkCarePlan(resource);
  if (resource.resourceType === 'Subscription') return checkSubscription(resource, writing);
  return resource.resourceType === 'Endpoint' ? checkEndpoint(resource, writing) : [];
};
