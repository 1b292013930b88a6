import type { Endpoint } from '@medplum/fhirtypes';
import { Extension } from '../../profiles/canonicals.ts';
import { anomaly } from '../../src/model/anomaly.ts';
import { MESSAGE_FORMS, type Hl7v2Ways, WAYS } from '../../src/model/hl7v2-ways.ts';
import type { Declared } from './declared-of.ts';
import { oneOf } from './declared-of.ts';
import { extensionsOf } from './extensions-of.ts';

/** HD.1 as MSH-5 holds it: what an engine routes by. */
const APPLICATION = /^[\x21-\x7e](?:[\x20-\x7e]{0,178}[\x21-\x7e])?$/;

/** What an HL7 v2 address is sent of a plan. Throws `incorrect` for a code that is not in its list. */
export const messageFormOf = (endpoint: Endpoint): Hl7v2Ways['messageForm'] => {
  const [form] = extensionsOf(endpoint, Extension.messageForm);
  return form === undefined ? WAYS.messageForm : oneOf(MESSAGE_FORMS, form[0].valueCode, `Endpoint.extension[${form[1]}].valueCode`);
};

/**
 * How an HL7 v2 address speaks: only what is declared. The mode may be its service's word; what it is sent and by which name are each address's own.
 * Throws `incorrect` for a code that is not in its list, and for a name that is none.
 */
export const hl7v2WaysOf = (endpoint: Endpoint, own: Declared, service: Declared | null): Partial<Hl7v2Ways> => {
  const [form] = extensionsOf(endpoint, Extension.messageForm);
  const [named] = extensionsOf(endpoint, Extension.receivingApplication);
  const mode = own.acknowledgementMode ?? service?.acknowledgementMode ?? null;
  if (named !== undefined && !APPLICATION.test(named[0].valueString ?? ''))
    throw anomaly('incorrect', 'is a name of 1 to 180 plain characters', `Endpoint.extension[${named[1]}].valueString`);
  return {
    ...(mode === null ? {} : { acknowledgementMode: mode }),
    ...(form === undefined ? {} : { messageForm: messageFormOf(endpoint) }),
    ...(named?.[0].valueString === undefined ? {} : { receivingApplication: named[0].valueString }),
  };
};
