import { Extension } from '../../profiles/canonicals.ts';
import { anomaly } from '../../src/model/anomaly.ts';
import type { Acknowledgement, Destination, RecallForm } from '../../src/model/recipient.ts';
import type { Extensible } from './extensions-of.ts';
import { extensionOf, extensionsOf } from './extensions-of.ts';
import { present } from './present.ts';

/** What a recipient says of how it takes messages; what it leaves out is null. */
export interface Declared {
  readonly refusesLowerSequence: boolean | null;
  readonly replaceHidesOld: boolean | null;
  readonly recallForm: RecallForm | null;
  /** Milliseconds. */
  readonly lifetime: number | null;
  readonly acknowledgements: readonly Acknowledgement[] | null;
  readonly responseMode: ResponseMode | null;
  /** Milliseconds for which an answer by a message of its own is waited for. */
  readonly responseWithin: number | null;
}

/** In the same exchange, by R4's `async`, or as BaRS does. */
type ResponseMode = 'sync' | 'async' | 'bars';
const RESPONSE_MODES: readonly ResponseMode[] = ['sync', 'async', 'bars'];
/** An answer that takes longer is told to a person: within minutes (I12). */
const RESPONSE_WITHIN = 5 * 60_000;

const RECALL_FORMS: readonly RecallForm[] = ['mdm-t11', 'mdm-t10-notice', 'message', 'notification', 'task'];
const CODES: readonly Acknowledgement['code'][] = ['AA', 'AE', 'AR', 'CA', 'CE', 'CR'];
const MEANINGS: readonly Acknowledgement['means'][] = ['accepted', 'refused', 'unknown'];
/** Milliseconds in each UCUM unit that a lifetime may be given in. */
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000 };

const oneOf = <T extends string>(list: readonly T[], value: string | undefined, at: string): T => {
  const found = list.find((each) => each === value);
  if (found === undefined) throw anomaly('incorrect', `must be one of ${list.join(', ')}`, at);
  return found;
};

const readDuration = (element: Extensible, at: string, url: string, least: number): number | null => {
  const [found] = extensionsOf(element, url);
  if (found === undefined) return null;
  const here = `${at}.extension[${found[1]}].valueDuration`;
  const unit = UNITS[found[0].valueDuration?.code ?? found[0].valueDuration?.unit ?? ''];
  const value = present(found[0].valueDuration?.value, `${here}.value`);
  if (unit === undefined) throw anomaly('incorrect', 'the unit is ms, s or min (UCUM)', `${here}.code`);
  if (!(value * unit >= least))
    throw anomaly('incorrect', least > 0 ? 'is at least a second' : 'a lifetime is not negative', `${here}.value`);
  return Math.ceil(value * unit);
};

const readAcknowledgements = (element: Extensible, at: string): readonly Acknowledgement[] | null => {
  const found = extensionsOf(element, Extension.acknowledgement);
  if (found.length === 0) return null;
  return found.map(([extension, index]) => {
    const here = `${at}.extension[${index}]`;
    return {
      code: oneOf(CODES, extensionOf(extension, 'code')?.valueCode, `${here}.extension.where(url='code').value`),
      error: extensionOf(extension, 'error')?.valueString ?? null,
      means: oneOf(MEANINGS, extensionOf(extension, 'means')?.valueCode, `${here}.extension.where(url='means').value`),
    };
  });
};

/** Reads the declarations on a HealthcareService or an Endpoint. Throws `incorrect` for a code or unit that is not in its list. */
export const declaredOf = (element: Extensible, at: string): Declared => {
  const [recall] = extensionsOf(element, Extension.recallForm);
  const [mode] = extensionsOf(element, Extension.responseMode);
  return {
    refusesLowerSequence: extensionOf(element, Extension.refusesLowerSequence)?.valueBoolean ?? null,
    replaceHidesOld: extensionOf(element, Extension.replaceHidesOld)?.valueBoolean ?? null,
    recallForm: recall === undefined ? null : oneOf(RECALL_FORMS, recall[0].valueCode, `${at}.extension[${recall[1]}].valueCode`),
    lifetime: readDuration(element, at, Extension.messageLifetime, 0),
    acknowledgements: readAcknowledgements(element, at),
    responseMode: mode === undefined ? null : oneOf(RESPONSE_MODES, mode[0].valueCode, `${at}.extension[${mode[1]}].valueCode`),
    responseWithin: readDuration(element, at, Extension.responseWithin, 1_000),
  };
};

/** What a destination is taken to be where neither the address nor the service says. */
const RECALL_FORM_OF: Readonly<Record<Destination['channel'], RecallForm>> = {
  'fhir-messaging': 'message',
  'hl7v2-mllp': 'mdm-t11',
  subscription: 'notification',
  pull: 'task',
};

/** The declared part of a destination: the address's own word wins over the service's, and both over the defaults. */
export const settled = (
  channel: Destination['channel'],
  own: Declared | null,
  service: Declared | null,
  defaultLifetime: number,
): Pick<Destination, 'refusesLowerSequence' | 'replaceHidesOld' | 'recallForm' | 'lifetime' | 'acknowledgements' | 'answersLater'> => ({
  refusesLowerSequence: own?.refusesLowerSequence ?? service?.refusesLowerSequence ?? false,
  replaceHidesOld: own?.replaceHidesOld ?? service?.replaceHidesOld ?? true,
  recallForm: own?.recallForm ?? service?.recallForm ?? RECALL_FORM_OF[channel],
  lifetime: own?.lifetime ?? service?.lifetime ?? defaultLifetime,
  acknowledgements: own?.acknowledgements ?? service?.acknowledgements ?? [],
  ...(channel === 'fhir-messaging' ? answersLater(own, service) : {}),
});

/** Nothing where it answers in the same exchange. */
const answersLater = (own: Declared | null, service: Declared | null): Pick<Destination, 'answersLater'> => {
  const mode = own?.responseMode ?? service?.responseMode ?? 'sync';
  if (mode === 'sync') return {};
  const within = own?.responseWithin ?? service?.responseWithin ?? RESPONSE_WITHIN;
  return { answersLater: { by: mode === 'bars' ? 'new-message' : 'response-url', within } };
};
