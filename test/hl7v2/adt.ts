/** What a message of a PAS says, field by field; synthetic. */
export interface Adt {
  readonly event?: string;
  readonly id?: string;
  readonly facility?: string;
  readonly application?: string;
  readonly processing?: string;
  readonly version?: string;
  readonly charset?: string;
  readonly accept?: string;
  readonly application16?: string;
  /** EVN-2. */
  readonly recorded?: string;
  /** EVN-6. */
  readonly occurred?: string;
  readonly number?: string | null;
  /** PID-32. */
  readonly verified?: string;
  readonly visit?: string;
  readonly patientClass?: string;
  readonly admitted?: string;
  readonly discharged?: string;
  readonly name?: string;
}

let count = 0;
/** An MSH-10 that nobody had. */
export const nextId = (): string => `M${Date.now()}${++count}`;

const fields = (name: string, at: Readonly<Record<number, string>>): string => {
  const all = Array.from({ length: Math.max(...Object.keys(at).map(Number)) }, (_, index) => at[index + 1] ?? '');
  return [name, ...all].join('|');
};

/** The segments of an ADT message. */
export const adtLines = ({
  event = 'A01',
  id = nextId(),
  facility = 'ZZ2',
  application = 'PAS',
  processing = 'P',
  version = '2.4',
  charset = '',
  accept = '',
  application16 = '',
  recorded = '20261120101500+0000',
  occurred = '',
  number = null,
  verified = 'NSTS01',
  visit = 'V1',
  patientClass = 'E',
  admitted = '20261120101000+0000',
  discharged = '',
  name = 'INVENTED^EXAMPLE',
}: Adt): readonly string[] => [
  // MSH-1 is the separator itself.
  fields('MSH', {
    1: '^~\\&',
    2: application,
    3: facility,
    4: 'CRISIS-PLAN-BROKER',
    5: 'BROKER',
    6: '20261120101501+0000',
    8: `ADT^${event}`,
    9: id,
    10: processing,
    11: version,
    14: accept,
    15: application16,
    17: charset,
  }),
  fields('EVN', { 1: event, 2: recorded, 6: occurred }),
  fields('PID', {
    1: '1',
    3: `${number === null ? '' : `${number}^^^NHS^NH~`}H0001^^^HOSPITAL^PI`,
    5: name,
    7: '19900101',
    32: verified,
  }),
  fields('PV1', { 1: '1', 2: patientClass, 3: 'ED^^^ZZ2', 19: visit, 44: admitted, 45: discharged }),
];

/** An ADT message, each segment ended by CR. */
export const adt = (said: Adt = {}): string =>
  adtLines(said)
    .map((line) => `${line}\r`)
    .join('');

/** What an acknowledgement says: MSA-1, and of each ERR the code and the place, as v2.5 or an earlier version writes them. */
export const said = (ack: string | null): readonly string[] => {
  if (ack === null) return ['closed'];
  return ack.split('\r').flatMap((line) => {
    const [name, first = '', second = '', third = '', severity = ''] = line.split('|');
    if (name === 'MSA') return [first];
    if (name !== 'ERR') return [];
    if (first !== '') {
      const [segment, sequence, field, code = ''] = first.split('^');
      return [`${code.split('&')[0]} ${[segment, sequence, field].filter((each) => each !== '').join('^')}`];
    }
    return [`${severity === 'E' ? '' : `${severity} `}${third.split('^')[0]} ${second}`];
  });
};

/** MSA-2. */
export const answered = (ack: string | null): string => /\rMSA\|[^|\r]*\|([^|\r]*)/.exec(ack ?? '')?.[1] ?? '';
