import { isIP } from 'node:net';
import type { CarePlan, Endpoint, Resource, Subscription, SubscriptionChannel } from '@medplum/fhirtypes';
import { subscriptionAsks } from '../../mappings/facts/subscription-asks.ts';
import { Extension } from '../../profiles/canonicals.ts';
import { extensionOf } from '../../mappings/facts/extensions-of.ts';
import type { AddressGuard } from '../channel/address-guard.ts';
import { toChannelHeaders } from '../channel/channel-headers.ts';
import type { Issue } from '../model/anomaly.ts';
import { Anomaly } from '../model/anomaly.ts';
import type { Principal } from '../model/principal.ts';
import { readMailbox } from '../model/mailbox.ts';
import type { Door } from './exchange.ts';
import { mayReadWhole } from './policy.ts';
import { reportIssues } from './report-rules.ts';

/** What a rule of writing may look at beside the resource. */
export interface Writing {
  readonly principal: Principal;
  readonly guard: AddressGuard;
  /** Whether plain text is allowed anywhere at all. */
  readonly plainSomewhere: boolean;
  /** Whether the broker has a MESH mailbox of its own. */
  readonly mesh: boolean;
  /** Whether events of plans are told at all (`EVENT_SIGNAL`). */
  readonly eventSignal: boolean;
}

/** What a door knows of itself that rules of writing ask for. */
export const writingAt = ({ guard, config }: Pick<Door, 'guard' | 'config'>, principal: Principal): Writing => ({
  principal,
  guard,
  plainSomewhere: config.outboundAllow.length > 0,
  mesh: (config.mesh ?? null) !== null,
  eventSignal: config.eventSignal === true,
});

const wrong = (at: string, help: string, code = 'business-rule'): readonly Issue[] => [{ at, code, help }];

const MAX_ADDRESS = 2_000;
const MAX_HEADERS = 32;
const CHANNEL_SCHEMES = { https: true, http: false } as const;
/** Schemes of an Endpoint by its connection type; whether each is over TLS. */
const ENDPOINT_SCHEMES: Readonly<Record<string, Readonly<Record<string, boolean>>>> = {
  'hl7-fhir-msg': { https: true, http: false },
  'hl7-fhir-rest': { https: true, http: false },
  'hl7v2-mllp': { mllps: true, mllp: false },
  mesh: { mesh: true },
  mns: { https: true, http: false },
};

/** The host as a connection would read it: `0x7f.1` is 127.0.0.1, in whatever scheme it stands. */
const hostOf = (url: URL): string => {
  const host = url.hostname.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return (URL.canParse(`https://${host}`) ? new URL(`https://${host}`).hostname : host).replace(/^\[|\]$/g, '');
};

/** An address that the broker is asked to send to. A name is judged when it is connected to; a literal address already here. */
const checkAddress = (
  text: string | undefined,
  at: string,
  schemes: Readonly<Record<string, boolean>>,
  { guard, plainSomewhere }: Writing,
): readonly Issue[] => {
  if (text === undefined || !URL.canParse(text)) return wrong(at, 'is an absolute URL', 'value');
  if (text.length > MAX_ADDRESS) return wrong(at, `has at most ${MAX_ADDRESS} characters`, 'too-long');
  const url = new URL(text);
  const secure = schemes[url.protocol.slice(0, -1)];
  if (secure === undefined) return wrong(at, `is a URL that begins with ${Object.keys(schemes).join(', ')}`, 'value');
  if (url.username !== '' || url.password !== '') return wrong(at, 'holds no user name or password', 'value');
  if (url.hash !== '') return wrong(at, 'has no fragment', 'value');
  const host = hostOf(url);
  if (host === '') return wrong(at, 'names a host', 'value');
  if (!secure && !plainSomewhere) return wrong(at, 'is sent over TLS: https or mllps');
  if (isIP(host) !== 0 && !guard.permits(host, secure)) return wrong(at, 'is an address that the broker may not send to');
  return [];
};

