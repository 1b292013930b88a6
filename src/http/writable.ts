import type { Resource } from '@medplum/fhirtypes';
import { Anomaly } from '../model/anomaly.ts';
import { errorsOf } from '../validate/validate.ts';
import type { Door, Exchange } from './exchange.ts';
import { principalOf } from './exchange.ts';
import { writeRules, writingAt } from './write-rules.ts';

/** Holds what is to be stored against its profile and the door's own rules: 422 with every place that is wrong. */
export const checkWritable = (exchange: Exchange, door: Door, resource: Resource): void => {
  const errors = errorsOf(door.validate(resource));
  if (errors.length > 0) throw new Anomaly('incorrect', errors);
  const rules = writeRules(resource, writingAt(door, principalOf(exchange)));
  if (rules.length > 0) throw new Anomaly('incorrect', rules);
};
