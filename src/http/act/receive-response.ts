import type { Bundle } from '@medplum/fhirtypes';
import { fromResponse } from '../../../mappings/inbound/from-response.ts';
import { toOperationOutcome } from '../../../mappings/outcome/to-operation-outcome.ts';
import { Line } from '../../log.ts';
import { anomaly } from '../../model/anomaly.ts';
import { scopesPermit } from '../../model/scope.ts';
import { errorsOf } from '../../validate/validate.ts';
import { principalOf } from '../exchange.ts';
import type { Answer, Door, Exchange } from '../exchange.ts';
import { messageIds } from './message-ids.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The same for the first and for every further time (R4 messaging: nothing is answered to an answer, but that it was taken). */
const TAKEN = toOperationOutcome({
  category: 'incorrect',
  issues: [{ at: null, code: 'informational', severity: 'information', help: 'the answer was taken' }],
});

/**
 * `$process-message` with an answer to a message of ours (R4 asynchronous messaging, BaRS replies). Only the recipient of a message answers it: to any other
 * caller there is no such message, as to one that names what was never sent (I6).
 */
export const receiveResponse = async (exchange: Exchange, door: Door, bundle: Bundle): Promise<Answer> => {
  const response = fromResponse(bundle, errorsOf(door.validate(bundle)));
  messageIds(exchange.request.headers, response.bars);
  const principal = principalOf(exchange);
  if (!scopesPermit(principal.scopes, 'Task', 'u'))
    throw anomaly('forbidden', 'this access token, by its scopes, may not answer: that needs system/Task.u');
  if (response.sender !== null && response.sender.ods !== principal.organization)
    throw anomaly('forbidden', 'names another sender than the organisation that calls', response.sender.at);
  const { answers, bars, code, outcome } = response;
  const received = await door.store.receiveAnswer({
    principal,
    // What is no UUID was never sent, and is looked for all the same.
    names: named(UUID.test(answers) ? answers : NOBODY, bars),
    code,
    outcome,
  });
  door.answers(received);
  if (received === 'unknown-message' || received === 'message-of-another') {
    door.log(Line.answerRefused, { requestId: exchange.requestId, because: received });
    throw anomaly('not-found', 'no message of ours to you has this id', 'Bundle.entry[0].resource.response.identifier');
  }
  if (received === 'contrary') door.log(Line.answersDiffer, { requestId: exchange.requestId });
  return { status: 200, headers: {}, body: TAKEN };
};

const NOBODY = '00000000-0000-8000-8000-000000000000';
const named = (id: string, bars: boolean) => (bars ? { bundle: id } : { header: id });
