import type { Endpoint } from '@medplum/fhirtypes';
import type pg from 'pg';
import { anomaly } from '../model/anomaly.ts';
import type { Credential } from '../model/credential.ts';
import { readMailbox } from '../model/mailbox.ts';
import type { Principal } from '../model/principal.ts';
import {
  credentialsOf,
  type EndpointNow,
  findEndpoint,
  giveCredential,
  removeCredential,
  rotateCredential,
  type ShownCredential,
} from './credentials.ts';
import { AlteredText } from './keys/sealed-text.ts';
import { type Sql, statement, transaction } from './pool.ts';
import { type CredentialTexts, type ReadCredential, readCredential, saysCredential } from './read-credential.ts';
import type { CheckedEndpoint } from './door.ts';
import { readResource } from './resources.ts';
import type { DoWrite } from './write.ts';

/** An Endpoint, and its credentials as they may be shown. */
export interface EndpointShown extends EndpointNow {
  readonly credentials: readonly ShownCredential[];
}

/** What the operator does with an Endpoint to which messages go. */
export interface ChangeEndpoint {
  readonly endpointId: string;
  /** Missing: the address that it has. */
  readonly address?: string | undefined;
  readonly credential: CredentialTexts;
}

/** What the door does with Endpoints. On record. The caller is an operator, and has read the Endpoint. */
export interface EndpointChanges {
  moveEndpoint(principal: Principal, asked: ChangeEndpoint, withoutCredential: boolean): Promise<EndpointShown>;
  /** Rotates the credential of an address, or gives the first one there. */
  rotateCredential(principal: Principal, asked: ChangeEndpoint): Promise<EndpointShown>;
  /** Starts a check of an Endpoint that the caller has read, or finds the one that goes on or was made; null where nothing is pushed to it. */
  checkEndpoint(principal: Principal, endpointId: string, again: boolean): Promise<CheckedEndpoint | null>;
  /** The last check of an Endpoint, as it stands; null where there was none. */
  checkOf(endpointId: string): Promise<CheckedEndpoint | null>;
}

/** Who does it: ODS code of the operator, and the person or road behind it. */
type Who = Pick<Principal, 'organization' | 'user'>;

const onRecord = statement<[string, string | null, string, string], never>(
  'trail-of-endpoint',
  `INSERT INTO audit (event, organization, kind, caller, about, because) VALUES ('endpoint', $1, 'operator', $2, $3, $4)`,
);

type Did = 'credential-set' | 'credential-rotated' | 'credential-removed' | 'moved';
const noteDone = async (sql: Sql, { organization, user }: Who, endpointId: string, did: Did): Promise<void> =>
  void (await onRecord(sql, organization, user, `Endpoint/${endpointId}`, did));

/** The Endpoint with that id. Throws `not-found` where messages go to none. */
export const shownEndpoint = async (pool: pg.Pool, id: string): Promise<EndpointShown> => {
  const now = await findEndpoint(pool, id);
  if (now === null) throw anomaly('not-found', `there is no Endpoint ${id} to which messages go`);
  return { ...now, credentials: await credentialsOf(pool, id) };
};

/** Whether an address can be one of that channel, and a credential be used there. Throws `incorrect` at the part. */
const checkAddress = (channel: string, address: string, credential: Credential | null): void => {
  if (channel === 'mesh') {
    if (readMailbox(address) === null) throw anomaly('incorrect', 'is written mesh://MAILBOX?workflow_id=WORKFLOW', 'address');
    if (credential !== null)
      throw anomaly('incorrect', 'has no place at a mailbox: the broker proves itself to MESH by its own (MESH_CERT)', 'cert');
    return;
  }
  const scheme = /^([a-z]+):\/\/[^\s@]+$/.exec(address)?.[1];
  if (scheme === undefined) throw anomaly('incorrect', 'is no URL, or holds a name and password', 'address');
  const fits = channel === 'hl7v2-mllp' ? /^mllps?$/ : /^https?$/;
  if (!fits.test(scheme)) throw anomaly('incorrect', `must begin with ${channel === 'hl7v2-mllp' ? 'mllps:' : 'https:'}`, 'address');
  if (credential === null) return;
  const { signedJwt, certificate, ca } = credential;
  if (signedJwt !== null && channel === 'hl7v2-mllp')
    throw anomaly('incorrect', 'goes over HTTP: MLLP has no place for a token', 'token-url');
  if ((certificate !== null || ca !== null) && !/s$/.test(scheme))
    throw anomaly('incorrect', 'must be https: or mllps: certificates are shown over TLS', 'address');
};

const set = async (sql: Sql, endpoint: EndpointNow, address: string, texts: CredentialTexts): Promise<void> => {
  const { credential, shown } = await readCredential(texts, null, Date.now());
  checkAddress(endpoint.channel, address, credential);
  if (!(await giveCredential(sql, endpoint, address, credential, shown)))
    throw anomaly('conflict', 'there is a credential for this address already: rotate it, or remove it');
};

