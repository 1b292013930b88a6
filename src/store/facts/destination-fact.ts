import type { Endpoint, Subscription } from '@medplum/fhirtypes';
import { judge } from '../../../mappings/check/judge.ts';
import { type Declared, declaredOf, settled } from '../../../mappings/facts/declared-of.ts';
import { channelOf, fromEndpoint, servedBy } from '../../../mappings/facts/from-endpoint.ts';
import { whyNotActive } from '../../../mappings/facts/why-not-active.ts';
import { fromSubscription } from '../../../mappings/facts/from-subscription.ts';
import { Anomaly, anomaly } from '../../model/anomaly.ts';
import { messageFormOf } from '../../../mappings/facts/hl7v2-ways-of.ts';
import { WAYS } from '../../model/hl7v2-ways.ts';
import { extensionOf } from '../../../mappings/facts/extensions-of.ts';
import { idOf } from '../../../mappings/facts/reference-of.ts';
import { Extension } from '../../../profiles/canonicals.ts';
import type { Instant } from '../../model/instant.ts';
import type { Destination } from '../../model/recipient.ts';
import { subscriptionAt } from '../../model/websocket.ts';
import { moveCredentials } from '../credentials.ts';
import { sealHeaders } from '../keys/sealed-headers.ts';
import { declarePace } from '../pace/declare-pace.ts';
import { joinScopes, NO_LOCKS } from '../policy-locks.ts';
import { type Sql, statement } from '../pool.ts';
import { isOf, latestCheck } from '../recipient-checks.ts';
import type { Fact, FactRecorder } from './fact.ts';

interface RecipientRow {
  readonly id: string;
  readonly ods: string;
  readonly kind: string;
  readonly declared: Declared;
}

const recipientById = statement<[string], RecipientRow>('recipient-by-id', 'SELECT id, ods, kind, declared FROM recipient WHERE id = $1');
const recipientOf = statement<[string, string], RecipientRow>(
  'recipient-of-principal',
  'SELECT id, ods, kind, declared FROM recipient WHERE ods = $1 AND kind = $2 ORDER BY id LIMIT 1',
);
const recipientOfDestination = statement<
  [string],
  { recipient_id: string; channel: Destination['channel']; form: string | null; over_websocket: boolean }
>(
  'recipient-of-destination',
  "SELECT recipient_id, facts->>'channel' AS channel, facts->'hl7v2'->>'messageForm' AS form, facts->>'address' LIKE 'websocket:%' AS over_websocket FROM destination WHERE id = $1",
);
const putDestination = statement<[string, string, Destination, object | null, boolean, Instant | null, boolean], never>(
  'put-destination',
  `INSERT INTO destination (id, recipient_id, facts, subscription, handshake_due, ends_at, is_off)
   VALUES ($1, $2, $3, $4, $5, to_timestamp($6::double precision / 1000), $7)
   ON CONFLICT (id) DO UPDATE SET facts = $3, subscription = $4, handshake_due = $5, handshake_until = NULL, ends_at = to_timestamp($6::double precision / 1000), is_off = $7`,
);
const endpointsOf = statement<[string], { body: string }>(
  'endpoints-of-recipient',
  `SELECT r.body FROM destination d JOIN resource r ON r.type = 'Endpoint' AND r.id = d.id WHERE d.recipient_id = $1`,
);

const before = async (sql: Sql, id: string): Promise<readonly string[]> =>
  (await recipientOfDestination(sql, id)).map((row) => row.recipient_id);

