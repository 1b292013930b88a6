import type { Coding, Identifier, Reference, Resource } from '@medplum/fhirtypes';

/** One value by which a resource can be found. */
export interface Token {
  readonly param: string;
  readonly token: string;
}

interface Findable {
  readonly identifier?: Identifier | readonly Identifier[];
  readonly status?: string;
  readonly code?: { readonly coding?: readonly Coding[] };
  readonly subject?: Reference;
  readonly patient?: Reference;
  readonly owner?: Reference;
  readonly focus?: Reference;
  readonly for?: Reference;
  readonly practitioner?: Reference;
  readonly target?: readonly Reference[];
  readonly endpoint?: readonly Reference[];
  readonly performerType?: readonly { readonly coding?: readonly Coding[] }[];
}

/** The values by which a stored resource is found: identifier, status, code, patient, owner, focus, target, endpoint. */
export function tokensOf(resource: Resource): readonly Token[] {
  const {
    identifier,
    status,
    code,
    subject,
    patient,
    owner,
    focus,
    target,
    endpoint,
    practitioner,
    performerType,
    for: forWhom,
  } = resource as Findable;
  const identifiers: readonly Identifier[] = identifier === undefined ? [] : isList(identifier) ? identifier : [identifier];
  const found = [
    ...identifiers.flatMap((one) => pairTokens('identifier', one.system, one.value)),
    ...(status === undefined ? [] : [{ param: 'status', token: status }]),
    ...(code?.coding ?? []).flatMap((one) => pairTokens('code', one.system, one.code)),
    ...[subject, patient, forWhom].flatMap((one) => referenceTokens('patient', one)),
    ...referenceTokens('owner', owner),
    ...referenceTokens('focus', focus),
    ...referenceTokens('practitioner', practitioner),
    ...(performerType ?? []).flatMap(({ coding }) => (coding ?? []).flatMap((one) => pairTokens('performer', one.system, one.code))),
    ...(isList(target) ? target : []).flatMap((one) => referenceTokens('target', one)),
    ...(isList(endpoint) ? endpoint : []).flatMap((one) => referenceTokens('endpoint', one)),
  ];
  return [...new Map(found.map((one) => [`${one.param} ${one.token}`, one])).values()];
}

// Some types have one where others have many (Subscription.endpoint is no list of references).
const isList = <T>(value: T | readonly T[] | undefined): value is readonly T[] => Array.isArray(value);

const pairTokens = (param: string, system: string | undefined, value: string | undefined): readonly Token[] =>
  value === undefined
    ? []
    : [
        { param, token: value },
        { param, token: `${system ?? ''}|${value}` },
      ];

const referenceTokens = (param: string, reference: Reference | undefined): readonly Token[] => [
  ...(reference?.reference === undefined ? [] : [{ param, token: reference.reference }]),
  ...pairTokens(param, reference?.identifier?.system, reference?.identifier?.value),
];
