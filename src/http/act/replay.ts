import { anomaly } from '../../model/anomaly.ts';
import { isReasonForTrail, REASON_FOR_TRAIL } from '../../model/reason-for-trail.ts';
import { principalOf } from '../exchange.ts';
import type { Act } from './act.ts';
import { onlyNamed, required, stringOf, validParametersOf } from './operations.ts';
import { readOwn } from './read.ts';

const UUID_OR_ID = /^[A-Za-z0-9\-.]{1,64}$/;

/** Endpoint/[id]/$replay: what is refused, in doubt or awaited there is decided again, and sent once more where it may be sent now. */
export const replay: Act = async (exchange, door) => {
  const { id } = await readOwn(exchange, door);
  const parameters = onlyNamed(validParametersOf(exchange, door), ['key', 'reason']);
  const key = stringOf(parameters, 'key', 'names a key, the id under which the recipient knows the plan, or a CarePlan');
  const reason = stringOf(parameters, 'reason', REASON_FOR_TRAIL);
  if (!isReasonForTrail(reason)) throw required('reason', REASON_FOR_TRAIL);
  if (!UUID_OR_ID.test(key)) throw anomaly('not-found', 'there is no such key', "Parameters.parameter.where(name='key')");
  const replayed = await door.store.replay(principalOf(exchange), { key, destinationId: id, reason });
  return {
    status: 200,
    headers: {},
    body: {
      resourceType: 'Parameters',
      parameter: [
        { name: 'key', valueString: replayed.key },
        { name: 'move', valueCode: replayed.move },
        { name: 'resubmits', valueBoolean: replayed.resubmits },
        ...(replayed.because === null ? [] : [{ name: 'because', valueCode: replayed.because }]),
      ],
    },
  };
};