/** Gives an Endpoint a credential for an address: in use at once, or prepared for one that it does not have yet. Throws `incorrect`, `conflict`, `not-found`. */
export async function setEndpointCredential(
  pool: pg.Pool,
  who: Who,
  { endpointId, address, credential }: ChangeEndpoint,
): Promise<EndpointShown> {
  const endpoint = await shownEndpoint(pool, endpointId);
  await transaction(pool, async (tx) => {
    await set(tx, endpoint, address ?? endpoint.address, credential);
    await noteDone(tx, who, endpointId, 'credential-set');
  });
  return shownEndpoint(pool, endpointId);
}

/**
 * Puts another credential in the place of one; what is not said stays. Attempts that are on their way end with the one that they began with. Throws
 * `incorrect`, `not-found`, and `conflict` where there is none, or where it does not open.
 */
export async function rotateEndpointCredential(
  pool: pg.Pool,
  who: Who,
  { endpointId, address, credential }: ChangeEndpoint,
): Promise<EndpointShown> {
  const endpoint = await shownEndpoint(pool, endpointId);
  if (!saysCredential(credential)) throw anomaly('incorrect', 'say what is to change: key and kid, cert and cert-key, or another part');
  const at = address ?? endpoint.address;
  const isThere = await transaction(pool, async (tx) => {
    const isRotated = await rotateCredential(tx, endpoint, at, async (before): Promise<ReadCredential> => {
      const read = await readCredential(credential, before, Date.now());
      checkAddress(endpoint.channel, at, read.credential);
      return read;
    });
    if (isRotated) await noteDone(tx, who, endpointId, 'credential-rotated');
    return isRotated;
  }).catch((fault: unknown) => {
    if (fault instanceof AlteredText)
      throw anomaly(
        'conflict',
        'the credential does not open: it was changed in the database, or is another Endpoint’s. Remove it, and set one',
      );
    throw fault;
  });
  if (!isThere) throw anomaly('conflict', 'there is no credential for this address: set one');
  return shownEndpoint(pool, endpointId);
}

/** Rotates the credential of an address, or gives the first one there. Throws as those two do. */
export async function giveOrRotate(pool: pg.Pool, who: Who, asked: ChangeEndpoint): Promise<EndpointShown> {
  const { address, credentials } = await shownEndpoint(pool, asked.endpointId);
  const isThere = credentials.some((each) => each.address === (asked.address ?? address));
  return isThere ? rotateEndpointCredential(pool, who, asked) : setEndpointCredential(pool, who, asked);
}

/** Takes a credential away for good. Throws `not-found`, and `conflict` where there is none. */
export async function removeEndpointCredential(pool: pg.Pool, who: Who, endpointId: string, address?: string): Promise<EndpointShown> {
  const endpoint = await shownEndpoint(pool, endpointId);
  await transaction(pool, async (tx) => {
    if (!(await removeCredential(tx, endpointId, address ?? endpoint.address)))
      throw anomaly('conflict', 'there is no credential for this address');
    await noteDone(tx, who, endpointId, 'credential-removed');
  });
  return shownEndpoint(pool, endpointId);
}

/**
 * Moves an Endpoint to another address, as a write of the operator's: under its locks, with a version of its own, and a fan-out. What lies at the old
 * address is recalled first, by the credential of there, which is kept until nothing is left. Throws `incorrect`, `conflict` and `not-found`, and changes nothing then.
 */
export async function moveEndpoint(
  pool: pg.Pool,
  write: DoWrite,
  who: Who,
  { endpointId, address, credential }: ChangeEndpoint,
  withoutCredential: boolean,
): Promise<EndpointShown> {
  const endpoint = await shownEndpoint(pool, endpointId);
  if (address === undefined) throw anomaly('incorrect', 'is missing', 'address');
  if (address === endpoint.address) throw anomaly('conflict', 'the Endpoint has this address already', null);
  checkAddress(endpoint.channel, address, null);
  const stored = await readResource(pool, 'Endpoint', endpointId);
  if (stored === null) throw anomaly('not-found', `there is no Endpoint ${endpointId}`);
  const isGiven = saysCredential(credential);
  const has = (at: string): boolean => endpoint.credentials.some((each) => each.address === at);
  if (isGiven) await set(pool, endpoint, address, credential);
  else if (has(endpoint.address) && !has(address) && !withoutCredential)
    throw anomaly('incorrect', 'needs a credential of its own: give one here, set one first, or say no-credential', 'address');
  try {
    await write({
      principal: { organization: who.organization, kind: 'operator', scopes: ['system/Endpoint.cruds'], user: who.user },
      resource: { ...(stored.body as Endpoint), address },
      id: endpointId,
      ifMatch: stored.version,
    });
  } catch (fault) {
    // What was given for an address that it did not get is not kept.
    if (isGiven) await removeCredential(pool, endpointId, address);
    throw fault;
  }
  await noteDone(pool, who, endpointId, 'moved');
  return shownEndpoint(pool, endpointId);
}
