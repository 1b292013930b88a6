import { isLoopback } from './loopback.ts';
import { SETTINGS } from './settings.ts';

/** What the broker was told of its MESH mailbox by the environment. */
export interface MeshConfig {
  /** Base of the MESH API, without a slash at the end. */
  readonly url: string;
  readonly mailbox: string;
  /** Secret. */
  readonly password: string;
  /** Secret. */
  readonly sharedKey: string;
  /** PEM files; `ca` null trusts the authorities of the system. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string | null };
  /** Milliseconds between two looks into the mailbox. */
  readonly pollMs: number;
  /** A message of more bytes is sent in parts. */
  readonly chunkBytes: number;
}

/** The variables of the environment that it is read from, as ajv leaves them. */
export interface MeshParsed {
  readonly MESH_URL?: string;
  readonly MESH_MAILBOX?: string;
  readonly MESH_PASSWORD?: string;
  readonly MESH_SHARED_KEY?: string;
  readonly MESH_CERT?: string;
  readonly MESH_KEY?: string;
  readonly MESH_CA?: string;
  readonly MESH_POLL_MS: number;
  readonly MESH_CHUNK_BYTES: number;
}

/** MESH asks to be looked at not more often than every five minutes (nhs.md section 5). */
const RULE_MS = 300_000;

/** Reads them: null where no address is set and the broker has no mailbox. `refused` has a line for each thing that is wrong. */
export const meshConfigOf = (given: MeshParsed): { readonly mesh: MeshConfig | null; readonly refused: readonly string[] } => {
  const {
    MESH_URL: url,
    MESH_MAILBOX: mailbox,
    MESH_PASSWORD: password,
    MESH_SHARED_KEY: sharedKey,
    MESH_CERT: cert,
    MESH_KEY: key,
  } = given;
  const all = [url, mailbox, password, sharedKey, cert, key];
  if (all.every((each) => each === undefined) && given.MESH_CA === undefined) return { mesh: null, refused: [] };
  const together = 'MESH_URL, MESH_MAILBOX, MESH_PASSWORD, MESH_SHARED_KEY, MESH_CERT and MESH_KEY must be set together';
  if (
    url === undefined ||
    mailbox === undefined ||
    password === undefined ||
    sharedKey === undefined ||
    cert === undefined ||
    key === undefined
  )
    return { mesh: null, refused: [together] };
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const isAddress = parsed !== null && parsed.username === '' && parsed.password === '' && parsed.search === '' && parsed.hash === '';
  const isSimulated = parsed !== null && isLoopback(parsed.hostname.replace(/^\[|\]$/g, ''));
  return {
    mesh: {
      url: url.replace(/\/+$/, ''),
      mailbox,
      password,
      sharedKey,
      tls: { cert, key, ca: given.MESH_CA ?? null },
      pollMs: given.MESH_POLL_MS,
      chunkBytes: given.MESH_CHUNK_BYTES,
    },
    refused: [
      ...(isAddress ? [] : [`MESH_URL must be ${SETTINGS.MESH_URL.rule}`]),
      ...(given.MESH_POLL_MS >= RULE_MS || isSimulated
        ? []
        : [`MESH_POLL_MS must not be less than ${RULE_MS}: MESH asks for that; only a simulator on loopback may be asked more often`]),
    ],
  };
};
