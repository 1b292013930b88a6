import { toPauseState } from '../../../mappings/pace/to-pause-state.ts';
import { isReasonForTrail, REASON_FOR_TRAIL } from '../../model/reason-for-trail.ts';
import { principalOf } from '../exchange.ts';
import type { Act } from './act.ts';
import { onlyNamed, parameter, required, validParametersOf } from './operations.ts';
import { readOwn } from './read.ts';

/** HealthcareService/[id]/$pause: no update is sent to this recipient until it is resumed, and no recall either where that is asked for. */
export const pause: Act = async (exchange, door) => {
  const { id } = await readOwn(exchange, door);
  const parameters = onlyNamed(validParametersOf(exchange, door), ['reason', 'recalls']);
  const reason = parameter(parameters, 'reason')?.valueString ?? '';
  if (!isReasonForTrail(reason)) throw required('reason', REASON_FOR_TRAIL);
  const said = parameter(parameters, 'recalls');
  if (said !== undefined && said.valueBoolean === undefined) throw required('recalls', 'is true or false');
  const state = await door.store.pauseRecipient(principalOf(exchange), { recipientId: id, reason, recalls: said?.valueBoolean === true });
  return { status: 200, headers: {}, body: toPauseState(state) };
};

/** HealthcareService/[id]/$resume: ends a pause. */
export const resume: Act = async (exchange, door) => {
  const { id } = await readOwn(exchange, door);
  onlyNamed(validParametersOf(exchange, door), []);
  return { status: 200, headers: {}, body: toPauseState(await door.store.resumeRecipient(principalOf(exchange), id)) };
};
