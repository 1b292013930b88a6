import type { ContactPoint } from '@medplum/fhirtypes';
import { Extension } from '../../profiles/canonicals.ts';
import { anomaly } from '../../src/model/anomaly.ts';
import { ACKNOWLEDGEMENT_MODES, type Hl7v2Ways } from '../../src/model/hl7v2-ways.ts';
import type { Acknowledgement, ContentForm, Destination, RecallForm } from '../../src/model/recipient.ts';
import { CONTENT_FORMS, RECALL_FORMS } from '../../src/model/recipient.ts';
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
  /** Messages a second at most. */
  readonly rate: number | null;
  /** Exchanges at once at most, over all workers. */
  readonly inFlight: number | null;
  readonly contentForm: ContentForm | null;
  /** Milliseconds. */
  readonly copiesEndAfter: number | null;
  /** Whom people ring or write to: `phone 020 7946 0000`. */
  readonly contact: string | null;
  /** Of HL7 v2. */
  readonly acknowledgementMode: Hl7v2Ways['acknowledgementMode'] | null;
  readonly responseMode: ResponseMode | null;
  /** Milliseconds for which an answer by a message of its own is waited for. */
  readonly responseWithin: number | null;
}

/** In the same exchange, by R4's `async`, or as BaRS does. */
type ResponseMode = 'sync' | 'async' | 'bars';
const RESPONSE_MODES: readonly ResponseMode[] = ['sync', 'async', 'bars'];
/** An answer that takes longer is told to a person: within minutes (I12). */
const RESPONSE_WITHIN = 5 * 60_000;

/** An element that declares: a HealthcareService has `telecom`, an Endpoint `contact`. */
export interface Declaring extends Extensible {
  readonly telecom?: readonly ContactPoint[] | undefined;
  readonly contact?: readonly ContactPoint[] | undefined;
}
const CODES: readonly Acknowledgement['code'][] = ['AA', 'AE', 'AR', 'CA', 'CE', 'CR'];
const MEANINGS: readonly Acknowledgement['means'][] = ['accepted', 'refused', 'unknown'];
/** Milliseconds in each UCUM unit that a lifetime may be given in, and the longer ones of what is agreed. */
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000 };
const LONG_UNITS: Readonly<Record<string, number>> = { ...UNITS, h: 3_600_000, d: 86_400_000 };
/** A hundred years: no agreement is for longer, and no date is out of reach. */
const LONGEST = 36_525 * 86_400_000;

/** The one of a list that a code is. Throws `incorrect` with the list. */
export const oneOf = <T extends string>(list: readonly T[], value: string | undefined, at: string): T => {
  const found = list.find((each) => each === value);
  if (found === undefined) throw anomaly('incorrect', `must be one of ${list.join(', ')}`, at);
  return found;
};

const readDuration = (element: Extensible, url: string, units: Readonly<Record<string, number>>, at: string, least = 0): number | null => {
  const [found] = extensionsOf(element, url);
  if (found === undefined) return null;
  const here = `${at}.extension[${found[1]}].valueDuration`;
  const unit = units[found[0].valueDuration?.code ?? found[0].valueDuration?.unit ?? ''];
  const value = present(found[0].valueDuration?.value, `${here}.value`);
  if (unit === undefined) throw anomaly('incorrect', `the unit is one of ${Object.keys(units).join(', ')} (UCUM)`, `${here}.code`);
  if (!(value * unit >= least))
    throw anomaly('incorrect', least > 0 ? 'is at least a second' : 'a duration is not negative', `${here}.value`);
  return Math.ceil(value * unit);
};

/** More than any recipient takes: beyond that a rate is a mistake. */
const MOST_A_SECOND = 1_000;
const MOST_IN_FLIGHT = 256;

