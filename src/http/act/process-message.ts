import { createHash } from 'node:crypto';
import type { Resource } from '@medplum/fhirtypes';
import type { InboundMessage } from '../../../mappings/inbound/from-message.ts';
import { isResponse } from '../../../mappings/inbound/from-response.ts';
import { readMessage } from '../../../mappings/inbound/read-message.ts';
import { toMessageAnswer } from '../../../mappings/inbound/to-message-answer.ts';
import { withoutComments } from '../../../mappings/inbound/without-comments.ts';
import { Anomaly, anomaly } from '../../model/anomaly.ts';
import type { Issue } from '../../model/anomaly.ts';
import { CLOCK_AHEAD } from '../../model/instant.ts';
import type { Instant } from '../../model/instant.ts';
import { scopesPermit } from '../../model/scope.ts';
import { errorsOf } from '../../validate/validate.ts';
import { principalOf, resourceOf } from '../exchange.ts';
import type { Door, Exchange } from '../exchange.ts';
import { FHIR_JSON } from '../media.ts';
import { emptyValues } from '../read/empty-values.ts';
import { badParameter, Refusal } from '../refusal.ts';
import { checkedNames } from '../search/parameter-name.ts';
import type { Act } from './act.ts';
import { messageIds } from './message-ids.ts';
import { receiveResponse } from './receive-response.ts';

/** R4 messaging: `async` and `response-url` ask for an answer by another way. */
const checkSynchronous = ({ query }: Exchange): void => {
  const asked = new URLSearchParams(query);
  for (const [name] of asked) {
    if (name !== 'async' && name !== 'response-url') throw badParameter(checkedNames(name), 'is no parameter of $process-message');
    if (name === 'response-url' || asked.get(name) !== 'false')
      throw new Refusal(400, 'unsupported', { at: `http.${name}`, help: 'a message is answered at once' });
  }
};

const errorsIn = (resource: Resource, door: Door): readonly Issue[] => errorsOf(door.validate(resource));

/** The contact against its profile, with places in the message. */
const checkContact = ({ told }: InboundMessage, door: Door): void => {
  const errors = errorsIn(told.contact, door);
  if (errors.length > 0)
    throw new Anomaly(
      'incorrect',
      errors.map((each) => ({ ...each, at: (each.at ?? '').replace(/^Encounter/, told.at) })),
    );
};

const checkTime = ({ saidAt }: InboundMessage, now: Instant): void => {
  if (saidAt > now + CLOCK_AHEAD)
    throw new Anomaly('incorrect', { at: 'Bundle.meta.lastUpdated', code: 'value', help: 'has not come yet' });
};

const OLDER: Issue = {
  at: 'Bundle.meta.lastUpdated',
  code: 'informational',
  severity: 'information',
  help: 'a newer message of this contact was taken before: the contact stands as that one said',
};

/**
 * `$process-message` (R4 messaging), answered at once: a message that tells of a crisis contact, or the answer to one of ours. The caller is its sender; a message that names
 * another is refused.
 */
export const processMessage: Act = async (exchange, door) => {
  checkSynchronous(exchange);
  const sent = withoutComments(resourceOf(exchange));
  if (sent.resourceType !== 'Bundle') throw new Error('the route takes a Bundle');
  // What held nothing but remarks holds nothing now.
  const empty = emptyValues(sent, 'Bundle');
  if (empty.length > 0) throw new Anomaly('incorrect', empty);
  if (isResponse(sent)) return receiveResponse(exchange, door, sent);
  const principal = principalOf(exchange);
  if (!scopesPermit(principal.scopes, 'Encounter', 'c'))
    throw anomaly('forbidden', 'this access token, by its scopes, may not tell of a contact: that needs system/Encounter.c');
  const message = readMessage(sent, (bundle) => errorsIn(bundle, door));
  const { requestId, correlationId } = messageIds(exchange.request.headers, message.event.bars);
  if (message.sender.ods !== principal.organization)
    throw anomaly('forbidden', 'names another sender than the organisation that calls', message.sender.at);
  checkContact(message, door);
  checkTime(message, door.now());
  const [bundleId, headerId, outcomeId] = [door.newId(), door.newId(), door.newId()];
  const text = await door.store.receive({
    principal,
    identity: message.identity,
    identityAt: 'Bundle.id',
    digest: createHash('sha256')
      .update(await exchange.request.text())
      .digest('hex'),
    requestId,
    correlationId,
    saidAt: message.saidAt,
    contact: message.told.contact,
    says: 'all',
    repeated: message.event.bars ? 'refused' : 'first-answer',
    answer: (taken) =>
      JSON.stringify(
        toMessageAnswer(message, {
          bundleId,
          headerId,
          outcomeId,
          at: door.now(),
          broker: door.config.operatorOds,
          base: exchange.base,
          issues: taken === 'older' ? [OLDER, ...message.warnings] : message.warnings,
        }),
      ),
  });
  return { status: 200, headers: {}, body: { type: FHIR_JSON, text } };
};