/** An Endpoint says where a recipient takes plans, and in which shape. */
export const endpointFact: FactRecorder<Endpoint> = {
  async scope(sql, { resource }) {
    return joinScopes({ ...NO_LOCKS, recipients: [servedBy(resource), ...(await before(sql, resource.id))] });
  },
  async record(sql, fact) {
    const [recipient] = await recipientById(sql, servedBy(fact.resource));
    const isOwn = recipient !== undefined && (fact.principal.kind === 'operator' || recipient.ods === fact.principal.organization);
    if (!isOwn) throw anomaly('incorrect', 'serves no service of this organisation', 'Endpoint.extension');
    const [there] = await recipientOfDestination(sql, fact.resource.id);
    if (there?.channel === 'subscription') throw idTaken('Endpoint.id');
    if (there !== undefined && there.recipient_id !== recipient.id)
      throw anomaly('conflict', 'an address stays with its service', 'Endpoint.extension');
    if (channelOf(fact.resource) === 'nrl' && recipient.kind !== 'epr')
      throw anomaly('incorrect', 'a record locator (pointer-delete) serves a service of the kind epr', 'Endpoint.extension');
    if (channelOf(fact.resource) === 'mns' && recipient.kind !== 'epr')
      throw anomaly('incorrect', 'an event service (mns) serves a service of the kind epr', 'Endpoint.extension');
    // What was sent over one channel can be recalled over that one only.
    if (there !== undefined && there.channel !== channelOf(fact.resource))
      throw anomaly('conflict', 'an address keeps its type: switch it off, and register another', 'Endpoint.connectionType');
    // So with what lies there, a document or a flag: a recall is in the form of what was sent.
    if (there !== undefined && there.channel === 'hl7v2-mllp' && (there.form ?? WAYS.messageForm) !== messageFormOf(fact.resource))
      throw anomaly('conflict', 'an address keeps its message form: switch it off, and register another', 'Endpoint.extension');
    await record(sql, fact, recipient, 'Endpoint');
    await recordPace(sql, recipient);
  },
};

async function record(
  sql: Sql,
  { resource, defaultLifetime }: Pick<Fact<Endpoint>, 'resource' | 'defaultLifetime'>,
  recipient: RecipientRow,
  written: 'Endpoint' | 'HealthcareService',
): Promise<void> {
  const destination = fromEndpoint(resource, recipient.declared, defaultLifetime);
  if (destination === null) return;
  const issue = destination.open ? whyNotActive(destination, written) : null;
  if (issue !== null) throw new Anomaly('incorrect', issue);
  if (destination.open) await refuseContradicted(sql, destination, written);
  await putDestination(sql, destination.id, recipient.id, destination, null, false, null, false);
  await moveCredentials(sql, destination.id, destination.address);
}

/** The pace is the recipient's: its service's word, else that of its addresses in use. */
async function recordPace(sql: Sql, recipient: RecipientRow): Promise<void> {
  const endpoints = (await endpointsOf(sql, recipient.id)).map(({ body }) => JSON.parse(body) as Endpoint);
  const inUse = endpoints.filter(({ status }) => status === 'active');
  // What an older broker wrote of a service says nothing of a pace.
  const { rate = null, inFlight = null } = recipient.declared as Partial<Declared>;
  await declarePace(
    sql,
    recipient.id,
    { rate, inFlight },
    inUse.map((each) => declaredOf(each, 'Endpoint')),
  );
}

/** Throws `incorrect` where a check of this very address saw something else than what is declared now. */
async function refuseContradicted(sql: Sql, destination: Destination, written: 'Endpoint' | 'HealthcareService'): Promise<void> {
  const check = await latestCheck(sql, destination.id);
  if (check === null || !isOf(check, destination)) return;
  const { contradictions } = judge(check.tried, destination);
  if (contradictions.length === 0) return;
  const issues = contradictions.map(({ extension, scenario, help }) => ({
    at:
      extension === null
        ? `${written}.${written === 'Endpoint' ? 'address' : 'endpoint'}`
        : `${written}.extension.where(url='${extension}')`,
    help: `the check (${scenario}) saw otherwise: ${help}`,
  }));
  throw new Anomaly('incorrect', issues);
}

const declareToSubscriptions = statement<[string, object], never>(
  'declare-to-subscriptions',
  `UPDATE destination SET facts = facts || $2::jsonb WHERE recipient_id = $1 AND facts->>'channel' = 'subscription'`,
);