const readRate = (element: Extensible, at: string): number | null => {
  const [found] = extensionsOf(element, Extension.messageRate);
  if (found === undefined) return null;
  const here = `${at}.extension[${found[1]}].valueDecimal`;
  const value = present(found[0].valueDecimal, here);
  if (!(value > 0 && value <= MOST_A_SECOND))
    throw anomaly('incorrect', `a rate is more than 0 and at most ${MOST_A_SECOND} messages a second`, here);
  return value;
};

const readInFlight = (element: Extensible, at: string): number | null => {
  const [found] = extensionsOf(element, Extension.inFlightLimit);
  if (found === undefined) return null;
  const here = `${at}.extension[${found[1]}].valuePositiveInt`;
  const value = present(found[0].valuePositiveInt, here);
  if (!(Number.isInteger(value) && value >= 1 && value <= MOST_IN_FLIGHT))
    throw anomaly('incorrect', `is a whole number from 1 to ${MOST_IN_FLIGHT}`, here);
  return value;
};

const readCopiesEndAfter = (element: Extensible, at: string): number | null => {
  const agreed = readDuration(element, Extension.copiesEndAfter, LONG_UNITS, at);
  if (agreed !== null && (agreed === 0 || agreed > LONGEST))
    throw anomaly(
      'incorrect',
      'is more than nothing and at most a hundred years',
      `${at}.extension.where(url='${Extension.copiesEndAfter}').value`,
    );
  return agreed;
};

const readCode = <T extends string>(element: Extensible, url: string, list: readonly T[], at: string): T | null => {
  const [found] = extensionsOf(element, url);
  return found === undefined ? null : oneOf(list, found[0].valueCode, `${at}.extension[${found[1]}].valueCode`);
};

