/** The NRL's own rules of a pointer and a request, as its sources have them (nhs.md section 1): they know nothing of the broker. */

export type Pointer = Readonly<Record<string, unknown>> & {
  readonly subject?: { readonly identifier?: Coded; readonly reference?: string };
  readonly custodian?: { readonly identifier?: Coded };
  readonly author?: readonly { readonly identifier?: Coded }[];
  readonly type?: { readonly coding?: readonly Coded[] };
  readonly category?: readonly { readonly coding?: readonly Coded[] }[];
  readonly content?: readonly {
    readonly attachment?: { readonly url?: string; readonly contentType?: string };
    readonly format?: Coded;
    readonly extension?: readonly { readonly url: string; readonly valueCodeableConcept?: { readonly coding?: readonly Coded[] } }[];
  }[];
  readonly context?: { readonly practiceSetting?: { readonly coding?: readonly Coded[] } };
  readonly relatesTo?: readonly { readonly code: string; readonly target?: { readonly identifier?: { readonly value?: string } } }[];
  readonly identifier?: readonly Coded[];
};

interface Coded {
  readonly system?: string;
  readonly code?: string;
  readonly value?: string;
  readonly display?: string;
}

/** A refusal: status, code of the NRL, issue type, place. */
export type Refused = readonly [status: number, code: string, issue: string, at: string];

export const MHCP = 'http://snomed.info/sct|736253002';
const ODS = 'https://fhir.nhs.uk/Id/ods-organization-code';
const NHS = 'https://fhir.nhs.uk/Id/nhs-number';
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const FORMATS: Readonly<Record<string, readonly [string, string]>> = {
  'urn:nhs-ic:unstructured': ['application/pdf', 'Unstructured Document'],
  'urn:nhs-ic:record-contact': ['text/html', 'Contact details (HTTP Unsecured)'],
};
const STABILITY = 'https://fhir.nhs.uk/England/StructureDefinition/Extension-England-ContentStability';

const isNhsNumber = (text: string): boolean => {
  if (!/^\d{10}$/.test(text)) return false;
  const sum = [...text.slice(0, 9)].reduce((total, digit, index) => total + Number(digit) * (10 - index), 0);
  const check = (11 - (sum % 11)) % 11;
  return check !== 10 && check === Number(text[9]);
};

/** The headers of each request. */
export const headerRefusal = (headers: Readonly<Record<string, string | string[] | undefined>>): Refused | null => {
  const ods = headers['nhsd-end-user-organisation-ods'];
  if (typeof ods !== 'string' || ods === '') return [400, 'PRECONDITION_FAILED', 'required', 'NHSD-End-User-Organisation-ODS'];
  if (!UUID.test(String(headers['x-request-id']))) return [400, 'MISSING_OR_INVALID_HEADER', 'invalid', 'X-Request-ID'];
  if (String(headers['x-correlation-id'] ?? '').includes('.')) return [400, 'MISSING_OR_INVALID_HEADER', 'invalid', 'X-Correlation-ID'];
  return null;
};

/** The parameters of a producer's search, as JSON (producer.yaml). */
export const searchRefusal = (asked: Readonly<Record<string, unknown>>): Refused | null => {
  for (const name of Object.keys(asked))
    if (!['subject:identifier', 'type', 'category', 'next-page-token'].includes(name)) return [400, 'INVALID_PARAMETER', 'invalid', name];
  const [system, number] = String(asked['subject:identifier']).split('|');
  if (system !== NHS || number === undefined || !isNhsNumber(number)) return [400, 'INVALID_NHS_NUMBER', 'invalid', 'subject:identifier'];
  if (asked['type'] !== undefined && asked['type'] !== MHCP) return [400, 'INVALID_CODE_SYSTEM', 'code-invalid', 'type'];
  return null;
};

const invalid = (at: string): Refused => [400, 'INVALID_RESOURCE', 'invalid', at];

/** A pointer that is to be created by the organisation `ods`. */
export const pointerRefusal = (pointer: Pointer, ods: string, allowed: readonly string[]): Refused | null => {
  const { subject, custodian, author, type, category, content = [], context, relatesTo = [] } = pointer;
  if (pointer['resourceType'] !== 'DocumentReference') return invalid('resourceType');
  if (pointer['id'] !== undefined) return invalid('id');
  if (pointer['status'] !== 'current') return invalid('status');
  if (subject?.reference !== undefined || subject?.identifier?.system !== NHS)
    return [400, 'INVALID_IDENTIFIER_SYSTEM', 'invalid', 'subject'];
  if (!isNhsNumber(subject.identifier.value ?? '')) return [400, 'INVALID_NHS_NUMBER', 'invalid', 'subject.identifier.value'];
  if (author?.length !== 1 || author[0]?.identifier?.system !== ODS) return invalid('author');
  if (custodian?.identifier?.system !== ODS) return [400, 'INVALID_IDENTIFIER_SYSTEM', 'invalid', 'custodian.identifier.system'];
  const [coding, ...more] = type?.coding ?? [];
  if (coding === undefined || more.length > 0) return invalid('type');
  const [label] = category?.[0]?.coding ?? [];
  if (category?.length !== 1 || category[0]?.coding?.length !== 1 || label?.code !== '734163000' || label.display !== 'Care plan')
    return [400, 'INVALID_CODE_VALUE', 'invalid', 'category'];
  if (context?.practiceSetting?.coding?.length !== 1) return [400, 'INVALID_RESOURCE', 'required', 'context.practiceSetting'];
  if (content.length === 0) return [400, 'INVALID_RESOURCE', 'required', 'content'];
  for (const [index, { attachment, format, extension = [] }] of content.entries()) {
    const at = `content[${index}]`;
    const known = FORMATS[format?.code ?? ''];
    if (known === undefined || format?.display !== known[1]) return [400, 'INVALID_CODE_VALUE', 'invalid', `${at}.format`];
    if (attachment?.contentType !== known[0]) return invalid(`${at}.attachment.contentType`);
    if (!URL.canParse(attachment.url ?? '') || attachment.url?.includes(subject.identifier.value ?? '-') || /%/.test(attachment.url ?? ''))
      return invalid(`${at}.attachment.url`);
    const stability = extension.filter(({ url }) => url === STABILITY);
    if (stability.length !== 1 || !['static', 'dynamic'].includes(stability[0]?.valueCodeableConcept?.coding?.[0]?.code ?? ''))
      return [400, 'INVALID_RESOURCE', 'required', `${at}.extension`];
  }
  if (custodian.identifier.value !== ods) return [400, 'BAD_REQUEST', 'invalid', 'custodian.identifier.value'];
  if (!allowed.includes(`${coding.system}|${coding.code}`)) return [403, 'AUTHOR_CREDENTIALS_ERROR', 'forbidden', 'type.coding[0].code'];
  for (const [index, { code, target }] of relatesTo.entries()) {
    if (!['replaces', 'transforms', 'signs', 'appends', 'incorporates', 'summarizes'].includes(code))
      return invalid(`relatesTo[${index}].code`);
    const old = target?.identifier?.value ?? '';
    if (old.split('-')[0] !== ods) return [400, 'BAD_REQUEST', 'invalid', `relatesTo[${index}].target.identifier.value`];
  }
  return null;
};
