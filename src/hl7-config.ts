import { isLoopback } from './loopback.ts';
import { isRecipientKind, type RecipientKind } from './model/kind.ts';
import { isOdsCode } from './model/ods-code.ts';
import { SETTINGS } from './settings.ts';

/** What the door for HL7 v2 was told by the environment. */
export interface Hl7Config {
  readonly host: string;
  /** 0 lets the system pick one. */
  readonly port: number;
  /** PEM files; null listens without TLS, on loopback. */
  readonly tls: { readonly cert: string; readonly key: string; readonly clientCa: string } | null;
  /** Facilities that may send without TLS, as what kind of service. */
  readonly facilities: ReadonlyMap<string, RecipientKind>;
  /** Bytes of the longest frame. */
  readonly maxFrame: number;
  /** Milliseconds from the first byte of a frame to its last. */
  readonly frameMs: number;
  readonly maxConnections: number;
  /** Whether messages with the processing id T or D are taken as if they were P. */
  readonly takesTests: boolean;
}

/** The variables of the environment that it is read from, as ajv leaves them. */
export interface Hl7Parsed {
  readonly HL7_PORT?: number;
  readonly HL7_HOST: string;
  readonly HL7_TLS_CERT?: string;
  readonly HL7_TLS_KEY?: string;
  readonly HL7_TLS_CLIENT_CA?: string;
  readonly HL7_FACILITIES: string;
  readonly HL7_MAX_FRAME: number;
  readonly HL7_FRAME_MS: number;
  readonly HL7_MAX_CONNECTIONS: number;
  readonly HL7_TEST_MESSAGES: '0' | '1';
}

const facilitiesOf = (text: string): ReadonlyMap<string, RecipientKind> | null => {
  const found = new Map<string, RecipientKind>();
  for (const entry of text.split(',').map((each) => each.trim())) {
    if (entry === '') continue;
    const [ods = '', kind = '', ...more] = entry.split('=');
    if (!isOdsCode(ods) || !isRecipientKind(kind) || more.length > 0 || found.has(ods)) return null;
    found.set(ods, kind);
  }
  return found;
};

/** Reads them: null where no port is set and there is no such door. `refused` has a line for each thing that is wrong. */
export const hl7ConfigOf = (given: Hl7Parsed): { readonly hl7: Hl7Config | null; readonly refused: readonly string[] } => {
  const { HL7_PORT: port, HL7_HOST: host, HL7_TLS_CERT: cert, HL7_TLS_KEY: key, HL7_TLS_CLIENT_CA: clientCa } = given;
  if (port === undefined) return { hl7: null, refused: [] };
  const facilities = facilitiesOf(given.HL7_FACILITIES);
  const files = [cert, key, clientCa].filter((file) => file !== undefined);
  const tls = cert !== undefined && key !== undefined && clientCa !== undefined ? { cert, key, clientCa } : null;
  const refused = [
    ...(facilities === null ? [`HL7_FACILITIES must be ${SETTINGS.HL7_FACILITIES.rule}`] : []),
    ...(files.length === 0 || tls !== null ? [] : ['HL7_TLS_CERT, HL7_TLS_KEY and HL7_TLS_CLIENT_CA must be set together']),
    ...(tls !== null || isLoopback(host)
      ? []
      : ['HL7_HOST must be a loopback address without HL7_TLS_CERT, HL7_TLS_KEY and HL7_TLS_CLIENT_CA: nobody could be told from another']),
    // A facility that anybody may name would stand beside those that are proved.
    ...(tls !== null && given.HL7_FACILITIES !== ''
      ? ['HL7_FACILITIES must not be set with TLS: senders are registered by their certificates (broker hl7 sender add)']
      : []),
  ];
  return {
    hl7: {
      host,
      port,
      tls,
      facilities: facilities ?? new Map(),
      maxFrame: given.HL7_MAX_FRAME,
      frameMs: given.HL7_FRAME_MS,
      maxConnections: given.HL7_MAX_CONNECTIONS,
      takesTests: given.HL7_TEST_MESSAGES === '1',
    },
    refused,
  };
};