/** Somebody to ring before somebody to write to; what is over is nobody any more. */
const readContact = ({ telecom, contact }: Declaring): string | null => {
  const points = [...(contact ?? []), ...(telecom ?? [])].filter(({ value, use }) => value !== undefined && value !== '' && use !== 'old');
  const best = points.find(({ system }) => system === 'phone') ?? points[0];
  return best === undefined ? null : `${best.system ?? 'other'} ${best.value}`.slice(0, 200);
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
export const declaredOf = (element: Declaring, at: string): Declared => ({
  refusesLowerSequence: extensionOf(element, Extension.refusesLowerSequence)?.valueBoolean ?? null,
  replaceHidesOld: extensionOf(element, Extension.replaceHidesOld)?.valueBoolean ?? null,
  recallForm: readCode(element, Extension.recallForm, RECALL_FORMS, at),
  lifetime: readDuration(element, Extension.messageLifetime, UNITS, at),
  acknowledgements: readAcknowledgements(element, at),
  contentForm: readCode(element, Extension.contentForm, CONTENT_FORMS, at),
  copiesEndAfter: readCopiesEndAfter(element, at),
  contact: readContact(element),
  rate: readRate(element, at),
  inFlight: readInFlight(element, at),
  responseMode: readCode(element, Extension.responseMode, RESPONSE_MODES, at),
  responseWithin: readDuration(element, Extension.responseWithin, UNITS, at, 1_000),
  acknowledgementMode: readCode(element, Extension.acknowledgementMode, ACKNOWLEDGEMENT_MODES, at),
});

/** What a destination is taken to be where neither the address nor the service says. */
const RECALL_FORM_OF: Readonly<Record<Destination['channel'], RecallForm>> = {
  'fhir-messaging': 'message',
  'fhir-rest': 'rest-status',
  nrl: 'pointer-delete',
  mns: 'notification',
  'hl7v2-mllp': 'mdm-t11',
  mesh: 'message',
  subscription: 'notification',
  pull: 'task',
};

/** The forms of content that each channel has; the first is what is sent where nothing is declared that it has. */
const CONTENT_FORMS_OF: Readonly<Record<Destination['channel'], readonly ContentForm[]>> = {
  'fhir-messaging': ['document'],
  'fhir-rest': ['document'],
  nrl: [],
  mns: ['cloud-event', 'fhir-signal'],
  'hl7v2-mllp': ['text-and-document', 'text'],
  mesh: ['document'],
  subscription: [],
  pull: [],
};

/** The content form of an address. Throws `incorrect` where it declares one itself that its channel has not; what its service declares is for those that have it. */
export const contentFormOf = (channel: Destination['channel'], own: Declared | null, service: Declared | null): ContentForm | undefined => {
  const forms = CONTENT_FORMS_OF[channel];
  const chosen = own?.contentForm ?? null;
  if (chosen !== null && !forms.includes(chosen))
    throw anomaly(
      'incorrect',
      `over this channel it is ${forms.join(' or ')}`,
      `Endpoint.extension.where(url='${Extension.contentForm}').value`,
    );
  return chosen ?? forms.find((form) => form === service?.contentForm) ?? forms[0];
};

/** What a destination is made of beside where it is. */
export type Profile = Pick<
  Destination,
  | 'refusesLowerSequence'
  | 'replaceHidesOld'
  | 'recallForm'
  | 'lifetime'
  | 'acknowledgements'
  | 'contentForm'
  | 'copiesEndAfter'
  | 'contact'
  | 'answersLater'
>;

/** The declared part of a destination: the address's own word wins over the service's, and both over the defaults. */
export const settled = (
  channel: Destination['channel'],
  own: Declared | null,
  service: Declared | null,
  defaultLifetime: number,
): Profile => {
  const contentForm = contentFormOf(channel, own, service);
  const recallForm = own?.recallForm ?? service?.recallForm ?? RECALL_FORM_OF[channel];
  const copiesEndAfter = recallForm === 'expires' ? (own?.copiesEndAfter ?? service?.copiesEndAfter ?? null) : null;
  const contact = own?.contact ?? service?.contact ?? null;
  return {
    refusesLowerSequence: own?.refusesLowerSequence ?? service?.refusesLowerSequence ?? false,
    replaceHidesOld: own?.replaceHidesOld ?? service?.replaceHidesOld ?? true,
    recallForm,
    lifetime: lifetimeOf(channel, own?.lifetime ?? service?.lifetime ?? defaultLifetime),
    acknowledgements: own?.acknowledgements ?? service?.acknowledgements ?? [],
    ...(contentForm === undefined ? {} : { contentForm }),
    ...(copiesEndAfter === null ? {} : { copiesEndAfter }),
    ...(contact === null ? {} : { contact }),
    ...(channel === 'fhir-messaging' ? answersLater(own, service) : {}),
    ...(channel === 'mesh' ? answersByMailbox(own, service) : {}),
  };
};

/** What lies in a mailbox may be taken out of it for five days (MESH, nhs.md section 5), and some: a shorter life is not the recipient's to declare. */
const IN_MAILBOX = 5 * 86_400_000 + 3_600_000;
const lifetimeOf = (channel: Destination['channel'], declared: number): number =>
  channel === 'mesh' ? Math.max(declared, IN_MAILBOX) : declared;

/** A mailbox is looked into at least once a day (MESH). */
const MAILBOX_WITHIN = 86_400_000;
const answersByMailbox = (own: Declared | null, service: Declared | null): Pick<Destination, 'answersLater'> => {
  const mode = own?.responseMode ?? service?.responseMode ?? null;
  const within = own?.responseWithin ?? service?.responseWithin ?? MAILBOX_WITHIN;
  return { answersLater: { by: mode === 'sync' ? 'mailbox-taken' : 'mailbox-message', within } };
};

/** Nothing where it answers in the same exchange. */
const answersLater = (own: Declared | null, service: Declared | null): Pick<Destination, 'answersLater'> => {
  const mode = own?.responseMode ?? service?.responseMode ?? 'sync';
  if (mode === 'sync') return {};
  const within = own?.responseWithin ?? service?.responseWithin ?? RESPONSE_WITHIN;
  return { answersLater: { by: mode === 'bars' ? 'new-message' : 'response-url', within } };
};
