import { toCheckParameters } from '../../../mappings/check/to-check-parameters.ts';
import { channelOf } from '../../../mappings/facts/from-endpoint.ts';
import { Anomaly } from '../../model/anomaly.ts';
import { principalOf } from '../exchange.ts';
import type { Act } from './act.ts';
import { onlyNamed, parameter, required, validParametersOf } from './operations.ts';
import { readOwn } from './read.ts';

/** Endpoint/[id]/$check: starts a conformance conversation with the address, or says how far the last one is; with `again` one that ended is held anew. */
export const check: Act = async (exchange, door) => {
  const endpoint = await readOwn(exchange, door);
  if (endpoint.body.resourceType !== 'Endpoint') throw new Error('an Endpoint is no Endpoint');
  if (endpoint.body.connectionType.code === 'mesh')
    throw new Anomaly('incorrect', {
      at: 'Endpoint.connectionType',
      help: 'a mailbox is not checked: what is put there is answered in a day, not in a conversation. Declare by hand how it takes messages (docs/mesh.md)',
    });
  const parameters = onlyNamed(validParametersOf(exchange, door), ['again']);
  const again = parameter(parameters, 'again');
  if (again !== undefined && again.valueBoolean === undefined) throw required('again', 'is true or false');
  if (channelOf(endpoint.body) === 'mns')
    throw new Anomaly('incorrect', {
      at: 'Endpoint.connectionType',
      help: 'an event service is not checked: a test event would be told to everybody who subscribed. Try it at its integration environment',
    });
  if (channelOf(endpoint.body) === 'nrl')
    throw new Anomaly('incorrect', {
      at: 'Endpoint.extension',
      help: 'a record locator (pointer-delete) is not checked: a test pointer would be a record of somebody there. Try it at its integration environment',
    });
  const checked = await door.store.checkEndpoint(principalOf(exchange), endpoint.id, again?.valueBoolean === true);
  if (checked === null)
    throw new Anomaly('incorrect', { at: 'Endpoint.connectionType', help: 'nothing is pushed to this address: there is nothing to check' });
  return { status: 200, headers: {}, body: toCheckParameters(checked.check, checked.destination, endpoint.body) };
};