/** Works what a service declares into its addresses: what an Endpoint declares itself wins. */
export async function recordDestinations(sql: Sql, recipientId: string, defaultLifetime: number): Promise<void> {
  const [recipient] = await recipientById(sql, recipientId);
  if (recipient === undefined) return;
  for (const { body } of await endpointsOf(sql, recipientId)) {
    await record(sql, { resource: JSON.parse(body) as Endpoint & { id: string }, defaultLifetime }, recipient, 'HealthcareService');
  }
  await recordPace(sql, recipient);
  const declared = settled('subscription', null, recipient.declared, defaultLifetime);
  await declareToSubscriptions(sql, recipientId, { ...declared, recallForm: 'notification' });
}

/** A Subscription says where a recipient wants to be told. It is open once its handshake was answered; deleting it leaves the duty to recall. */
export const subscriptionFact: FactRecorder<Subscription> = {
  async scope(sql, fact) {
    return joinScopes({ ...NO_LOCKS, recipients: [(await subscriber(sql, fact)).id, ...(await before(sql, fact.resource.id))] });
  },
  async record(sql, fact) {
    const recipient = await subscriber(sql, fact);
    const [there] = await recipientOfDestination(sql, fact.resource.id);
    // Endpoints and Subscriptions are one table of addresses: under another's id one would take over what is sent there.
    if (there !== undefined && (there.channel !== 'subscription' || there.recipient_id !== recipient.id)) throw idTaken('Subscription.id');
    const { destination, content, end, headers } = fromSubscription(fact.resource, recipient.id, recipient.declared, fact.defaultLifetime);
    // What was told over one channel can be taken back over that one only.
    if (there !== undefined && there.over_websocket !== (subscriptionAt(destination.address) !== null))
      throw anomaly('conflict', 'a Subscription keeps its channel: switch it off, and make another', 'Subscription.channel.type');
    if (recipient.kind === 'police' && content === 'full-resource') {
      throw anomaly('incorrect', 'police are told at most that something changed', 'Subscription.channel.payload');
    }
    const isOver = end !== null && end <= fact.now;
    const isAsked = fact.resource.status === 'requested' && !isOver;
    await putDestination(
      sql,
      destination.id,
      recipient.id,
      { ...destination, open: destination.open && !isOver },
      { content, sealed: sealHeaders(sql, destination.id, headers) },
      isAsked,
      end,
      // One that is over already is switched off as any other whose end has come: then it says so itself.
      fact.resource.status === 'off',
    );
  },
};

const idTaken = (at: string): Anomaly => anomaly('conflict', 'an address with this id is there already: choose another id', at);

async function subscriber(sql: Sql, { principal, resource }: Fact<Subscription>): Promise<RecipientRow> {
  // A service stays the one that it was made for, also where the organisation has registered another of the same kind since.
  const [made] = await ownRecipient(sql, resource.id);
  const isOf = ({ ods, kind }: RecipientRow): boolean => ods === principal.organization && kind === principal.kind;
  const named = await serviceNamed(sql, resource);
  if (named !== null && (named === 'none' || (!isOf(named) && principal.kind !== 'operator')))
    throw anomaly('incorrect', 'names no service of yours', AT_SERVES);
  if (made !== undefined && (principal.kind === 'operator' || isOf(made))) {
    if (named !== null && named.id !== made.id) throw anomaly('conflict', 'a Subscription stays with its service', AT_SERVES);
    return made;
  }
  const [recipient] = named !== null ? [named] : await recipientOf(sql, principal.organization, principal.kind);
  if (recipient === undefined)
    throw anomaly('incorrect', 'the organisation has no service of this kind that is registered', 'Subscription');
  return recipient;
}

const AT_SERVES = `Subscription.extension.where(url='${Extension.serves}').value`;

/** The service that a Subscription says it is for, where an organisation has several of a kind; null where it says none. */
async function serviceNamed(sql: Sql, subscription: Subscription): Promise<RecipientRow | 'none' | null> {
  const said = extensionOf(subscription, Extension.serves);
  if (said === undefined) return null;
  const id = idOf(said.valueReference, 'HealthcareService');
  return (id === null ? undefined : (await recipientById(sql, id))[0]) ?? 'none';
}

const ownRecipient = async (sql: Sql, destinationId: string): Promise<readonly RecipientRow[]> => {
  const [id] = await before(sql, destinationId);
  return id === undefined ? [] : recipientById(sql, id);
};
