import type { Endpoint } from '@medplum/fhirtypes';
import type pg from 'pg';
import type { Config } from './config.ts';
import { type CredentialOptions, type ReadCredential, readCredential } from './endpoint-credential.ts';
import { Anomaly } from './model/anomaly.ts';
import { CannotStart } from './model/cannot-start.ts';
import type { Credential } from './model/credential.ts';
import {
  credentialsOf,
  type EndpointNow,
  findEndpoint,
  giveCredential,
  removeCredential,
  rotateCredential,
  type ShownCredential,
} from './store/credentials.ts';
import { AlteredText } from './store/keys/sealed-text.ts';
import { readResource } from './store/resources.ts';
import { openWrite } from './store/write.ts';

/** What the command line says, by the names of its options. */
export interface EndpointOptions extends CredentialOptions {
  readonly address?: string | undefined;
  readonly 'no-credential'?: boolean | undefined;
}

const refuse = (why: string): never => {
  throw new CannotStart(why);
};

const STANDING: Readonly<Record<ShownCredential['standing'], string>> = {
  prepared: 'prepared: used once the Endpoint has this address',
  'in-use': 'in use',
  left: 'left: for recalls, until nothing lies at this address',
};

const shownOf = async (pool: pg.Pool, { id }: EndpointNow): Promise<object> => {
  const now = (await findEndpoint(pool, id)) ?? refuse(`there is no Endpoint ${id} to which messages go`);
  return {
    endpoint: id,
    service: now.recipientId,
    address: now.address,
    credentials: (await credentialsOf(pool, id)).map(({ address, standing, version, since, shown }) => ({
      address,
      standing: STANDING[standing],
      version,
      since: since.toISOString(),
      ...shown,
    })),
  };
};

/** Whether an address can be one of that channel, and a credential be used there. */
const checkAddress = (channel: string, address: string, credential: Credential | null): void => {
  const scheme = /^([a-z]+):\/\/[^\s@]+$/.exec(address)?.[1] ?? refuse('the address is no URL, or holds a name and password');
  const fits = channel === 'hl7v2-mllp' ? /^mllps?$/ : /^https?$/;
  if (!fits.test(scheme)) refuse(`the address must begin with ${channel === 'hl7v2-mllp' ? 'mllps:' : 'https:'}`);
  if (credential === null) return;
  const { signedJwt, certificate, ca } = credential;
  if (signedJwt !== null && channel === 'hl7v2-mllp') refuse('a token goes over HTTP: MLLP has no place for one');
  if ((certificate !== null || ca !== null) && !/s$/.test(scheme))
    refuse('certificates are shown over TLS: the address must be https: or mllps:');
};

const hasAny = (options: EndpointOptions): boolean =>
  Object.entries(options).some(([name, value]) => value !== undefined && name !== 'address' && name !== 'no-credential');

const set = async (pool: pg.Pool, endpoint: EndpointNow, address: string, options: EndpointOptions): Promise<void> => {
  const { credential, shown } = await readCredential(options, null, Date.now());
  checkAddress(endpoint.channel, address, credential);
  if (!(await giveCredential(pool, endpoint, address, credential, shown)))
    refuse('there is a credential for this address already: rotate it, or remove it');
};

const rotate = async (pool: pg.Pool, endpoint: EndpointNow, address: string, options: EndpointOptions): Promise<void> => {
  if (!hasAny(options)) refuse('say what is to change: --key and --kid, --cert and --cert-key, or another part');
  const isThere = await rotateCredential(pool, endpoint, address, async (before): Promise<ReadCredential> => {
    const read = await readCredential(options, before, Date.now());
    checkAddress(endpoint.channel, address, read.credential);
    return read;
  }).catch((fault: unknown) => {
    if (fault instanceof AlteredText)
      refuse('the credential does not open: it was changed in the database, or is another Endpoint’s. Remove it, and set one');
    throw fault;
  });
  if (!isThere) refuse('there is no credential for this address: set one');
};

/** Gives the Endpoint its new address, as a write of the operator's: under its locks, with a version of its own, and a fan-out. */
const writeAddress = async (pool: pg.Pool, config: Config, id: string, address: string): Promise<void> => {
  const stored = (await readResource(pool, 'Endpoint', id)) ?? refuse(`there is no Endpoint ${id}`);
  // The running broker finds the fan-out by its sweep.
  const write = openWrite(pool, { messageLifetime: config.messageLifetimeMs, changed: () => {} });
  await write({
    principal: { organization: config.operatorOds, kind: 'operator', scopes: ['system/Endpoint.cruds'], user: null },
    resource: { ...(stored.body as Endpoint), address },
    id,
    ifMatch: stored.version,
  }).catch((fault: unknown) => {
    if (fault instanceof Anomaly) refuse(`the Endpoint was not moved: ${fault.message}`);
    throw fault;
  });
};

const move = async (pool: pg.Pool, config: Config, endpoint: EndpointNow, options: EndpointOptions): Promise<void> => {
  const address = options.address ?? refuse('--address is missing');
  if (address === endpoint.address) refuse('the Endpoint has this address already');
  checkAddress(endpoint.channel, address, null);
  const given = await credentialsOf(pool, endpoint.id);
  const isPrepared = given.some((each) => each.address === address);
  const hasOne = given.some((each) => each.address === endpoint.address);
  if (hasAny(options)) await set(pool, endpoint, address, options);
  else if (hasOne && !isPrepared && options['no-credential'] !== true)
    refuse('the new address needs a credential of its own: give one here, set one first, or say --no-credential');
  try {
    await writeAddress(pool, config, endpoint.id, address);
  } catch (fault) {
    // What was given for an address that it did not get is not kept.
    if (hasAny(options)) await removeCredential(pool, endpoint.id, address);
    throw fault;
  }
};

/**
 * `endpoint credential set | show | rotate | remove` and `endpoint move`: what is printed, as JSON without any secret. Throws CannotStart with one line
 * why not, which says nothing of what a file holds.
 */
export const endpointCommand = async (
  pool: pg.Pool,
  config: Config,
  name: string,
  id: string,
  options: EndpointOptions,
): Promise<object> => {
  const endpoint = (await findEndpoint(pool, id)) ?? refuse(`there is no Endpoint ${id} to which messages go`);
  const address = options.address ?? endpoint.address;
  switch (name) {
    case 'endpoint credential set':
      await set(pool, endpoint, address, options);
      break;
    case 'endpoint credential rotate':
      await rotate(pool, endpoint, address, options);
      break;
    case 'endpoint credential remove':
      if (!(await removeCredential(pool, id, address))) refuse('there is no credential for this address');
      break;
    case 'endpoint move':
      await move(pool, config, endpoint, options);
      break;
    default: // endpoint credential show
  }
  return shownOf(pool, endpoint);
};