const checkHeaders = (lines: readonly string[]): readonly Issue[] => {
  if (lines.length > MAX_HEADERS) return wrong('Subscription.channel.header', `has at most ${MAX_HEADERS} lines`, 'too-long');
  try {
    toChannelHeaders(lines);
    return [];
  } catch (error) {
    if (error instanceof Anomaly) return error.issues;
    throw error;
  }
};

const checkSubscription = (subscription: Subscription, writing: Writing): readonly Issue[] => {
  const channel: (SubscriptionChannel & { readonly _payload?: { readonly extension?: SubscriptionChannel['extension'] } }) | undefined =
    subscription.channel;
  const content = extensionOf(channel?._payload, Extension.backportPayloadContent)?.valueCode;
  return [
    ...(writing.principal.kind === 'police' && content !== 'empty' && content !== 'id-only'
      ? wrong('Subscription.channel.payload', 'police are told ids only, and read what they may')
      : []),
    ...(content === 'full-resource' && !mayReadWhole(writing.principal)
      ? wrong(
          'Subscription.channel.payload',
          'full-resource is for who may read: system/CarePlan.r, system/Composition.r and system/Patient.r',
        )
      : []),
    // That one over a websocket has none says its rule (src/validate/rules/subscription-content.ts).
    ...(channel?.type === 'websocket' ? [] : checkAddress(channel?.endpoint, 'Subscription.channel.endpoint', CHANNEL_SCHEMES, writing)),
    ...checkHeaders(channel?.header ?? []),
    ...subscriptionAsks(subscription).issues,
  ];
};

/** Mailboxes are written as the Multicast Notification Service writes them: nhs.md section 5. */
const checkMailbox = ({ address, status }: Pick<Endpoint, 'address' | 'status'>, at: string, { mesh }: Writing): readonly Issue[] => [
  ...(readMailbox(address) === null ? wrong(at, 'is written mesh://MAILBOX?workflow_id=WORKFLOW', 'value') : []),
  ...(status === 'active' && !mesh
    ? wrong('Endpoint.status', 'cannot be active: this broker has no MESH mailbox of its own (MESH_URL, docs/mesh.md)')
    : []),
];

const checkEndpoint = ({ address, connectionType, status }: Endpoint, writing: Writing): readonly Issue[] => {
  const at = 'Endpoint.address';
  const schemes = ENDPOINT_SCHEMES[connectionType.code ?? ''];
  if (schemes === undefined) return wrong('Endpoint.connectionType', `is ${Object.keys(ENDPOINT_SCHEMES).join(' or ')}`, 'value');
  if (connectionType.code === 'mesh') return checkMailbox({ address, status }, at, writing);
  const issues = checkAddress(address, at, schemes, writing);
  if (issues.length > 0) return issues;
  if (connectionType.code === 'mns' && status === 'active' && !writing.eventSignal)
    return wrong('Endpoint.status', 'cannot be active: this broker tells no events of plans (EVENT_SIGNAL, docs/event-signal.md)');
  const url = new URL(address);
  if (!('mllp' in schemes)) return url.search === '' ? [] : wrong(at, 'is the base of an API, without a query', 'value');
  const isBare = url.port !== '' && url.port !== '0' && /^\/?$/.test(url.pathname) && url.search === '';
  return isBare ? [] : wrong(at, 'is written mllp://host:port or mllps://host:port', 'value');
};

const checkCarePlan = (plan: CarePlan): readonly Issue[] =>
  plan.status === 'draft' ? [] : wrong('CarePlan.status', 'a plan is written as a draft; $approve and $withdraw change its status');

/** The door's own rules of writing, which no profile can say: empty where the resource may be written. */
export const writeRules = (resource: Resource, writing: Writing): readonly Issue[] => {
  if (resource.resourceType === 'CarePlan') return checkCarePlan(resource);
  if (resource.resourceType === 'Subscription') return checkSubscription(resource, writing);
  if (resource.resourceType === 'MeasureReport') return reportIssues(resource);
  return resource.resourceType === 'Endpoint' ? checkEndpoint(resource, writing) : [];
};
